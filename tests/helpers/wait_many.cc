// Measures what it costs to wait for many descriptors of which one is ready, with select(2),
// poll(2) and epoll(7); and shows level and edge triggering (epoll(7), "Level-triggered and
// edge-triggered").
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kDescriptorsOfOurs = 16;  // that are open beside the measured ones

[[noreturn]] void die(const char* what) {
    std::perror(what);
    ::_exit(1);
}

// Calls it again and again for 20 ms, and prints the microseconds of a call. One descriptor is
// ready, so a call returns 1 at once.
void measure(const std::function<int()>& wait) {
    long calls = 0;
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::milliseconds(20);
    while (Clock::now() < end) {
        if (wait() != 1) die("wait");
        ++calls;
    }
    const std::chrono::duration<double, std::micro> took = Clock::now() - begin;
    std::printf(" %10.2f", took.count() / static_cast<double>(calls));
}

void measure_select(const std::vector<int>& fds) {
    if (fds.back() >= FD_SETSIZE) return (void)std::printf(" %10s", "-");
    measure([&] {
        fd_set set;
        FD_ZERO(&set);
        for (const int fd : fds) FD_SET(fd, &set);
        return ::select(fds.back() + 1, &set, nullptr, nullptr, nullptr);
    });
}

void measure_poll(const std::vector<int>& fds) {
    std::vector<pollfd> polls;
    polls.reserve(fds.size());
    for (const int fd : fds) polls.push_back({fd, POLLIN, 0});
    measure([&] { return ::poll(polls.data(), polls.size(), -1); });
}

void add(int epoll, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

void measure_epoll(const std::vector<int>& fds) {
    const int epoll = ::epoll_create1(0);
    for (const int fd : fds) add(epoll, fd, EPOLLIN);
    epoll_event event{};
    measure([&] { return ::epoll_wait(epoll, &event, 1, -1); });
    if (::close(epoll) != 0) die("close");
}

rlim_t descriptors_allowed() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) die("setrlimit");
    return limit.rlim_cur;
}

void measure_all() {
    const rlim_t allowed = descriptors_allowed();
    std::printf("%11s %10s %10s %10s   (us per call)\n", "descriptors", "select", "poll", "epoll");
    std::vector<int> fds;
    for (const std::size_t count : {10U, 100U, 1000U, 10000U}) {
        if (count + kDescriptorsOfOurs > allowed) {
            std::printf("%11zu: ulimit -Hn allows only %llu\n", count,
                        static_cast<unsigned long long>(allowed));
            continue;
        }
        while (fds.size() < count) fds.push_back(::eventfd(fds.empty() ? 1 : 0, EFD_NONBLOCK));
        if (fds.back() < 0) die("eventfd");
        std::printf("%11zu", count);
        measure_select(fds);
        measure_poll(fds);
        measure_epoll(fds);
        std::puts("");
    }
}

// Waits three times, and nobody reads the byte that has come.
void show_trigger(const char* name, std::uint32_t flag) {
    int ends[2];
    const int epoll = ::epoll_create1(0);
    if (::pipe(ends) != 0 || ::write(ends[1], "x", 1) != 1) die("pipe");
    add(epoll, ends[0], EPOLLIN | flag);
    std::printf("%s: epoll_wait returns", name);
    for (int i = 0; i < 3; ++i) {
        epoll_event event{};
        std::printf(" %d", ::epoll_wait(epoll, &event, 1, 0));
    }
    std::puts("");
}

}  // namespace

int main(int argc, char**) {
    if (argc == 1) {
        measure_all();
    } else {
        show_trigger("level", 0);
        show_trigger("edge ", EPOLLET);
    }
    return 0;
}
