// What a service manager says to a program in its environment, and what it is told: the protocols
// of systemd (sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3)). Pure: the caller reads the
// environment, as getenv(3) has it, and the clock.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

// The sockets passed to a program begin here.
inline constexpr int kFirstPassedSocket = 3;

// How many sockets were passed to the process `self`; 0: none, or to another one. Nothing: that is
// no number of sockets.
[[nodiscard]] std::optional<int> passed_sockets(const char* listen_pid, const char* listen_fds,
                                                pid_t self);

// How often the service manager wants to hear that the process `self` is alive: twice as often as
// it has to. Nothing: it does not ask.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_period(const char* watchdog_usec,
                                                                       const char* watchdog_pid,
                                                                       pid_t self);

[[nodiscard]] std::string ready_notice(std::string_view status);
[[nodiscard]] std::string reloading_notice(std::chrono::microseconds monotonic);
[[nodiscard]] std::string status_notice(std::string_view status);
inline constexpr std::string_view kStoppingNotice = "STOPPING=1";
inline constexpr std::string_view kWatchdogNotice = "WATCHDOG=1";

}  // namespace chatd
