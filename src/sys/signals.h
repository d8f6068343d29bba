// Signals, taken in one place of a loop: blocked from the beginning, let in only while the loop
// waits. A handler does nothing but remember that its signal came.
#pragma once

#include <poll.h>
#include <signal.h>

#include <chrono>
#include <initializer_list>
#include <optional>
#include <span>

namespace chatd {

class Signals {
  public:
    // Blocks these signals and notes them when they come; the rest keep what they do. SIGPIPE is
    // ignored; SIGHUP and SIGINT stay so if they were, for nohup(1) and the shell's & mean it. For
    // the whole process, for life: children have them blocked too, until they wait.
    explicit Signals(std::initializer_list<int> noted);

    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // poll(2) that a noted signal ends too; with no timeout it waits for ever. False: a signal came
    // or the time is over, and no `revents` is set. With something always ready a signal comes in
    // after some turns.
    bool wait(std::span<pollfd> fds, std::optional<std::chrono::nanoseconds> timeout) const;

    // With something ready, ppoll(2) leaves a pending signal pending: here it comes in all the
    // same.
    void let_in() const;

    // Did it come since it was last asked for?
    [[nodiscard]] bool take(int signal) const;

    // For a child just forked: what came before was meant for its parent.
    void forget() const;

    // From now on, in this process.
    static void ignore(std::initializer_list<int> signals);

  private:
    sigset_t while_waiting_;
    mutable unsigned turns_ = 0;  // with something ready
};

}  // namespace chatd
