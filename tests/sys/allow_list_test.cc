// The filter programs, run without a kernel.
#include "sys/allow_list.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cstring>
#include <set>
#include <string>

#include "support/expect.h"

using namespace chatd;

TestSuite(allow_list, .timeout = 20);

namespace {

constexpr pid_t kPid = 4711;
constexpr std::size_t kLink = 3;  // to the broker, or the lookout
constexpr std::size_t kClient = 4;
constexpr std::size_t kLink2 = 6;
constexpr std::uint32_t kOtherwise = SECCOMP_RET_KILL_PROCESS;

#ifdef __x86_64__
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#endif

// Runs the program as the kernel would (Documentation/networking/filter.rst). It knows only the
// instructions that our programs use.
std::uint32_t run(const std::vector<sock_filter>& program, const seccomp_data& call) {
    std::uint32_t value = 0;
    for (std::size_t at = 0; at < program.size(); ++at) {
        const sock_filter& step = program[at];
        switch (step.code) {
            case BPF_LD | BPF_W | BPF_ABS:
                std::memcpy(&value, reinterpret_cast<const char*>(&call) + step.k, sizeof value);
                break;
            case BPF_ALU | BPF_AND | BPF_K: value &= step.k; break;
            case BPF_JMP | BPF_JEQ | BPF_K: at += value == step.k ? step.jt : step.jf; break;
            case BPF_JMP | BPF_JGE | BPF_K: at += value >= step.k ? step.jt : step.jf; break;
            case BPF_RET | BPF_K: return step.k;
            default: throw std::runtime_error("unknown instruction");
        }
    }
    throw std::runtime_error("the program has no end");
}

struct Filter {
    explicit Filter(Role role)
        : calls(allowed_calls(role, kPid, {kLink, kLink2})),
          program(filter_program(calls, kOtherwise)) {}

    [[nodiscard]] bool allows(long number, std::array<std::uint64_t, 4> args = {}) const {
        seccomp_data call{};
        call.nr = static_cast<int>(number);
        call.arch = kMachine;
        std::copy(args.begin(), args.end(), call.args);
        return run(program, call) == SECCOMP_RET_ALLOW;
    }

    std::vector<AllowedCall> calls;
    std::vector<sock_filter> program;
};

// Arguments that fulfil the conditions of the row.
std::array<std::uint64_t, 4> fitting(const AllowedCall& row) {
    std::array<std::uint64_t, 4> args{};
    for (const Condition& condition : row.conditions) {
        if (condition.mask != 0) args.at(condition.argument) = condition.value;
    }
    return args;
}

}  // namespace

Test(allow_list, the_filter_allows_what_the_list_has_and_nothing_else) {
    for (const Role role : {Role::Broker, Role::Worker, Role::Lookout}) {
        const Filter filter(role);
        std::set<int> listed;
        for (const AllowedCall& row : filter.calls) {
            listed.insert(row.number);
            cr_expect(filter.allows(row.number, fitting(row)), "%d", row.number);
            cr_expect(row.why != nullptr && *row.why != '\0', "%d", row.number);
        }
        constexpr int kNumbers = 1024;  // more than there are
        for (int number = -1; number < kNumbers; ++number) {
            if (listed.contains(number)) continue;
            cr_expect(filter.allows(number) == false, "%d", number);
        }
    }
}

Test(allow_list, a_call_whose_condition_does_not_hold_is_refused) {
    for (const Role role : {Role::Broker, Role::Worker, Role::Lookout}) {
        const Filter filter(role);
        for (const AllowedCall& row : filter.calls) {
            for (const Condition& condition : row.conditions) {
                if (condition.mask == 0) continue;
                auto args = fitting(row);
                // No row of the same call has a value like this.
                args.at(condition.argument) = 0x5A5A5A5A;
                cr_expect(filter.allows(row.number, args) == false, "%d", row.number);
            }
        }
    }
}

Test(allow_list, calls_that_reach_other_processes_or_files_are_on_no_list) {
    for (const Role role : {Role::Broker, Role::Worker, Role::Lookout}) {
        const Filter filter(role);
        EXPECT_FALSE(role != Role::Lookout && filter.allows(SYS_openat));
        for (const long number : {SYS_execve,       SYS_execveat,     SYS_clone,
                                  SYS_clone3,       SYS_ptrace,       SYS_process_vm_readv,
                                  SYS_pidfd_getfd,  SYS_unlinkat,     SYS_renameat2,
                                  SYS_mprotect,     SYS_setrlimit,    SYS_prlimit64,
                                  SYS_memfd_create, SYS_bpf,          SYS_io_uring_setup,
                                  SYS_bind,         SYS_listen,       SYS_recvmsg,
                                  SYS_tkill,        SYS_rt_sigaction, SYS_setuid}) {
            cr_expect(filter.allows(number) == false, "%ld", number);
        }
#ifdef SYS_open
        EXPECT_FALSE(filter.allows(SYS_open) || filter.allows(SYS_fork) ||
                     filter.allows(SYS_vfork));
#endif
        EXPECT_FALSE(
            filter.allows(SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS}));
        EXPECT_FALSE(filter.allows(SYS_mmap, {0, 4096, PROT_READ, MAP_PRIVATE}));
        EXPECT_FALSE(filter.allows(SYS_prctl, {PR_SET_DUMPABLE, 1}));
        EXPECT_FALSE(filter.allows(SYS_tgkill, {kPid + 1, kPid + 1, 9}));
        EXPECT_TRUE(filter.allows(SYS_tgkill, {kPid, kPid, 6}));
    }
}

Test(allow_list, a_worker_makes_local_sockets_only_and_sends_no_signal) {
    const Filter worker(Role::Worker);
    constexpr int kLinkType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    EXPECT_TRUE(worker.allows(SYS_socket, {AF_UNIX, kLinkType, 0}));
    EXPECT_FALSE(worker.allows(SYS_socket, {AF_UNIX, SOCK_DGRAM, 0}));
    EXPECT_TRUE(worker.allows(SYS_connect, {kLink}));
    EXPECT_TRUE(worker.allows(SYS_connect, {kLink2}));
    EXPECT_FALSE(worker.allows(SYS_connect, {kClient}));
    EXPECT_FALSE(worker.allows(SYS_socket, {AF_INET, SOCK_STREAM, 0}));
    EXPECT_FALSE(worker.allows(SYS_socket, {AF_INET6, SOCK_DGRAM, 0}));
    EXPECT_FALSE(worker.allows(SYS_socket, {AF_NETLINK, SOCK_RAW, 0}));
    EXPECT_FALSE(worker.allows(SYS_kill, {kPid, 0}));
    EXPECT_FALSE(worker.allows(SYS_accept4) || worker.allows(SYS_sendmsg));
    EXPECT_TRUE(worker.allows(SYS_ioctl, {4, FIONREAD}));
    EXPECT_FALSE(worker.allows(SYS_ioctl, {0, TIOCSTI}));
    EXPECT_FALSE(worker.allows(SYS_sendto, {4, 0, 0, MSG_FASTOPEN}));
    EXPECT_TRUE(worker.allows(SYS_sendto, {4, 0, 0, MSG_DONTWAIT | MSG_NOSIGNAL}));
}

Test(allow_list, the_broker_makes_no_sockets_and_only_asks_whether_a_process_is_there) {
    const Filter broker(Role::Broker);
    EXPECT_FALSE(broker.allows(SYS_socket, {AF_UNIX, SOCK_STREAM, 0}) ||
                 broker.allows(SYS_connect));
    EXPECT_TRUE(broker.allows(SYS_kill, {4712, 0}));
    EXPECT_FALSE(broker.allows(SYS_kill, {4712, 9}));
}

Test(allow_list, the_lookout_reads_files_and_makes_no_sockets) {
    const Filter lookout(Role::Lookout);
    constexpr std::uint64_t kProc = 5;
    EXPECT_TRUE(lookout.allows(SYS_openat, {kProc, 0, O_RDONLY | O_CLOEXEC}));
    for (const std::uint64_t flags : {O_RDONLY, O_WRONLY | O_CLOEXEC, O_RDWR | O_CLOEXEC,
                                      O_RDONLY | O_CLOEXEC | O_CREAT, O_PATH | O_CLOEXEC}) {
        EXPECT_FALSE(lookout.allows(SYS_openat, {kProc, 0, flags}));
    }
    EXPECT_FALSE(lookout.allows(SYS_socket, {AF_UNIX, SOCK_STREAM, 0}) ||
                 lookout.allows(SYS_connect) || lookout.allows(SYS_kill, {kPid, 0}) ||
                 lookout.allows(SYS_getdents64) || lookout.allows(SYS_readlinkat));
}

Test(allow_list, calls_made_as_by_another_machine_are_refused) {
    const Filter worker(Role::Worker);
    seccomp_data call{};
    call.nr = SYS_close;
    call.arch = AUDIT_ARCH_I386;
    EXPECT_EQ(run(worker.program, call), kOtherwise);
#ifdef __x86_64__
    constexpr int kX32 = 0x40000000;  // __X32_SYSCALL_BIT
    EXPECT_FALSE(worker.allows(kX32 | SYS_close));
#endif
}
