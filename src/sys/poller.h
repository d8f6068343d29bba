// Waits for many descriptors (epoll(7)), each known by a number of the caller's.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sys/fd.h"

namespace chatd {

class Poller {
  public:
    Poller();

    // Level-triggered; events is EPOLLIN, EPOLLOUT, both or 0. False: no memory for one more.
    [[nodiscard]] bool add(int fd, std::uint32_t events, std::uint64_t id);
    void change(int fd, std::uint32_t events, std::uint64_t id);
    void remove(int fd);

    // What is ready, valid until the next call; nothing when the time is over or a signal came. No
    // timeout: waits for ever.
    std::span<const epoll_event> wait(std::optional<std::chrono::nanoseconds> timeout);

  private:
    UniqueFd fd_;
    std::vector<epoll_event> ready_;
};

}  // namespace chatd
