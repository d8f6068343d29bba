// The poller waits for many descriptors (epoll(7)). The caller gives each of them a number.
#pragma once

#include <sys/epoll.h>

#include <vector>

#include "sys/fd.h"

namespace chatd {

class Poller {
  public:
    Poller();  // throws SetupError

    // `events` (level-triggered) is EPOLLIN, EPOLLOUT, both or 0. False: the kernel has no memory
    // for one more. change() and remove() are for descriptors that were added, and cannot fail.
    [[nodiscard]] bool add(int fd, std::uint32_t events, std::uint64_t id);
    void change(int fd, std::uint32_t events, std::uint64_t id);
    void remove(int fd);

    // The events of descriptors that are ready, valid until the next call: data.u64 is the number
    // of each. Empty when the time is over or a signal came. Without a timeout it waits for ever.
    std::span<const epoll_event> wait(std::optional<Duration> timeout);

  private:
    UniqueFd fd_;
    std::vector<epoll_event> ready_;
};

}  // namespace chatd
