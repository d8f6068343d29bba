// Children end as they say, die with their parent, and are reaped once.
#include "sys/process.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "protocol/worker_exit.h"
#include "support/expect.h"
#include "support/fd.h"
#include "support/wait.h"
#include "sys/error.h"

using namespace chatd;

TestSuite(process, .timeout = 20);

namespace {

Reaped wait_for_child() {
    siginfo_t info{};
    (void)waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    return reap_child().value_or(Reaped{-1, -1});
}

}  // namespace

Test(process, the_result_of_a_child_is_its_exit_status) {
    const pid_t pid = fork_child("test", [] { return 42; });
    const Reaped reaped = wait_for_child();
    EXPECT_EQ(reaped.pid, pid);
    EXPECT_EQ(describe_wait_status(reaped.wait_status), "exit status 42");
    EXPECT_FALSE(reap_child().has_value());
}

Test(process, a_setup_error_in_a_child_is_its_exit_status) {
    const pid_t pid = fork_child("test", []() -> int {
        (void)close(STDERR_FILENO);
        throw SetupError(ExitStatus::BadDirectory, "no");
    });
    const Reaped reaped = wait_for_child();
    EXPECT_EQ(reaped.pid, pid);
    EXPECT_EQ(describe_wait_status(reaped.wait_status), "exit status 73");
}

Test(process, a_signal_that_ends_a_child_is_in_its_status) {
    const pid_t pid = fork_child("test", [] { return pause(); });
    EXPECT_EQ(kill(pid, SIGKILL), 0);
    EXPECT_EQ(describe_wait_status(wait_for_child().wait_status), "killed by signal 9");
}

Test(process, the_end_of_a_child_can_be_looked_at_before_it_is_reaped) {
    const pid_t pid = fork_child("test", [] { return 42; });
    siginfo_t info{};
    (void)waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    for (int i = 0; i < 2; ++i) {
        const auto seen = child_change(pid, WEXITED | WNOWAIT);
        ASSERT_TRUE(seen.has_value());
        EXPECT_EQ(describe_wait_status(seen->wait_status), "exit status 42");
    }
    EXPECT_EQ(child_change(pid, WEXITED).value_or(ChildChange{}).pid, pid);
    EXPECT_FALSE(child_change(pid, WEXITED).has_value());
    EXPECT_FALSE(child_change(-1, WEXITED).has_value());
}

Test(process, a_child_that_is_stopped_and_continued_is_no_child_that_ends) {
    const pid_t pid = fork_child("test", [] { return pause(); });
    siginfo_t info{};
    const auto next_pause = [&] {
        (void)waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOWAIT);
        return child_change({}, WEXITED | WSTOPPED | WCONTINUED).value_or(ChildChange{});
    };
    EXPECT_EQ(kill(pid, SIGSTOP), 0);
    const ChildChange stopped = next_pause();
    EXPECT_TRUE(stopped.pid == pid && WIFSTOPPED(stopped.wait_status));
    EXPECT_EQ(WSTOPSIG(stopped.wait_status), SIGSTOP);
    EXPECT_FALSE(child_change(pid, WSTOPPED | WCONTINUED).has_value());
    EXPECT_EQ(kill(pid, SIGCONT), 0);
    const ChildChange continued = next_pause();
    EXPECT_TRUE(continued.pid == pid && WIFCONTINUED(continued.wait_status));
    EXPECT_FALSE(reap_child().has_value());
    EXPECT_EQ(kill(pid, SIGKILL), 0);
    EXPECT_EQ(wait_for_child().pid, pid);
}

Test(process, a_child_can_be_nicer_than_its_parent) {
    (void)fork_child("test", [] {
        set_niceness({});
        const int before = getpriority(PRIO_PROCESS, 0);
        set_niceness(before + 3);
        return getpriority(PRIO_PROCESS, 0) - before;
    });
    EXPECT_EQ(describe_wait_status(wait_for_child().wait_status), "exit status 3");
}

Test(process, a_child_dies_with_its_parent) {
    test::Pipe alive = test::make_pipe();
    const pid_t parent = fork_child("test", [&] {
        (void)fork_child("test", [] { return pause(); });
        return pause();
    });
    alive.write.reset();  // only the two have it now
    EXPECT_EQ(kill(parent, SIGKILL), 0);
    EXPECT_TRUE(test::wait_for(alive.read.get(), POLLHUP, test::soon()));
    EXPECT_EQ(wait_for_child().pid, parent);
}

#ifdef __x86_64__
namespace {

std::uint64_t canary() {
    std::uint64_t value = 0;
    __asm__ volatile("movq %%fs:0x28, %0" : "=r"(value));
    return value;
}

std::uint64_t canary_of_a_child() {
    test::Pipe told = test::make_pipe();
    (void)fork_child("test", [&] {
        const std::uint64_t value = canary();
        return write(told.write.get(), &value, sizeof value) == sizeof value ? 0 : 1;
    });
    std::uint64_t value = 0;
    EXPECT_EQ(read(told.read.get(), &value, sizeof value), ssize_t{sizeof value});
    return value;
}

}  // namespace

Test(process, each_child_has_a_stack_canary_of_its_own) {
    const std::uint64_t first = canary_of_a_child();
    const std::uint64_t second = canary_of_a_child();
    EXPECT_TRUE(first != canary() && second != canary() && first != second);
    EXPECT_EQ(first & 0xFF, std::uint64_t{0});
}
#endif

Test(process, the_limit_of_descriptors_is_raised_to_the_hard_one) {
    const std::size_t limit = raise_descriptor_limit();
    EXPECT_EQ(limit, static_cast<std::size_t>(sysconf(_SC_OPEN_MAX)));
}

Test(process, a_process_of_a_new_session_has_no_terminal) {
    const pid_t pid = fork_child("test", [] { return setsid() == -1 ? 2 : int{has_terminal()}; });
    const Reaped reaped = wait_for_child();
    EXPECT_EQ(reaped.pid, pid);
    EXPECT_EQ(describe_wait_status(reaped.wait_status), "exit status 0");
}

// Before, such a server took SIGHUP for the end of its terminal, and shut down.
Test(process, a_lack_of_descriptors_is_no_lack_of_a_terminal) {
    const pid_t pid = fork_child("test", [] {
        constexpr rlimit kNone{0, 0};
        if (setsid() == -1 || setrlimit(RLIMIT_NOFILE, &kNone) != 0) return 2;
        return int{has_terminal()};
    });
    const Reaped reaped = wait_for_child();
    EXPECT_EQ(reaped.pid, pid);
    EXPECT_EQ(describe_wait_status(reaped.wait_status), "exit status 1");
}
