#include "sys/signals.h"

#include <sys/time.h>

#include <cstring>

#include "base/check.h"
#include "base/trace.h"
#include "sys/clock.h"
#include "sys/error.h"

namespace chatd {
namespace {

volatile sig_atomic_t raised[NSIG];
volatile sig_atomic_t senders[NSIG];

// A signal is delivered when no descriptor is ready, and otherwise after so many turns. To ask in
// each turn would be one of four system calls of a worker under load (8 % of all deliveries).
constexpr unsigned kTurnsPerDelivery = 16;

void note(int signal, siginfo_t* info, void* /*context*/) {
    raised[signal] = 1;
    senders[signal] = info->si_pid;
}

void set_action(int signal, const struct sigaction& action) {
    if (::sigaction(signal, &action, nullptr) != 0) throw system_error("sigaction");
}

bool stays_ignored(int signal) {
    if (signal != SIGHUP && signal != SIGINT) return false;
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) != 0) throw system_error("sigaction");
    return action.sa_handler == SIG_IGN;
}

// Timers outlive execve(2), and what they send would end the process (setitimer(2), alarm(2)).
void stop_inherited_timers() {
    const itimerval never{};
    for (const auto timer : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
        if (::setitimer(timer, &never, nullptr) != 0) throw system_error("setitimer");
    }
}

}  // namespace

Signals::Signals(std::initializer_list<int> noted) {
    stop_inherited_timers();
    sigset_t blocked;
    (void)::sigemptyset(&blocked);
    for (const int signal : noted) (void)::sigaddset(&blocked, signal);
    if (::sigprocmask(SIG_BLOCK, &blocked, &while_waiting_) != 0) throw system_error("sigprocmask");
    for (const int signal : noted) {
        // The program that started this one may have had the signal blocked.
        (void)::sigdelset(&while_waiting_, signal);
        struct sigaction noting {};
        noting.sa_sigaction = note;
        noting.sa_flags = SA_SIGINFO;
        if (!stays_ignored(signal)) set_action(signal, noting);
    }
    // At a limit of file size or processor time (setrlimit(2)), as when the file of the journal
    // grows too large, a call fails as on a full disk.
    ignore({SIGPIPE, SIGXFSZ, SIGXCPU});
}

bool Signals::wait(std::span<pollfd> fds, std::optional<Duration> timeout) const {
    const timespec left = timespec_of(timeout.value_or(Duration::zero()));
    const int ready = ::ppoll(fds.data(), fds.size(), timeout ? &left : nullptr, &while_waiting_);
    if (ready > 0) {
        if (++turns_ % kTurnsPerDelivery == 0) deliver_pending();
        return true;
    }
    CHATD_CHECK(ready == 0 || errno == EINTR || errno == ENOMEM);
    for (pollfd& fd : fds) fd.revents = 0;  // After EINTR they are unchanged.
    return false;
}

void Signals::deliver_pending() const {
    const timespec none{};
    (void)::ppoll(nullptr, 0, &none, &while_waiting_);
}

bool Signals::take(int signal) const {
    if (raised[signal] == 0) return false;
    raised[signal] = 0;
    // The alarm is the worker's own, each second in which something happens.
    if (signal != SIGALRM) CHATD_TRACE("SIG%s came", ::sigabbrev_np(signal));
    return true;
}

pid_t Signals::sender(int signal) const {
    return senders[signal];
}

void Signals::forget() const {
    for (volatile sig_atomic_t& signal : raised) signal = 0;
}

void Signals::ignore(std::initializer_list<int> signals) {
    struct sigaction ignoring {};
    ignoring.sa_handler = SIG_IGN;
    for (const int signal : signals) set_action(signal, ignoring);
}

}  // namespace chatd
