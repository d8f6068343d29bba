// The protocols of systemd: what a service manager says to a program in its environment, and what
// the program says to it (sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3)).
//
// This file must never read the environment or a clock: the caller passes what getenv(3) returns.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

// The descriptor of the first socket that is passed to a program.
inline constexpr int kFirstPassedSocket = 3;

// How many sockets were passed to the process `self`; 0 when there are none, or they are for
// another process. None: `listen_fds` is no number of sockets.
[[nodiscard]] std::optional<int> passed_sockets(const char* listen_pid, const char* listen_fds,
                                                pid_t self);

// How often to tell the service manager that the process `self` is alive: twice as often as it
// demands. None: it does not ask this process.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_period(const char* watchdog_usec,
                                                                       const char* watchdog_pid,
                                                                       pid_t self);

// What to send. `monotonic`: the time by CLOCK_MONOTONIC.
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

}  // namespace chatd
