// The clocks. The core reads none: its callers tell it the time.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

#include "base/time.h"

namespace chatd {

// Milliseconds since 1970, as people see them; may jump.
[[nodiscard]] inline std::int64_t wall_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// Nanoseconds that never go back.
[[nodiscard]] inline std::uint64_t steady_ns() {
    return static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
}

// For system calls; a time that is over is no time.
[[nodiscard]] timespec timespec_of(std::chrono::nanoseconds time);

// Seconds east of Greenwich at this time. tzset(3) must have run, for reading the zone's file is
// not for a worker to do.
[[nodiscard]] std::int64_t utc_offset_s(std::int64_t time_s);

// SIGALRM comes once after that time: alarm(2).
void set_alarm(std::chrono::seconds time);

}  // namespace chatd
