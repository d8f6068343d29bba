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

constexpr std::uint32_t kAllBits = 0xFFFFFFFF;

constexpr Condition is(unsigned argument, std::uint32_t value) {
    return {argument, kAllBits, value};
}

// The argument has all of `bits`, and of the other bits at most `free`.
constexpr Condition has(unsigned argument, std::uint32_t bits, std::uint32_t free = 0) {
    return {argument, ~free, bits};
}

constexpr std::uint32_t kReadWrite = PROT_READ | PROT_WRITE;

// What a worker and the broker both do.
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
    {SYS_restart_syscall,
     {},
     "the kernel makes it after SIGSTOP or a debugger has interrupted a call"},
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
    {SYS_writev, {}, "the last words of libc before abort(3)"},
    {SYS_exit_group, {}, "the end"},
};

const AllowedCall kOfWorker[] = {
    {SYS_socket,
     {is(0, AF_UNIX), is(1, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)},
     "connect_local(): a link to the next broker"},
    {SYS_ioctl, {is(1, FIONREAD)}, "is the broker silent, or this worker slow? unread_bytes()"},
    {SYS_ioctl, {is(1, SIOCOUTQ)}, "has the client got all that was sent? is_all_confirmed()"},
    {SYS_getsockopt, {is(1, IPPROTO_TCP), is(2, TCP_INFO)}, "is the client still there?"},
    {SYS_setsockopt, {is(1, SOL_SOCKET), is(2, SO_LINGER)}, "reset_connection()"},
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

template <std::size_t count>
void append(std::vector<AllowedCall>& calls, const AllowedCall (&more)[count]) {
    calls.insert(calls.end(), std::begin(more), std::end(more));
}

std::size_t low_half(unsigned argument) {
    return offsetof(seccomp_data, args) +
           argument * sizeof(std::uint64_t);  // the machines are little-endian
}

// What follows a test: the next step, or the end with one of the two answers.
enum class Exit : std::uint8_t { Next, Allow, Refuse };

// Writes the program from front to back. The two answers stand behind everything else, so that the
// distance to them is known only at the end.
class Assembler {
  public:
    std::vector<sock_filter> assemble(std::span<const AllowedCall> allowed,
                                      std::uint32_t otherwise) {
        load(offsetof(seccomp_data, arch));
        test(kMachine, Exit::Next, Exit::Refuse);
        load(offsetof(seccomp_data, nr));
        add_search(allowed);
        for (const Test& test : tests_) {
            program_[test.at].jt = distance(test.at, test.then);
            program_[test.at].jf = distance(test.at, test.otherwise);
        }
        program_.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
        program_.push_back(BPF_STMT(BPF_RET | BPF_K, otherwise));
        return std::move(program_);
    }

  private:
    struct Test {
        std::size_t at;
        Exit then;
        Exit otherwise;
    };

    static std::uint8_t checked(std::size_t steps) {
        CHATD_CHECK(steps <= UINT8_MAX);
        return static_cast<std::uint8_t>(steps);
    }

    [[nodiscard]] std::uint8_t distance(std::size_t from, Exit exit) const {
        if (exit == Exit::Next) return 0;
        return checked(program_.size() - from - 1 + (exit == Exit::Allow ? 0 : 1));
    }

    void load(std::size_t offset) {
        program_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
    }

    void test(std::uint32_t value, Exit then, Exit otherwise) {
        tests_.push_back({program_.size(), then, otherwise});
        program_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 0));
    }

    // A binary search keeps the setup fast: the kernel then runs the program for every number that
    // there is, to find out which calls are always allowed.
    void add_search(std::span<const AllowedCall> calls) {
        const int middle = calls[calls.size() / 2].number;
        auto split = std::ranges::lower_bound(calls, middle, {}, &AllowedCall::number);
        if (split == calls.begin()) {
            split = std::ranges::upper_bound(calls, middle, {}, &AllowedCall::number);
        }
        if (split == calls.end()) return add_call(calls);
        const auto below = static_cast<std::size_t>(split - calls.begin());
        const std::size_t branch = program_.size();
        program_.push_back(
            BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, static_cast<std::uint32_t>(split->number), 0, 0));
        add_search(calls.first(below));
        program_[branch].jt = checked(program_.size() - branch - 1);
        add_search(calls.subspan(below));
    }

    // `rows`: all of one call.
    void add_call(std::span<const AllowedCall> rows) {
        const bool conditional = rows[0].conditions[0].mask != 0;
        test(static_cast<std::uint32_t>(rows[0].number), conditional ? Exit::Next : Exit::Allow,
             Exit::Refuse);
        for (std::size_t i = 0; conditional && i < rows.size(); ++i) {
            add_conditions(rows[i], i + 1 == rows.size());
        }
    }

    // Only the last row of a call may have two conditions: in a row before it, a condition that
    // does not hold leads to the next row.
    void add_conditions(const AllowedCall& row, bool last) {
        const bool both = row.conditions[1].mask != 0;
        CHATD_CHECK(last || !both);
        const Exit otherwise = last ? Exit::Refuse : Exit::Next;
        add_condition(row.conditions[0], both ? Exit::Next : Exit::Allow, otherwise);
        if (both) add_condition(row.conditions[1], Exit::Allow, otherwise);
    }

    void add_condition(const Condition& condition, Exit then, Exit otherwise) {
        load(low_half(condition.argument));
        if (condition.mask != kAllBits) {
            program_.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, condition.mask));
        }
        test(condition.value, then, otherwise);
    }

    std::vector<sock_filter> program_;
    std::vector<Test> tests_;
};

}  // namespace

std::vector<AllowedCall> allowed_calls(Role role, pid_t pid, std::size_t link) {
    std::vector<AllowedCall> calls;
    append(calls, kCommon);
    calls.push_back({SYS_tgkill, {is(0, static_cast<std::uint32_t>(pid))}, "abort(3)"});
    if (role == Role::Worker) {
        append(calls, kOfWorker);
        // Only that descriptor: the client's socket could be connected to another machine.
        calls.push_back(
            {SYS_connect, {is(0, static_cast<std::uint32_t>(link))}, "connect_local(), that link"});
    }
    if (role == Role::Broker) append(calls, kOfBroker);
    std::ranges::stable_sort(calls, {}, &AllowedCall::number);
    return calls;
}

std::vector<sock_filter> filter_program(std::span<const AllowedCall> allowed,
                                        std::uint32_t otherwise) {
    return Assembler().assemble(allowed, otherwise);
}

}  // namespace chatd
