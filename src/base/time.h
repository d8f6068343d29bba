// One type for a point in time, one for a span, one for a deadline. Pure code never reads a clock:
// the shell that calls it reads the clock and tells it the time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>

namespace chatd {

// A clock that never goes back. Only shells call Clock::now().
using Clock = std::chrono::steady_clock;
using Moment = Clock::time_point;
using Duration = Clock::duration;

// Both clocks, as a shell has read them for pure code.
struct Now {
    Moment moment;
    std::int64_t wall_ms;  // milliseconds since 1970, as people see them; may jump
};

// The moment at which something has to be done. None: never.
using Deadline = std::optional<Moment>;

// The first of these deadlines; none when all of them are none.
[[nodiscard]] inline Deadline earliest(std::initializer_list<Deadline> deadlines) {
    Deadline first;
    for (const Deadline& deadline : deadlines) {
        if (deadline && (!first || *deadline < *first)) first = deadline;
    }
    return first;
}

// Has the deadline come? False when there is no deadline.
[[nodiscard]] inline bool is_due(const Deadline& deadline, Moment now) {
    return deadline && now >= *deadline;
}

// The time to wait for the deadline: zero when it has come; none (for ever) when there is none.
[[nodiscard]] inline std::optional<Duration> time_until(const Deadline& deadline, Moment now) {
    if (!deadline) return std::nullopt;
    return std::max(*deadline - now, Duration::zero());
}

}  // namespace chatd
