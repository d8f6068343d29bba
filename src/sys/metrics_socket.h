// Where the operator's programs read the metrics: an AF_UNIX socket at a path of the operator's
// choice. Whoever connects is sent one text and the end; nothing that a reader sends is ever read.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/bounds.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/user.h"

namespace chatd {

// The file is gone when this is destroyed by the process that made it, if that may still remove it.
class MetricsSocket {
  public:
    // A socket file that nobody listens on is a dead server's and is replaced; the new one belongs
    // to whom this process is to become. Throws SetupError; nothing on the disk has changed then.
    explicit MetricsSocket(const std::string& path, const std::optional<User>& becomes = {});

    // One that another program of this process had before.
    MetricsSocket(UniqueFd fd, UniqueFd directory, std::string name);
    ~MetricsSocket();

    MetricsSocket(const MetricsSocket&) = delete;
    MetricsSocket& operator=(const MetricsSocket&) = delete;

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] int directory() const { return directory_.get(); }
    [[nodiscard]] const std::string& name() const { return name_; }

    // --- One turn of the parent's loop

    // What to wait for: somebody who connects; one who had the text and closes.
    static constexpr std::size_t kPolls = 1 + kMetricsReadersMax;
    [[nodiscard]] std::array<pollfd, kPolls> polls() const;
    [[nodiscard]] Deadline wake_at() const { return rest_until_; }

    // What poll(2) made of them. `text` is asked for when somebody wants it. False: there was no
    // room for it.
    [[nodiscard]] bool turn(std::span<const pollfd> polled,
                            const std::function<std::string()>& text);

  private:
    [[nodiscard]] static bool answer(int reader, const std::string& text);

    UniqueFd fd_;
    UniqueFd directory_;
    std::string name_;
    pid_t owner_;
    std::array<UniqueFd, kMetricsReadersMax> readers_;
    std::size_t next_ = 0;  // of the readers: whose place is taken next
    Deadline rest_until_;
};

}  // namespace chatd
