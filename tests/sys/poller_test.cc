// The poller tells which of many descriptors are ready.
#include "sys/poller.h"

#include <criterion/criterion.h>

#include <chrono>
#include <cstdint>

#include "support/expect.h"
#include "sys/local.h"

using namespace chatd;

TestSuite(poller, .timeout = 20);

namespace {

// A copy, because no reference may point into the struct where the kernel has it packed
// (epoll_event(3type), x86-64).
std::uint64_t number_of(epoll_event event) {
    return event.data.u64;
}

}  // namespace

Test(poller, a_ready_descriptor_is_told_by_its_number) {
    Poller poller;
    const SocketPair quiet = make_socket_pair();
    const SocketPair ready = make_socket_pair();
    ASSERT_TRUE(poller.add(quiet.first.get(), EPOLLIN, 1));
    ASSERT_TRUE(poller.add(ready.first.get(), EPOLLIN, 2));
    EXPECT_EQ(send_some(ready.second.get(), "x").bytes, 1);
    const auto events = poller.wait(std::nullopt);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(number_of(events[0]), 2U);
    EXPECT_EQ(events[0].events, EPOLLIN);
}

Test(poller, interest_can_change_and_end) {
    Poller poller;
    const SocketPair pair = make_socket_pair();
    ASSERT_TRUE(poller.add(pair.first.get(), EPOLLIN, 1));
    EXPECT_EQ(poller.wait(std::chrono::nanoseconds(0)).size(), 0U);
    poller.change(pair.first.get(), EPOLLOUT, 3);
    const auto events = poller.wait(std::nullopt);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(number_of(events[0]), 3U);
    poller.remove(pair.first.get());
    EXPECT_EQ(poller.wait(std::chrono::nanoseconds(0)).size(), 0U);
}

Test(poller, a_negative_timeout_does_not_wait) {
    Poller poller;
    EXPECT_EQ(poller.wait(std::chrono::nanoseconds(-5)).size(), 0U);
    EXPECT_EQ(poller.wait(std::chrono::microseconds(50)).size(), 0U);
}
