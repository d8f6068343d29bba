// The service manager, if there is one (systemd(1)): sockets that it passes to chatd, and notices
// that chatd sends to it (sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3)).
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "sys/clock.h"
#include "sys/net.h"

namespace chatd {

// --- The protocol. These functions read no environment: the caller passes what getenv(3) returns.

inline constexpr int kFirstPassedSocket = 3;  // descriptor of the first socket

// The number of sockets passed to the process `self`; 0 when there are none, or they are for
// another process. None: `listen_fds` is no number of sockets.
[[nodiscard]] std::optional<int> passed_sockets(const char* listen_pid, const char* listen_fds,
                                                pid_t self);

// The time between two notices that the process `self` is alive: half of what the service manager
// demands. None: it demands no such notices.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_period(const char* watchdog_usec,
                                                                       const char* watchdog_pid,
                                                                       pid_t self);

// The notices to send. `monotonic`: the time by CLOCK_MONOTONIC.
[[nodiscard]] inline std::string status_notice(std::string_view status) {
    return "STATUS=" + std::string(status);
}
[[nodiscard]] inline std::string ready_notice(std::string_view status) {
    return "READY=1\n" + status_notice(status);
}
[[nodiscard]] inline std::string reloading_notice(std::chrono::microseconds monotonic) {
    return "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic.count());
}
inline constexpr std::string_view kStoppingNotice = "STOPPING=1";
inline constexpr std::string_view kWatchdogNotice = "WATCHDOG=1";

// --- The service manager of this process

// The listening sockets that were passed to this process; empty when there are none. Afterwards the
// environment no longer names them, so that no child takes them for its own. Throws SetupError when
// one of them is not a listening TCP socket.
[[nodiscard]] std::vector<Listener> take_passed_listeners();

// Sends notices to the service manager, if it asked for them in the environment. Never waits, and a
// notice that is not delivered makes no difference. The environment stays as it is, because the
// next program reads it after an upgrade.
class ServiceManager {
  public:
    ServiceManager();
    // `status`: what the service manager shows to people, "2 clients, 1 member".
    void ready(std::string_view status, Moment now);
    void reloading(Moment now);  // lasts until ready() or stopping()
    void stopping();             // the server shuts down
    [[nodiscard]] bool is_reloading() const { return reloading_; }

    // Is kStatusPause over since the last status? show_status() sends one that has changed.
    [[nodiscard]] bool wants_status(Moment now) const;
    void show_status(std::string_view status, Moment now);

    // The time for turn() to tell the watchdog that this process lives; none: there is no watchdog.
    [[nodiscard]] Deadline wake_at() const { return alive_at_; }
    void turn(Moment now);

  private:
    void notify(const std::string& notice) const;

    UniqueFd socket_;  // invalid: nobody asked for notices
    sockaddr_un address_{};
    socklen_t address_bytes_ = 0;
    bool reloading_ = false;
    std::string status_;
    Moment status_at_{};
    std::optional<std::chrono::microseconds> alive_every_;
    Deadline alive_at_;
};

}  // namespace chatd
