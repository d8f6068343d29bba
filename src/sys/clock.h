// The clocks, which pure code never reads (base/time.h).
#pragma once

#include <unistd.h>

#include <ctime>
#include <string>

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

// What this clock shows. Only for clocks of this process or of all (clock_gettime(2)), which
// cannot fail.
[[nodiscard]] inline Duration time_of(clockid_t clock) {
    timespec time{};
    (void)::clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// The time for which a processor has worked for this process.
[[nodiscard]] inline Duration processor_time() {
    return time_of(CLOCK_PROCESS_CPUTIME_ID);
}

// The time since the machine was started, also while it slept.
[[nodiscard]] inline Duration uptime() {
    return time_of(CLOCK_BOOTTIME);
}

// The time as system calls take it. A negative time becomes zero.
[[nodiscard]] inline timespec timespec_of(Duration time) {
    time = std::max(time, Duration::zero());
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(time);
    return {whole.count(), (time - whole).count()};
}

// Seconds by which local time is ahead of UTC at `time_s` (seconds since 1970). tzset(3) must have
// run before, because a worker may not open the file of the time zone.
[[nodiscard]] inline std::int64_t utc_offset_s(std::int64_t time_s) {
    const std::time_t time = time_s;
    std::tm local{};
    return ::localtime_r(&time, &local) == nullptr ? 0 : local.tm_gmtoff;
}

// The file of the time zone that TZ or /etc/localtime names, when it cannot be read; empty: all is
// well. Without it local time is UTC, and tzset(3) does not say so.
[[nodiscard]] std::string missing_time_zone();

// SIGALRM will come once, after `time` (alarm(2)); any earlier alarm is dropped.
inline void set_alarm(std::chrono::seconds time) {
    (void)::alarm(static_cast<unsigned>(time.count()));  // returns what was left of another one
}

}  // namespace chatd
