// Signals are taken where a loop waits, and nowhere else.
#include "sys/signals.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "support/expect.h"
#include "sys/local.h"

using namespace chatd;

TestSuite(signals, .timeout = 20);

Test(signals, a_signal_is_noted_only_when_the_loop_waits) {
    const Signals signals({SIGUSR1, SIGTERM});
    (void)raise(SIGUSR1);
    EXPECT_FALSE(signals.take(SIGUSR1));
    EXPECT_FALSE(signals.wait({}, std::nullopt));
    EXPECT_TRUE(signals.take(SIGUSR1));
    EXPECT_FALSE(signals.take(SIGUSR1));
    EXPECT_FALSE(signals.take(SIGTERM));
}

Test(signals, the_sender_of_a_signal_is_known) {
    const Signals signals({SIGUSR1, SIGALRM});
    (void)kill(getpid(), SIGUSR1);
    EXPECT_FALSE(signals.wait({}, std::nullopt));
    EXPECT_EQ(signals.sender(SIGUSR1), getpid());
    (void)alarm(1);  // The kernel sends it.
    EXPECT_FALSE(signals.wait({}, std::nullopt));
    EXPECT_TRUE(signals.take(SIGALRM));
    EXPECT_EQ(signals.sender(SIGALRM), 0);
}

Test(signals, a_child_can_forget_the_signals_of_its_parent) {
    const Signals signals({SIGUSR1});
    (void)raise(SIGUSR1);
    EXPECT_FALSE(signals.wait({}, std::nullopt));
    signals.forget();
    EXPECT_FALSE(signals.take(SIGUSR1));
}

Test(signals, timers_that_were_set_before_are_stopped) {
    for (const auto timer : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
        const itimerval soon{.it_interval = {}, .it_value = {.tv_sec = 1000, .tv_usec = 0}};
        ASSERT_EQ(setitimer(timer, &soon, nullptr), 0);
    }
    const Signals signals({SIGALRM});
    for (const auto timer : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
        itimerval left{};
        ASSERT_EQ(getitimer(timer, &left), 0);
        EXPECT_EQ(left.it_value.tv_sec, 0);
    }
}

Test(signals, a_signal_that_was_blocked_at_the_start_is_delivered) {
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &blocked, nullptr);
    const Signals signals({SIGUSR1});
    (void)raise(SIGUSR1);
    EXPECT_FALSE(signals.wait({}, std::nullopt));
    EXPECT_TRUE(signals.take(SIGUSR1));
}

Test(signals, what_the_kernel_sends_at_a_limit_ends_nothing) {
    const Signals signals({SIGUSR1});
    const UniqueFd file(memfd_create("test", MFD_CLOEXEC));
    const rlimit limit{8, 8};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    EXPECT_EQ(write(file.get(), "12345678", 8), 8);
    EXPECT_EQ(write(file.get(), "9", 1), -1);
    EXPECT_EQ(errno, EFBIG);
    (void)raise(SIGXCPU);
}

Test(signals, a_ready_descriptor_ends_the_wait) {
    const Signals signals({SIGUSR1});
    const SocketPair pair = make_socket_pair();
    EXPECT_EQ(send_some(pair.first.get(), "x").bytes, 1);
    std::array<pollfd, 1> fds = {pollfd{pair.second.get(), POLLIN, 0}};
    EXPECT_TRUE(signals.wait(fds, std::nullopt));
    EXPECT_EQ(fds[0].revents, POLLIN);
}

Test(signals, a_signal_is_delivered_though_a_descriptor_is_always_ready) {
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

Test(signals, deliver_pending_delivers_a_pending_signal) {
    const Signals signals({SIGUSR1});
    (void)raise(SIGUSR1);
    EXPECT_FALSE(signals.take(SIGUSR1));
    signals.deliver_pending();
    EXPECT_TRUE(signals.take(SIGUSR1));
}
