// Waiting in tests: always for an event, never for time, and never past a deadline.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <span>
#include <stdexcept>
#include <string>

namespace chatd::test {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

// Far more than anything takes that is not broken; a failing test ends by this, not by Criterion's
// timeout, which would say nothing of what was waited for.
inline constexpr auto kPatience = std::chrono::seconds(10);

[[nodiscard]] inline Deadline soon() {
    return Clock::now() + kPatience;
}

// poll() until something is ready or the deadline is over; false is over.
bool wait_any(std::span<pollfd> fds, Deadline deadline);

// The same for one descriptor. A deadline in the past asks what is so right now.
bool wait_for(int fd, short events, Deadline deadline);

// "what: reason of errno".
[[nodiscard]] std::runtime_error system_error(const std::string& what, int error);
[[nodiscard]] std::runtime_error system_error(const std::string& what);

}  // namespace chatd::test
