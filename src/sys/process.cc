#include "sys/process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/journal.h"

namespace chatd {
namespace {

// The kernel sends the signal to a child whose parent dies from here on; a parent that died before
// shows in getppid(2).
void die_with(pid_t parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) throw system_error("prctl");
    if (::getppid() != parent) ::_exit(static_cast<int>(ExitStatus::System));
}

int run(pid_t parent, const std::function<int()>& child_main) {
    try {
        die_with(parent);
        return child_main();
    } catch (const SetupError& error) {
        (void)write_stderr(std::string("chatd: ") + error.what() + '\n');
        return static_cast<int>(error.status());
    } catch (const std::exception& error) {
        (void)write_stderr(std::string("chatd: ") + error.what() + '\n');
        return static_cast<int>(ExitStatus::System);
    }
}

}  // namespace

pid_t fork_child(const std::function<int()>& child_main) {
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(run(parent, child_main));
    return pid;
}

std::optional<Reaped> reap_child() {
    for (;;) {
        Reaped reaped{};
        reaped.pid = ::waitpid(-1, &reaped.wait_status, WNOHANG);
        if (reaped.pid > 0) return reaped;
        if (reaped.pid == 0 || errno != EINTR) return std::nullopt;
    }
}

std::string describe_end(int wait_status) {
    if (WIFSIGNALED(wait_status)) {
        return "killed by signal " + std::to_string(WTERMSIG(wait_status));
    }
    return "exit status " + std::to_string(WEXITSTATUS(wait_status));
}

void prefer_throughput() {
    const sched_param parameters{};
    (void)::sched_setscheduler(0, SCHED_BATCH, &parameters);  // A wish: without it all still works.
}

void give_way() {
    (void)::sched_yield();  // It cannot fail on Linux.
}

bool has_terminal() {
    const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
    return terminal.valid() || errno != ENXIO;  // tty(4)
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw system_error("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) throw system_error("setrlimit");
    return limit.rlim_cur;
}

}  // namespace chatd
