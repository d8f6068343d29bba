#include "support/wait.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>

namespace chatd::test {

bool wait_any(std::span<pollfd> fds, Deadline deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        const auto milliseconds = std::clamp<long long>(left.count(), 0, 1'000'000);
        const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(milliseconds));
        if (ready >= 0) return ready > 0;
        if (errno != EINTR) throw system_error("poll");
    }
}

bool wait_for(int fd, short events, Deadline deadline) {
    pollfd one{.fd = fd, .events = events, .revents = 0};
    return wait_any({&one, 1}, deadline);
}

std::runtime_error system_error(const std::string& what, int error) {
    return std::runtime_error(what + ": " + std::generic_category().message(error));
}

std::runtime_error system_error(const std::string& what) {
    return system_error(what, errno);
}

}  // namespace chatd::test
