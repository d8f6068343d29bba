// Signals are taken where a loop waits, and nowhere else.
#include "sys/signals.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "support/expect.h"
#include "sys/local.h"

using namespace chatd;

TestSuite(signals, .timeout = 20);

Test(signals, one_that_comes_waits_until_the_loop_waits) {
    const Signals signals({SIGUSR1, SIGTERM});
    (void)raise(SIGUSR1);
    EXPECT_FALSE(signals.take(SIGUSR1));
    EXPECT_FALSE(signals.wait({}, std::nullopt));
    EXPECT_TRUE(signals.take(SIGUSR1));
    EXPECT_FALSE(signals.take(SIGUSR1));
    EXPECT_FALSE(signals.take(SIGTERM));
}

Test(signals, what_was_meant_for_the_parent_can_be_forgotten) {
    const Signals signals({SIGUSR1});
    (void)raise(SIGUSR1);
    EXPECT_FALSE(signals.wait({}, std::nullopt));
    signals.forget();
    EXPECT_FALSE(signals.take(SIGUSR1));
}

Test(signals, one_that_was_blocked_at_the_start_comes_in_all_the_same) {
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &blocked, nullptr);
    const Signals signals({SIGUSR1});
    (void)raise(SIGUSR1);
    EXPECT_FALSE(signals.wait({}, std::nullopt));
    EXPECT_TRUE(signals.take(SIGUSR1));
}

Test(signals, a_ready_descriptor_ends_the_wait) {
    const Signals signals({SIGUSR1});
    const SocketPair pair = make_socket_pair();
    EXPECT_EQ(send_some(pair.first.get(), "x").bytes, 1);
    std::array<pollfd, 1> fds = {pollfd{pair.second.get(), POLLIN, 0}};
    EXPECT_TRUE(signals.wait(fds, std::nullopt));
    EXPECT_EQ(fds[0].revents, POLLIN);
}

Test(signals, one_comes_in_though_something_is_always_ready) {
    const Signals signals({SIGUSR1});
    const SocketPair pair = make_socket_pair();
    EXPECT_EQ(send_some(pair.first.get(), "x").bytes, 1);
    (void)raise(SIGUSR1);
    std::array<pollfd, 1> fds = {pollfd{pair.second.get(), POLLIN, 0}};
    bool came = false;
    for (int turn = 0; turn < 100 && !came; ++turn) {
        (void)signals.wait(fds, std::nullopt);
        came = signals.take(SIGUSR1);
    }
    EXPECT_TRUE(came);
}

Test(signals, a_wait_without_time_looks_once) {
    const Signals signals({SIGUSR1});
    EXPECT_FALSE(signals.wait({}, std::chrono::nanoseconds(0)));
    EXPECT_FALSE(signals.wait({}, std::chrono::seconds(-1)));
}

Test(signals, one_comes_in_when_pending_ones_are_delivered) {
    const Signals signals({SIGUSR1});
    (void)raise(SIGUSR1);
    EXPECT_FALSE(signals.take(SIGUSR1));
    signals.deliver_pending();
    EXPECT_TRUE(signals.take(SIGUSR1));
}
