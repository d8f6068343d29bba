#include "sys/systemd_protocol.h"

#include <cstdint>
#include <limits>

#include "text/number.h"

namespace chatd {
namespace {

// False also for a pid that is no number.
bool is_for(const char* pid, pid_t self) {
    return parse_number<pid_t>(pid) == self;
}

}  // namespace

std::optional<int> passed_sockets(const char* listen_pid, const char* listen_fds, pid_t self) {
    if (listen_pid == nullptr || listen_fds == nullptr || !is_for(listen_pid, self)) return 0;
    return parse_number<int>(listen_fds, 0, std::numeric_limits<int>::max() - kFirstPassedSocket);
}

std::optional<std::chrono::microseconds> watchdog_period(const char* watchdog_usec,
                                                         const char* watchdog_pid, pid_t self) {
    if (watchdog_usec == nullptr || (watchdog_pid != nullptr && !is_for(watchdog_pid, self))) {
        return std::nullopt;
    }
    // Half of 1 would be a period of 0. 2^52 is more than a lifetime and overflows no clock.
    const auto usec = parse_number<std::int64_t>(watchdog_usec, 2, std::int64_t{1} << 52);
    if (!usec) return std::nullopt;
    return std::chrono::microseconds(*usec / 2);
}

}  // namespace chatd
