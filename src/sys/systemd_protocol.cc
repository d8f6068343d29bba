#include "sys/systemd_protocol.h"

#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>

namespace chatd {
namespace {

template <std::integral Number>
std::optional<Number> number_in(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// A pid that is meant for somebody else, or none at all.
bool is_for(const char* pid, pid_t self) {
    return number_in<pid_t>(pid) == self;
}

}  // namespace

std::optional<int> passed_sockets(const char* listen_pid, const char* listen_fds, pid_t self) {
    if (listen_pid == nullptr || listen_fds == nullptr || !is_for(listen_pid, self)) return 0;
    const auto count = number_in<int>(listen_fds);
    constexpr int kMost = std::numeric_limits<int>::max() - kFirstPassedSocket;
    if (!count || *count < 0 || *count > kMost) return std::nullopt;
    return count;
}

std::optional<std::chrono::microseconds> watchdog_period(const char* watchdog_usec,
                                                         const char* watchdog_pid, pid_t self) {
    if (watchdog_usec == nullptr || (watchdog_pid != nullptr && !is_for(watchdog_pid, self))) {
        return std::nullopt;
    }
    const auto microseconds = number_in<std::int64_t>(watchdog_usec);
    // Less than that is no patience at all, and more than a lifetime would overflow clocks.
    constexpr std::int64_t kLeast = 2;
    constexpr std::int64_t kMost = std::int64_t{1} << 52;
    if (!microseconds || *microseconds < kLeast || *microseconds > kMost) return std::nullopt;
    return std::chrono::microseconds(*microseconds / 2);
}

std::string ready_notice(std::string_view status) {
    return "READY=1\n" + status_notice(status);
}

std::string reloading_notice(std::chrono::microseconds monotonic) {
    return "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic.count());
}

std::string status_notice(std::string_view status) {
    return "STATUS=" + std::string(status);
}

}  // namespace chatd
