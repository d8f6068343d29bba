// Signals, handled in one place of a loop: they are blocked from the beginning, and delivered only
// while the loop waits. A handler only notes that its signal came.
#pragma once

#include <poll.h>
#include <signal.h>

#include <initializer_list>
#include <span>

#include "base/time.h"

namespace chatd {

class Signals {
  public:
    // Blocks these signals and notes them when they come; other signals keep their actions. SIGPIPE
    // is ignored, and so is what the kernel sends at a limit (SIGXFSZ, SIGXCPU). Timers that the
    // program before execve(2) has set are stopped. SIGHUP and SIGINT stay ignored if they were, as
    // nohup(1) and the shell's & want. This holds for the whole process, for life; children have
    // the signals blocked as well, until they wait. Throws SetupError.
    explicit Signals(std::initializer_list<int> noted);
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // Calls poll(2); a noted signal ends it as well. Without a timeout it waits for ever. False: a
    // signal came or the time is over, and no `revents` is set. When a descriptor is always ready,
    // a signal is delivered after some turns.
    bool wait(std::span<pollfd> fds, std::optional<Duration> timeout) const;

    // Delivers pending signals. (When a descriptor is ready, ppoll(2) leaves them pending.)
    void deliver_pending() const;

    // Has this signal come since the last take() of it?
    [[nodiscard]] bool take(int signal) const;

    // The process that sent this signal last; 0: the kernel, or a process outside of this one's
    // namespace.
    [[nodiscard]] pid_t sender(int signal) const;

    // Drops all noted signals. A child calls this after the fork, because they were for its parent.
    void forget() const;

    // Ignores these signals from now on, in this process. Throws SetupError.
    static void ignore(std::initializer_list<int> signals);

  private:
    sigset_t while_waiting_;
    mutable unsigned turns_ = 0;  // of wait() with a descriptor ready
};

}  // namespace chatd
