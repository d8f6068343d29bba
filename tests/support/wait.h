// Waiting in tests: always for an event, never for a span of time, and never past a deadline.
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

// Much longer than anything takes that is not broken. It is shorter than Criterion's timeout, which
// would not say what the test has waited for.
inline constexpr auto kPatience = std::chrono::seconds(10);

[[nodiscard]] inline Deadline soon() {
    return Clock::now() + kPatience;
}

// poll(2) until something is ready or the deadline has passed. Returns false when it has passed.
// With a deadline in the past it asks what is ready now.
bool wait_any(std::span<pollfd> fds, Deadline deadline);

// The same for one descriptor.
bool wait_for(int fd, short events, Deadline deadline);

// The exception that a helper throws when a system call fails: "what: reason of errno".
[[nodiscard]] std::runtime_error system_error(const std::string& what, int error);
[[nodiscard]] std::runtime_error system_error(const std::string& what);

}  // namespace chatd::test
