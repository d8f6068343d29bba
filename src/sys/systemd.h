// The service manager, when there is one (systemd(1)): sockets that it passes, and notices to it.
// See sys/systemd_protocol.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/net.h"

namespace chatd {

// The listening sockets that were passed to this process, for it alone: the environment no longer
// tells of them afterwards. None: nobody passed any. Throws SetupError when they are not what we
// can accept clients from.
[[nodiscard]] std::vector<Listener> take_passed_listeners();

// Tells the service manager what it asked to be told, and nothing when it did not. Never waits for
// it, and whether it hears makes no difference. The environment keeps saying where it is: an
// upgrade finds it there.
class ServiceManager {
  public:
    ServiceManager();

    void ready(std::string_view status, Moment now);
    void reloading(Moment now);  // until ready() again
    void stopping();

    [[nodiscard]] bool is_reloading() const { return reloading_; }

    // Would status() be heard now? At most once a second.
    [[nodiscard]] bool wants_status(Moment now) const;
    void show(std::string_view status, Moment now);

    // When it has to hear that we are alive.
    [[nodiscard]] Deadline wake_at() const { return alive_at_; }
    void turn(Moment now);

  private:
    void tell(const std::string& notice) const;

    UniqueFd socket_;  // invalid: nobody wants to hear
    sockaddr_un address_{};
    socklen_t address_bytes_ = 0;
    bool reloading_ = false;
    std::string shown_;
    Moment shown_at_{};
    std::optional<std::chrono::microseconds> alive_every_;
    Deadline alive_at_;
};

}  // namespace chatd
