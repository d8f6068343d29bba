#include "sys/sandbox.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "base/check.h"
#include "base/trace.h"
#include "protocol/worker_exit.h"
#include "sys/local.h"
#include "sys/process.h"

namespace chatd {
namespace {

SetupError sandbox_error(const std::string& what) {
    const SetupError error = system_error("the sandbox cannot be set up: " + what);
    return {error.status(), error.what() + std::string("; --sandbox=off does without it")};
}

// --- Who may look into this process: ptrace(2), "Ptrace access mode checking"

// After root has become another user, the kernel lets that user look into nothing (prctl(2)). And
// with Yama a tracer has to be an ancestor, unless the process lets in any (PR_SET_PTRACER); each
// process has to say that for itself. Without Yama that fails, and is not needed.
void let_in_own_user() {
    if (::prctl(PR_SET_DUMPABLE, 1) != 0) throw sandbox_error("PR_SET_DUMPABLE");
    (void)::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
}

// --- Limits

// A limit of the operator may be stricter already.
void limit(__rlimit_resource resource, rlim_t most) {
    rlimit both{};
    if (::getrlimit(resource, &both) != 0) throw sandbox_error("getrlimit");
    both.rlim_cur = both.rlim_max = std::min(both.rlim_max, most);
    if (::setrlimit(resource, &both) != 0) throw sandbox_error("setrlimit");
}

// The numbers that the next two new descriptors will have.
LinkFds next_descriptors() {
    const UniqueFd first(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
    const UniqueFd second(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!second.valid()) throw sandbox_error("fcntl");
    return {static_cast<std::size_t>(first.get()), static_cast<std::size_t>(second.get())};
}

bool is_a_file(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

void set_limits(Role role, std::size_t descriptors) {
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_CORE, 0);
    // This limit does not stop the broker: it writes the history by a mapping.
    if (!is_a_file(STDERR_FILENO) && !is_a_file(trace_fd())) limit(RLIMIT_FSIZE, 0);
    if (role != Role::Broker) limit(RLIMIT_DATA, kWorkerDataBytesMax);
    limit(RLIMIT_NOFILE, descriptors);
}

// --- Landlock: landlock(7), Documentation/userspace-api/landlock.rst

// The kernel's struct as of ABI 6; older headers have less.
struct Ruleset {
    std::uint64_t file_system;
    std::uint64_t network;
    std::uint64_t scopes;
};

constexpr std::uint64_t all_below(int bit) {
    return (std::uint64_t{1} << bit) - 1;
}

// Forbids all that this ABI of Landlock can forbid.
Ruleset ruleset_of(long abi) {
    constexpr int kRightsOfAbi1 = 13;
    int rights = kRightsOfAbi1;
    for (const long since : {2, 3, 5}) rights += abi >= since ? 1 : 0;  // refer, truncate, ioctl
    return {all_below(rights),
            abi >= 4 ? all_below(2) : 0,   // TCP: bind, connect
            abi >= 6 ? all_below(2) : 0};  // outside: abstract sockets, signals
}

const char* why_no_landlock(int error) {
    if (error == ENOSYS) return "this kernel has no Landlock";
    if (error == EOPNOTSUPP) return "Landlock is switched off, see lsm= in the boot parameters";
    return "something forbids Landlock, such as the seccomp profile of a container";
}

// An older kernel accepts the longer struct, because what it does not know is zero.
UniqueFd make_ruleset() {
    constexpr unsigned kAskVersion = 1;
    const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
    if (abi < 1) throw sandbox_error(why_no_landlock(errno));
    const Ruleset ruleset = ruleset_of(abi);
    UniqueFd fd(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0)));
    if (!fd.valid()) throw sandbox_error("landlock_create_ruleset");
    return fd;
}

// struct landlock_path_beneath_attr
struct __attribute__((packed)) PathBeneath {
    std::uint64_t rights;
    std::int32_t directory;
};

// The only exception: the lookout may read files below /proc.
void let_read_proc(const UniqueFd& ruleset) {
    constexpr unsigned kPathBeneath = 1;
    constexpr std::uint64_t kReadFile = 1 << 2;
    const UniqueFd proc(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const PathBeneath rule{kReadFile, proc.get()};
    if (::syscall(SYS_landlock_add_rule, ruleset.get(), kPathBeneath, &rule, 0) != 0) {
        throw sandbox_error("landlock_add_rule for /proc");
    }
}

void leave_the_file_system(Role role) {
    const UniqueFd ruleset = make_ruleset();
    if (role == Role::Lookout) let_read_proc(ruleset);
    const long result = ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0);
    if (result != 0) throw sandbox_error("landlock_restrict_self");
}

// --- seccomp(2)

void set_result(ucontext_t& context, int error) {
#if defined(__x86_64__)
    context.uc_mcontext.gregs[REG_RAX] = -error;
#else
    context.uc_mcontext.regs[0] = static_cast<std::uint64_t>(-error);
#endif
}

// Reports a call, in builds that can. The kernel has not made the call: the call fails with ENOSYS,
// and the process goes on.
void report(int, siginfo_t* info, void* context) {
    std::array<char, 16> number{};
    (void)std::to_chars(number.begin(), number.end(), info->si_syscall);
    (void)write_stderr("chatd: not on the list of the sandbox: system call ");
    (void)write_stderr(number.data());
    (void)write_stderr("\n");
    set_result(*static_cast<ucontext_t*>(context), ENOSYS);
}

// Returns the kernel's answer to a call that is not on the list.
std::uint32_t answer_to_others(SandboxMode mode) {
    if (!kSandboxReports || mode != SandboxMode::Report) return SECCOMP_RET_KILL_PROCESS;
    struct sigaction action {};
    action.sa_sigaction = report;
    action.sa_flags = SA_SIGINFO;
    if (::sigaction(SIGSYS, &action, nullptr) != 0) throw sandbox_error("sigaction");
    return SECCOMP_RET_TRAP;
}

void leave_most_of_the_kernel(SandboxMode mode, Role role, const LinkFds& links) {
    std::vector<sock_filter> program =
        filter_program(allowed_calls(role, ::getpid(), links), answer_to_others(mode));
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) throw sandbox_error("seccomp");
}

// --- The trial

// Workers find the broker there, and the broker finds the log.
void expect_proc() {
    if (::access("/proc/self/fd", X_OK) == 0) return;
    throw system_error("chatd needs /proc, mount it: /proc/self/fd");
}

// The child sends the reason why it failed over a socket pair, so that this process can throw it.
void try_in_child(const std::function<void()>& deed) {
    SocketPair ends = make_socket_pair();
    const pid_t child = fork_child("trial", [&] {
        try {
            keep_only({ends.second.get()});
            deed();
        } catch (const SetupError& error) {
            (void)send_some(ends.second.get(), error.what());
        }
        return 0;
    });
    if (child < 0) throw system_error("fork, see ulimit -u");
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    std::array<char, 512> buffer;
    const IoResult said = receive(ends.first.get(), buffer);
    std::string why(buffer.data(), said.bytes);
    if (why.empty() && status != 0) {
        why = "a trial of the sandbox: " + describe_wait_status(status) +
              "; --sandbox=off does without it";
    }
    if (!why.empty()) throw SetupError(ExitStatus::System, why);
}

}  // namespace

void seal(const Sandbox& sandbox) {
    if (sandbox.inspect) let_in_own_user();
    if (sandbox.mode == SandboxMode::Off) return;
    if (!sandbox.inspect && ::prctl(PR_SET_DUMPABLE, 0) != 0)
        throw sandbox_error("PR_SET_DUMPABLE");
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw sandbox_error("PR_SET_NO_NEW_PRIVS");
}

void enter_sandbox(const Sandbox& sandbox, Role role, std::optional<std::size_t> descriptors) {
    seal(sandbox);
    if (sandbox.mode == SandboxMode::Off) return;
    leave_the_file_system(role);
    const LinkFds next = next_descriptors();
    set_limits(role, descriptors.value_or(next[1] + 1));
    leave_most_of_the_kernel(sandbox.mode, role, next);
}

// That user forks them, also for the limit of its processes.
void try_children(const Sandbox& sandbox, std::optional<int> niceness,
                  const std::optional<User>& user) {
    try_in_child([&] {
        give_up_privileges(user);
        expect_proc();
        set_niceness(niceness);
        for (const Role role : {Role::Broker, Role::Worker, Role::Lookout}) {
            try_in_child([=] { enter_sandbox(sandbox, role); });
        }
    });
}

}  // namespace chatd
