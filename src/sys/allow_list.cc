#include "sys/allow_list.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstddef>

#include "base/check.h"

namespace chatd {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#else
#error "sys/allow_list.cc does not know the system calls of this machine"
#endif

constexpr Condition is(unsigned argument, std::uint32_t value) {
    return {argument, 0xFFFFFFFF, value};
}

// The argument has all of `bits`, and of the other bits at most `free`.
constexpr Condition has(unsigned argument, std::uint32_t bits, std::uint32_t free = 0) {
    return {argument, ~free, bits};
}

// Calls that a worker and the broker both make.
const AllowedCall kCommon[] = {
    {SYS_recvfrom, {}, "receive() from a link or a client"},
    {SYS_sendto, {has(3, 0, MSG_DONTWAIT | MSG_NOSIGNAL)}, "send_some() to one; never to connect"},
    {SYS_shutdown, {}, "the end of a link or of what a client is sent"},
    {SYS_close, {}, "UniqueFd"},
    {SYS_write, {}, "stderr; the worker's wakeup"},
#ifdef SYS_poll
    {SYS_poll, {}, "write_stderr() never blocks"},
#endif
    {SYS_ppoll, {}, "where a worker waits; poll() on machines without poll(2)"},
    {SYS_restart_syscall, {}, "the kernel makes it after SIGSTOP has interrupted a call"},
    {SYS_clock_gettime, {}, "Clock and wall_ms(), where no vDSO has it"},
    {SYS_prctl, {is(0, PR_SET_NAME)}, "the short title"},
    {SYS_brk, {}, "malloc(3)"},
    {SYS_mmap,
     {has(2, 0, PROT_READ | PROT_WRITE), is(3, MAP_PRIVATE | MAP_ANONYMOUS)},
     "malloc(3)"},
    {SYS_munmap, {}, "free(3)"},
    {SYS_mremap, {}, "realloc(3)"},
    {SYS_madvise, {is(2, MADV_DONTNEED)}, "malloc_trim(3), release_free_memory()"},
    {SYS_futex, {has(1, FUTEX_WAKE, FUTEX_PRIVATE_FLAG)}, "pthread_once(3), in the first throw"},
    {SYS_rt_sigreturn, {}, "the end of a signal's handler"},
    {SYS_rt_sigprocmask, {}, "abort(3)"},
    {SYS_getpid, {}, "abort(3)"},
    {SYS_gettid, {}, "abort(3)"},
    {SYS_writev, {}, "the last words of libc before abort(3)"},
    {SYS_exit_group, {}, "the end"},
};

const AllowedCall kOfWorker[] = {
    {SYS_socket,
     {is(0, AF_UNIX), is(1, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)},
     "connect_local(): a link to broker or lookout"},
    {SYS_ioctl, {is(1, FIONREAD)}, "is the broker silent, or this worker slow? unread_bytes()"},
    {SYS_ioctl, {is(1, SIOCOUTQ)}, "has the client got all that was sent? is_all_confirmed()"},
    {SYS_getsockopt, {is(1, IPPROTO_TCP), is(2, TCP_INFO)}, "is the client still there?"},
    {SYS_setsockopt, {is(1, SOL_SOCKET), is(2, SO_LINGER)}, "reset_connection()"},
    {SYS_getrusage, {is(0, RUSAGE_SELF)}, "/ps: its own context switches"},
    {SYS_recvmsg, {is(2, MSG_CMSG_CLOEXEC | MSG_DONTWAIT)}, "the budget of who came by a proxy"},
    {SYS_mmap, {has(2, 0, PROT_READ | PROT_WRITE), is(3, MAP_SHARED)}, "the same"},
#ifdef SYS_alarm
    {SYS_alarm, {}, "set_alarm(): when there is memory to give back"},
#else
    {SYS_setitimer, {}, "set_alarm(): when there is memory to give back"},
#endif
};

const AllowedCall kOfBroker[] = {
    {SYS_epoll_pwait2, {}, "where the broker waits"},
    {SYS_epoll_ctl, {}, "the links that the broker waits for"},
    {SYS_accept4, {}, "a worker's link"},
    {SYS_getsockopt, {is(1, SOL_SOCKET), is(2, SO_PEERCRED)}, "peer_pid(): whose link it is"},
    {SYS_geteuid, {}, "peer_pid(): is it a process of our user?"},
    {SYS_kill, {is(1, 0)}, "is the process of that link still there?"},
    {SYS_sendmsg, {}, "pieces of the log"},
    {SYS_sched_yield, {}, "give_way() before a fan-out"},
    {SYS_fdatasync, {}, "--sync: put_on_disk()"},
};

const AllowedCall kOfLookout[] = {
    {SYS_accept4, {}, "a worker that asks"},
    {SYS_getsockopt, {is(1, SOL_SOCKET), is(2, SO_PEERCRED)}, "peer_pid(): who asks"},
    {SYS_geteuid, {}, "peer_pid(): is it a process of our user?"},
    {SYS_openat, {is(2, O_RDONLY | O_CLOEXEC)}, "a file below /proc; Landlock forbids others"},
    {SYS_read, {}, "such a file"},
};

// Writes the program from front to back.
class Assembler {
  public:
    explicit Assembler(std::uint32_t otherwise) : otherwise_(otherwise) {}

    std::vector<sock_filter> assemble(std::span<const AllowedCall> allowed) {
        load(offsetof(seccomp_data, arch));
        program_[jump(BPF_JEQ, kMachine)].jt = 1;  // over the answer
        answer(otherwise_);
        load(offsetof(seccomp_data, nr));
        add_search(allowed);
        return std::move(program_);
    }

  private:
    void load(std::size_t offset) {
        program_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
    }

    void answer(std::uint32_t action) { program_.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }

    // Adds a test. When the test fails, the program goes on where land() is called for it.
    std::size_t jump(unsigned test, std::uint32_t value) {
        program_.push_back(
            BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), value, 0, 0));
        return program_.size() - 1;
    }

    void land(std::size_t jump) {
        const std::size_t steps = program_.size() - jump - 1;
        CHATD_CHECK(steps <= UINT8_MAX);
        program_[jump].jf = static_cast<std::uint8_t>(steps);
    }

    // A binary search keeps the setup fast, because the kernel runs the program once for every
    // number that there is, to find out which calls are always allowed.
    void add_search(std::span<const AllowedCall> calls) {
        const int middle = calls[calls.size() / 2].number;
        auto split = std::ranges::lower_bound(calls, middle, {}, &AllowedCall::number);
        if (split == calls.begin()) {
            split = std::ranges::upper_bound(calls, middle, {}, &AllowedCall::number);
        }
        if (split == calls.end()) return add_call(calls);
        const auto below = static_cast<std::size_t>(split - calls.begin());
        const std::size_t branch = jump(BPF_JGE, static_cast<std::uint32_t>(split->number));
        add_search(calls.subspan(below));
        land(branch);
        add_search(calls.first(below));
    }

    // `rows`: all of one call.
    void add_call(std::span<const AllowedCall> rows) {
        const std::size_t number = jump(BPF_JEQ, static_cast<std::uint32_t>(rows[0].number));
        for (const AllowedCall& row : rows) add_row(row);
        land(number);
        answer(otherwise_);
    }

    void add_row(const AllowedCall& row) {
        std::vector<std::size_t> tests;
        for (const Condition& condition : row.conditions) {
            if (condition.mask == 0) continue;
            // This loads the lower half, because the machines are little-endian.
            load(offsetof(seccomp_data, args) + condition.argument * sizeof(std::uint64_t));
            program_.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, condition.mask));
            tests.push_back(jump(BPF_JEQ, condition.value));
        }
        answer(SECCOMP_RET_ALLOW);
        for (const std::size_t test : tests) land(test);
    }

    std::vector<sock_filter> program_;
    std::uint32_t otherwise_;
};

std::span<const AllowedCall> own_calls(Role role) {
    switch (role) {
        case Role::Broker: return kOfBroker;
        case Role::Worker: return kOfWorker;
        case Role::Lookout: return kOfLookout;
    }
    return {};
}

}  // namespace

std::vector<AllowedCall> allowed_calls(Role role, pid_t pid, const LinkFds& links) {
    std::vector<AllowedCall> calls(std::begin(kCommon), std::end(kCommon));
    calls.push_back({SYS_tgkill, {is(0, static_cast<std::uint32_t>(pid))}, "abort(3)"});
    const auto own = own_calls(role);
    calls.insert(calls.end(), own.begin(), own.end());
    // The worker may connect only `links`: the client's socket could reach another machine.
    for (const std::size_t link : links) {
        if (role != Role::Worker) break;
        calls.push_back(
            {SYS_connect, {is(0, static_cast<std::uint32_t>(link))}, "connect_local()"});
    }
    std::ranges::stable_sort(calls, {}, &AllowedCall::number);
    return calls;
}

std::vector<sock_filter> filter_program(std::span<const AllowedCall> allowed,
                                        std::uint32_t otherwise) {
    return Assembler(otherwise).assemble(allowed);
}

}  // namespace chatd
