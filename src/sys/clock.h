// The clocks. Pure code reads none of them: its callers pass the time.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

#include "base/time.h"

namespace chatd {

// Milliseconds since 1970, for people to read. This clock may jump.
[[nodiscard]] inline std::int64_t wall_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// Nanoseconds of Clock, which never goes back.
[[nodiscard]] inline std::uint64_t steady_ns() {
    return static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
}

// For system calls. A negative time becomes zero.
[[nodiscard]] timespec timespec_of(std::chrono::nanoseconds time);

// How many seconds local time is ahead of UTC at `time_s` (seconds since 1970). tzset(3) must have
// run before, because a worker may not open the file of the time zone.
[[nodiscard]] std::int64_t utc_offset_s(std::int64_t time_s);

// Has SIGALRM come once after `time` (alarm(2)), instead of any earlier alarm.
void set_alarm(std::chrono::seconds time);

}  // namespace chatd
