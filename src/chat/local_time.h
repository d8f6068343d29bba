// Local time, for people to read. The offset from UTC is asked of whoever made the view, because
// this file must never look into the system's time zones.
#pragma once

#include <cstdint>
#include <string>

namespace chatd {

// Seconds east of Greenwich at a time in seconds since 1970.
using UtcOffset = std::int64_t (*)(std::int64_t time_s);

[[nodiscard]] inline std::string two_digits(std::int64_t number) {
    return std::to_string(100 + number % 100).substr(1);
}

// Seconds since 1970 as a clock on the wall counts them.
[[nodiscard]] inline std::int64_t local_s(std::int64_t time_ms, UtcOffset utc_offset) {
    const std::int64_t utc_s = time_ms / 1000;
    return utc_s + utc_offset(utc_s);
}

// "14:02"
[[nodiscard]] inline std::string local_clock(std::int64_t time_ms, UtcOffset utc_offset) {
    constexpr std::int64_t kDay = 24 * 60 * 60;
    const std::int64_t of_day_s = (local_s(time_ms, utc_offset) % kDay + kDay) % kDay;
    return two_digits(of_day_s / 3600) + ':' + two_digits(of_day_s / 60 % 60);
}

}  // namespace chatd
