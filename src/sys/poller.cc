#include "sys/poller.h"

#include <algorithm>

#include "base/check.h"
#include "sys/clock.h"

namespace chatd {
namespace {

constexpr std::size_t kEventsPerTurn = 1024;

// Rounds up, so that a deadline is due when the wait is over.
int whole_ms(Duration time) {
    constexpr std::int64_t kMost = 60'000;
    const std::int64_t ms = std::chrono::ceil<std::chrono::milliseconds>(time).count();
    return static_cast<int>(std::clamp<std::int64_t>(ms, 0, kMost));
}

bool control(const UniqueFd& poller, int operation, int fd, std::uint32_t events,
             std::uint64_t id) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    return ::epoll_ctl(poller.get(), operation, fd, &event) == 0;
}

}  // namespace

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)), ready_(kEventsPerTurn) {
    if (!fd_.valid()) throw system_error("epoll_create1");
}

bool Poller::add(int fd, std::uint32_t events, std::uint64_t id) {
    return control(fd_, EPOLL_CTL_ADD, fd, events, id);
}

void Poller::change(int fd, std::uint32_t events, std::uint64_t id) {
    CHATD_CHECK(control(fd_, EPOLL_CTL_MOD, fd, events, id));
}

void Poller::remove(int fd) {
    CHATD_CHECK(::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr) == 0);
}

std::span<const epoll_event> Poller::wait(std::optional<Duration> timeout) {
    // Pauses between fan-outs are shorter than a millisecond, the unit of epoll_wait(2).
    const timespec left = timespec_of(timeout.value_or(Duration::zero()));
    const auto room = static_cast<int>(ready_.size());
    int ready = ::epoll_pwait2(fd_.get(), ready_.data(), room, timeout ? &left : nullptr, nullptr);
    if (ready < 0 && errno == ENOSYS) {
        // Linux before 5.11 and valgrind do not know epoll_pwait2(2).
        ready = ::epoll_wait(fd_.get(), ready_.data(), room, timeout ? whole_ms(*timeout) : -1);
    }
    CHATD_CHECK(ready >= 0 || errno == EINTR);
    return {ready_.data(), static_cast<std::size_t>(std::max(ready, 0))};
}

}  // namespace chatd
