#include "sys/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "base/check.h"
#include "base/trace.h"

namespace chatd {
namespace {

// From here on the kernel kills this process when its parent dies; getppid(2) tells if the parent
// died before.
void die_with_parent(pid_t parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) throw system_error("prctl");
    if (::getppid() != parent) ::_exit(static_cast<int>(ExitStatus::System));
}

int run(pid_t parent, const std::function<int()>& child_main) {
    try {
        die_with_parent(parent);
        return child_main();
    } catch (const std::exception& error) {
        (void)write_stderr(std::string("chatd: ") + error.what() + '\n');
        const auto* const setup = dynamic_cast<const SetupError*>(&error);
        return static_cast<int>(setup == nullptr ? ExitStatus::System : setup->status());
    }
}

// Gives the child a stack canary of its own (the value that compilers put below return addresses
// and check before a return). If all workers had the canary of their parent, somebody who makes one
// after the other crash would learn a byte of it from each. No function that is on the stack now
// may return after this. On x86-64 glibc keeps the canary at fs:0x28; on other machines it lies
// where nobody can write, and stays the same.
[[noreturn]] __attribute__((no_stack_protector, noinline)) void run_child(
    pid_t parent, const std::function<int()>& child_main) {
#ifdef __x86_64__
    std::uint64_t canary = 0;
    if (::getrandom(&canary, sizeof canary, 0) != sizeof canary) {
        ::_exit(static_cast<int>(ExitStatus::System));
    }
    canary &= ~std::uint64_t{0xFF};  // as in glibc: a string that overflows ends at this byte
    __asm__ volatile("movq %0, %%fs:0x28" : : "r"(canary) : "memory");
#endif
    const int status = run(parent, child_main);
    CHATD_TRACE("exits with status %d", status);
    ::_exit(status);
}

// The path at which the shell found `argv0`; `argv0` itself when that is unknown.
std::string path_of_program(const std::string& argv0) {
    if (argv0.find('/') != std::string::npos) return argv0;
    const char* const variable = std::getenv("PATH");
    std::string_view rest = variable == nullptr ? "" : variable;
    while (!rest.empty()) {
        const std::string_view found = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(rest.size(), found.size() + 1));
        const std::string path = (found.empty() ? "." : std::string(found)) + '/' + argv0;
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return argv0;
}

// waitid(2) says in two numbers what waitpid(2) says in one.
int wait_status_of(const siginfo_t& info) {
    constexpr int kStopped = 0x7F;
    constexpr int kContinued = 0xFFFF;
    constexpr int kDumped = 0x80;
    switch (info.si_code) {
        case CLD_EXITED: return info.si_status << 8;
        case CLD_STOPPED: return info.si_status << 8 | kStopped;
        case CLD_CONTINUED: return kContinued;
        case CLD_DUMPED: return info.si_status | kDumped;
        default: return info.si_status;
    }
}

const char* in_words(int si_code) {
    switch (si_code) {
        case CLD_EXITED: return "exit status";
        case CLD_STOPPED: return "stopped by signal";
        case CLD_CONTINUED: return "continued by signal";
        default: return "killed by signal";
    }
}

// The limit that allows this niceness: RLIMIT_NICE in setrlimit(2).
rlim_t limit_for(int niceness) {
    return static_cast<rlim_t>(20 - niceness);
}

UniqueFd open_directory(const std::string& directory) {
    return UniqueFd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

pid_t fork_child(const char* role, const std::function<int()>& child_main) {
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) trace_as(role);
    CHATD_TRACE("fork returned %d", pid);
    if (pid == 0) run_child(parent, child_main);
    return pid;
}

std::optional<ChildChange> child_change(std::optional<pid_t> pid, int events) {
    const id_t id = static_cast<id_t>(pid.value_or(0));
    siginfo_t info{};
    if (::waitid(pid ? P_PID : P_ALL, id, &info, events | WNOHANG) != 0) return std::nullopt;
    if (info.si_pid == 0) return std::nullopt;
    CHATD_TRACE("%s %d: %s %d",
                (events & WNOWAIT) == 0 ? "waitid collected" : "waitid saw (WNOWAIT)", info.si_pid,
                in_words(info.si_code), info.si_status);
    return ChildChange{info.si_pid, wait_status_of(info)};
}

std::optional<Reaped> reap_child() {
    return child_change({}, WEXITED);
}

bool try_niceness(std::optional<int> niceness) {
    return !niceness || ::setpriority(PRIO_PROCESS, 0, *niceness) == 0;
}

void set_niceness(std::optional<int> niceness) {
    if (try_niceness(niceness)) return;
    throw system_error("--nice " + std::to_string(*niceness) + " needs ulimit -e " +
                       std::to_string(limit_for(*niceness)) +
                       ", or a start as root with CAP_SYS_RESOURCE");
}

void allow_niceness(std::optional<int> niceness) {
    rlimit limit{};
    if (!niceness || ::getrlimit(RLIMIT_NICE, &limit) != 0) return;
    limit.rlim_cur = std::max(limit.rlim_cur, limit_for(*niceness));
    limit.rlim_max = std::max(limit.rlim_max, limit_for(*niceness));
    (void)::setrlimit(RLIMIT_NICE, &limit);
}

UniqueFd directory_of_program(const char* argv0) {
    const std::string path = path_of_program(argv0);
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? UniqueFd() : open_directory(path.substr(0, slash + 1));
}

UniqueFd open_program(const char* argv0, int directory) {
    const std::string path = path_of_program(argv0);
    UniqueFd program(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!program.valid() && errno == EACCES && directory >= 0) {
        const std::string name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
        program.reset(::openat(directory, name.c_str(), O_PATH | O_CLOEXEC));
    }
    if (!program.valid()) throw system_error(std::string("cannot execute ") + argv0);
    return program;
}

UniqueFd open_own_program() {
    UniqueFd program(::open("/proc/self/exe", O_PATH | O_CLOEXEC));
    if (!program.valid()) throw system_error("/proc/self/exe");
    return program;
}

void execute_program(int program, char** argv) {
    CHATD_TRACE("executes the program anew");
    (void)::execveat(program, "", argv, environ, AT_EMPTY_PATH);
    if (errno != ENOENT) return;
    // It is a script, which its interpreter opens by the descriptor.
    set_inheritable(program, true);
    (void)::execveat(program, "", argv, environ, AT_EMPTY_PATH);
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
