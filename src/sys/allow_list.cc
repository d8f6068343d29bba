#include "sys/allow_list.h"

#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/sockios.h>

#include <algorithm>
#include <cstddef>

#include "core/check.h"

namespace chatd {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#else
#error "which system calls this machine has, sys/allow_list.cc does not know"
#endif

constexpr std::uint32_t kAllBits = 0xFFFFFFFF;

constexpr Condition is(unsigned argument, std::uint32_t value) {
    return {argument, kAllBits, value};
}

// Has these bits and no others but, perhaps, `free`.
constexpr Condition has(unsigned argument, std::uint32_t bits, std::uint32_t free = 0) {
    return {argument, ~free, bits};
}

constexpr std::uint32_t kReadWrite = PROT_READ | PROT_WRITE;

// What every process of ours does.
const AllowedCall kCommon[] = {
    {SYS_recvfrom, {}, "receive() from a link or a client"},
    {SYS_sendto, {has(3, 0, MSG_DONTWAIT | MSG_NOSIGNAL)}, "send_some() to one; never to connect"},
    {SYS_shutdown, {}, "the end of a link or of what a client is sent"},
    {SYS_close, {}, "UniqueFd"},
    {SYS_write, {}, "stderr; the worker's bell"},
#ifdef SYS_poll
    {SYS_poll, {}, "write_stderr() never blocks"},
#endif
    {SYS_ppoll, {}, "where a worker waits; poll(3) on machines without poll(2)"},
    {SYS_restart_syscall, {}, "the kernel's own, for what SIGSTOP or a debugger interrupts"},
    {SYS_clock_gettime, {}, "Clock and wall_ms(), where no vDSO has it"},
    {SYS_prctl, {is(0, PR_SET_NAME)}, "the short title"},
    {SYS_brk, {}, "malloc(3)"},
    {SYS_mmap, {has(2, 0, kReadWrite), is(3, MAP_PRIVATE | MAP_ANONYMOUS)}, "malloc(3)"},
    {SYS_munmap, {}, "free(3)"},
    {SYS_mremap, {}, "realloc(3)"},
    {SYS_madvise, {is(2, MADV_DONTNEED)}, "malloc_trim(3), release_free_memory()"},
    {SYS_futex, {has(1, FUTEX_WAKE, FUTEX_PRIVATE_FLAG)}, "pthread_once(3), in the first throw"},
    {SYS_rt_sigreturn, {}, "the end of a signal's handler"},
    {SYS_rt_sigprocmask, {}, "abort(3)"},
    {SYS_getpid, {}, "abort(3)"},
    {SYS_gettid, {}, "abort(3)"},
    {SYS_writev, {}, "what libc says before it calls that"},
    {SYS_exit_group, {}, "the end"},
};

const AllowedCall kOfWorker[] = {
    {SYS_socket, {is(0, AF_UNIX)}, "connect_local(): a link to the next broker"},
    {SYS_connect, {}, "the same"},
    {SYS_ioctl, {is(1, FIONREAD)}, "is the broker silent, or is it us? unread_bytes()"},
    {SYS_ioctl, {is(1, SIOCOUTQ)}, "has the client all that it was sent? is_all_confirmed()"},
    {SYS_getsockopt, {is(1, IPPROTO_TCP), is(2, TCP_INFO)}, "is the client still there?"},
    {SYS_setsockopt, {is(1, SOL_SOCKET), is(2, SO_LINGER)}, "reset_connection()"},
#ifdef SYS_alarm
    {SYS_alarm, {}, "set_alarm(): when there is memory to give back"},
#else
    {SYS_setitimer, {}, "set_alarm(): when there is memory to give back"},
#endif
};

const AllowedCall kOfBroker[] = {
    {SYS_epoll_pwait2, {}, "where it waits"},
    {SYS_epoll_ctl, {}, "the links it waits for"},
    {SYS_accept4, {}, "a worker's link"},
    {SYS_getsockopt, {is(1, SOL_SOCKET), is(2, SO_PEERCRED)}, "peer_pid(): whose link it is"},
    {SYS_geteuid, {}, "peer_pid(): is it one of ours?"},
    {SYS_kill, {is(1, 0)}, "is the process of that link still there?"},
    {SYS_sendmsg, {}, "pieces of the log"},
    {SYS_sched_yield, {}, "give_way() before a fan-out"},
    {SYS_fdatasync, {}, "--sync: put_on_disk()"},
};

template <std::size_t count>
void append(std::vector<AllowedCall>& calls, const AllowedCall (&more)[count]) {
    calls.insert(calls.end(), std::begin(more), std::end(more));
}

sock_filter load(std::size_t offset) {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}

sock_filter answer(std::uint32_t action) {
    return BPF_STMT(BPF_RET | BPF_K, action);
}

std::size_t low_half(unsigned argument) {
    return offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t);  // little-endian
}

class Assembler {
  public:
    explicit Assembler(std::uint32_t otherwise) : otherwise_(otherwise) {}

    std::vector<sock_filter> assemble(std::span<const AllowedCall> allowed) {
        program_ = {load(offsetof(seccomp_data, arch)), jump_if(BPF_JEQ, kMachine, 1, 0),
                    answer(otherwise_), load(offsetof(seccomp_data, nr))};
        add_search(allowed);
        return std::move(program_);
    }

  private:
    static sock_filter jump_if(int test, std::uint32_t value, std::size_t then,
                               std::size_t otherwise) {
        CHATD_CHECK(then <= UINT8_MAX && otherwise <= UINT8_MAX);
        return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), value,
                        static_cast<std::uint8_t>(then), static_cast<std::uint8_t>(otherwise));
    }

    // A binary search: the kernel runs the program once for each call there is when it is set up,
    // and a list would take it half as long again.
    void add_search(std::span<const AllowedCall> calls) {
        const AllowedCall& middle = calls[calls.size() / 2];
        const auto begin = std::ranges::lower_bound(calls, middle.number, {}, &AllowedCall::number);
        const auto below = static_cast<std::size_t>(begin - calls.begin());
        if (below == 0) {
            const auto end =
                std::ranges::upper_bound(calls, middle.number, {}, &AllowedCall::number);
            const auto same = static_cast<std::size_t>(end - calls.begin());
            if (same == calls.size()) return add_call(calls);
            return add_branch(calls[same].number, calls.first(same), calls.subspan(same));
        }
        add_branch(middle.number, calls.first(below), calls.subspan(below));
    }

    void add_branch(int from, std::span<const AllowedCall> below,
                    std::span<const AllowedCall> others) {
        const std::size_t branch = program_.size();
        program_.emplace_back();
        add_search(below);
        program_[branch] =
            jump_if(BPF_JGE, static_cast<std::uint32_t>(from), program_.size() - branch - 1, 0);
        add_search(others);
    }

    // All rows of one call.
    void add_call(std::span<const AllowedCall> rows) {
        program_.push_back(jump_if(BPF_JEQ, static_cast<std::uint32_t>(rows[0].number), 1, 0));
        program_.push_back(answer(otherwise_));
        for (const AllowedCall& row : rows) add_row(row);
        if (has_conditions(rows.back())) program_.push_back(answer(otherwise_));
    }

    static bool has_conditions(const AllowedCall& row) { return row.conditions[0].mask != 0; }

    void add_row(const AllowedCall& row) {
        std::size_t left = 1;  // instructions behind the conditions
        for (const Condition& condition : row.conditions) left += condition.mask == 0 ? 0 : 3;
        for (const Condition& condition : row.conditions) {
            if (condition.mask == 0) continue;
            left -= 3;
            program_.push_back(load(low_half(condition.argument)));
            program_.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, condition.mask));
            program_.push_back(jump_if(BPF_JEQ, condition.value, 0, left));
        }
        program_.push_back(answer(SECCOMP_RET_ALLOW));
    }

    std::uint32_t otherwise_;
    std::vector<sock_filter> program_;
};

}  // namespace

std::vector<AllowedCall> allowed_calls(Role role, pid_t pid) {
    std::vector<AllowedCall> calls;
    append(calls, kCommon);
    calls.push_back({SYS_tgkill, {is(0, static_cast<std::uint32_t>(pid))}, "abort(3)"});
    if (role == Role::Worker) append(calls, kOfWorker);
    if (role == Role::Broker) append(calls, kOfBroker);
    std::ranges::stable_sort(calls, {}, &AllowedCall::number);
    return calls;
}

std::vector<sock_filter> filter_program(std::span<const AllowedCall> allowed,
                                        std::uint32_t otherwise) {
    return Assembler(otherwise).assemble(allowed);
}

}  // namespace chatd
