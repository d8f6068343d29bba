// The sandbox, from inside.
#include "sys/sandbox.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>
#include <utility>

#include "base/settings.h"
#include "protocol/worker_exit.h"
#include "support/expect.h"
#include "support/fd.h"
#include "support/reader.h"
#include "support/wait.h"
#include "sys/error.h"
#include "sys/process.h"

using namespace chatd;

TestSuite(sandbox, .timeout = 20);

// Sanitizers make calls of their own, which are on no list.
#define SKIP_WITH_SANITIZERS() \
    if (chatd::kSanitized) cr_skip_test("not with sanitizers: their own calls are on no list")

namespace {

constexpr int kAllWell = 7;
constexpr int kLinkType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

// Returns how a child ends that enters the sandbox and then does this.
std::string end_of(Role role, const std::function<int()>& deed,
                   SandboxMode mode = SandboxMode::On) {
    const pid_t pid = fork_child("test", [&] {
        enter_sandbox({mode}, role);
        return deed();
    });
    int status = 0;
    (void)waitpid(pid, &status, 0);
    return describe_wait_status(status);
}

void tell(int fd) {
    EXPECT_EQ(write(fd, "!", 1), ssize_t{1});
}

const std::string kKilled = "killed by signal " + std::to_string(SIGSYS);

}  // namespace

Test(sandbox, can_be_set_up_here) {
    SKIP_WITH_SANITIZERS();
    try_children({SandboxMode::On});
    EXPECT_EQ(end_of(Role::Worker, [] { return kAllWell; }), "exit status 7");
    EXPECT_EQ(end_of(Role::Broker, [] { return kAllWell; }), "exit status 7");
    EXPECT_EQ(end_of(Role::Lookout, [] { return kAllWell; }), "exit status 7");
}

Test(sandbox, of_each_role_kills_a_process_that_opens_forks_traces_or_signals) {
    SKIP_WITH_SANITIZERS();
    const pid_t sibling = getppid();
    const std::function<int()> deeds[] = {
        [] { return open("/etc/passwd", O_RDONLY); },
        [] { return socket(AF_INET, SOCK_STREAM, 0); },
        [] { return static_cast<int>(fork()); },
        [=] { return kill(sibling, SIGCONT); },
        [=] { return static_cast<int>(ptrace(PTRACE_ATTACH, sibling, nullptr, nullptr)); },
        [] { return execl("/bin/true", "true", nullptr); },
        [] { return prctl(PR_SET_DUMPABLE, 1); },
        [] { return unlink("/tmp/chatd-no-such-file"); },
        [] { return static_cast<int>(syscall(SYS_getppid)); },
    };
    for (const Role role : {Role::Broker, Role::Worker, Role::Lookout}) {
        for (const auto& deed : deeds) EXPECT_EQ(end_of(role, deed), kKilled);
    }
}

// This call is the only one that the filter lets through and that shows Landlock.
Test(sandbox, lets_no_signal_out) {
    SKIP_WITH_SANITIZERS();
    EXPECT_EQ(
        end_of(Role::Broker, [outside = getpid()] { return kill(outside, 0) == -1 ? errno : 0; }),
        "exit status " + std::to_string(EPERM));
}

Test(sandbox, has_limits_that_cannot_be_raised_again) {
    SKIP_WITH_SANITIZERS();
    test::Pipe told = test::make_pipe();
    const pid_t pid = fork_child("test", [&] {
        enter_sandbox({SandboxMode::On}, Role::Worker);
        tell(told.write.get());
        pollfd never{-1, 0, 0};
        return ppoll(&never, 1, nullptr, nullptr);
    });
    test::Reader reader(std::move(told.read), "child");
    (void)reader.bytes(1);
    const auto limit_of = [pid](__rlimit_resource resource) {
        rlimit limit{1, 1};
        (void)prlimit(pid, resource, nullptr, &limit);
        return limit;
    };
    for (const auto resource : {RLIMIT_NPROC, RLIMIT_CORE}) {
        EXPECT_EQ(limit_of(resource).rlim_max, rlim_t{0});
    }
    EXPECT_LT(limit_of(RLIMIT_NOFILE).rlim_max, rlim_t{64});
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, nullptr, 0);
}

Test(sandbox, lets_a_worker_have_two_links_at_a_time) {
    SKIP_WITH_SANITIZERS();
    EXPECT_EQ(end_of(Role::Worker,
                     [] {
                         const int first = socket(AF_UNIX, kLinkType, 0);
                         const int second = socket(AF_UNIX, kLinkType, 0);
                         const int third = socket(AF_UNIX, kLinkType, 0);
                         const int error = errno;
                         (void)close(first);
                         const int again = socket(AF_UNIX, kLinkType, 0);
                         const bool well =
                             second >= 0 && third < 0 && error == EMFILE && again == first;
                         return well ? kAllWell : 1;
                     }),
              "exit status 7");
}

// What of /proc needs the right to trace a process stays closed to it.
Test(sandbox, lets_the_lookout_read_proc_and_no_other_file) {
    SKIP_WITH_SANITIZERS();
    const std::string own = "/proc/" + std::to_string(getpid());
    const std::pair<std::string, int> kFiles[] = {
        {own + "/stat", 0},     {own + "/cmdline", 0}, {"/etc/passwd", EACCES},
        {own + "/mem", EACCES}, {"/dev/null", EACCES}, {own + "/cwd/Makefile", EACCES},
        {own + "/exe", EACCES},
    };
    for (const auto& [path, error] : kFiles) {
        const auto deed = [path = path] {
            const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
            return fd >= 0 ? 0 : errno;
        };
        const std::string end = end_of(Role::Lookout, deed);
        cr_expect(end == "exit status " + std::to_string(error), "%s: %s", path.c_str(),
                  end.c_str());
    }
}

// Stopped in poll(2), a process makes the call restart_syscall when it goes on.
Test(sandbox, lets_a_process_be_stopped_and_go_on) {
    SKIP_WITH_SANITIZERS();
    test::Pipe told = test::make_pipe();
    test::Pipe asked = test::make_pipe();
    const pid_t pid = fork_child("test", [&] {
        enter_sandbox({SandboxMode::On}, Role::Worker);
        tell(told.write.get());
        pollfd question{asked.read.get(), POLLIN, 0};
        return poll(&question, 1, 10'000) == 1 ? kAllWell : 1;
    });
    test::Reader reader(std::move(told.read), "child");
    (void)reader.bytes(1);
    for (int i = 0; i < 20; ++i) {
        int status = 0;
        EXPECT_EQ(kill(pid, SIGSTOP), 0);
        EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
        EXPECT_TRUE(WIFSTOPPED(status));
        EXPECT_EQ(kill(pid, SIGCONT), 0);
        EXPECT_EQ(waitpid(pid, &status, WCONTINUED), pid);
    }
    tell(asked.write.get());
    int status = 0;
    (void)waitpid(pid, &status, 0);
    EXPECT_EQ(describe_wait_status(status), "exit status 7");
}

Test(sandbox, lets_nobody_look_in_unless_that_is_wanted) {
    const auto dumpable_after = [](const Sandbox& sandbox) {
        const pid_t pid = fork_child("test", [=] {
            (void)prctl(PR_SET_DUMPABLE, sandbox.inspect ? 0 : 1);  // as after setuid(2), or not
            seal(sandbox);
            return prctl(PR_GET_DUMPABLE);
        });
        int status = 0;
        (void)waitpid(pid, &status, 0);
        return describe_wait_status(status);
    };
    EXPECT_EQ(dumpable_after({SandboxMode::On, false}), "exit status 0");
    EXPECT_EQ(dumpable_after({SandboxMode::Off, false}), "exit status 1");
    EXPECT_EQ(dumpable_after({SandboxMode::On, true}), "exit status 1");
    EXPECT_EQ(dumpable_after({SandboxMode::Off, true}), "exit status 1");
}

Test(sandbox, of_mode_off_changes_nothing) {
    EXPECT_EQ(end_of(
                  Role::Worker, [] { return open("/dev/null", O_RDONLY) >= 0 ? kAllWell : 1; },
                  SandboxMode::Off),
              "exit status 7");
}
