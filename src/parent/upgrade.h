// Upgrade: another program takes the parent's place in the same process, with the same pid, the
// same children, listeners and log. A child tries the program first; the parent executes only a
// program that says that it understands the handover, and the very file that was tried. If that
// program still fails while it takes over, it executes the program before once more.
#pragma once

#include "parent/resources.h"
#include "sys/process.h"
#include "sys/title.h"

namespace chatd {

// Why this program was started: as usual, on trial for an upgrade, to take over, or to take the
// server back from a program that could not take it over.
struct StartMode {
    enum class Kind : unsigned char { Fresh, Check, TakeOver, TakeBack };
    Kind kind = Kind::Fresh;
    Handover handover = {};  // unless Fresh
};

// Reads it from the environment, and takes it out there. A program that takes over opens the way
// back to the program before. Throws SetupError when this program does not understand what is
// there.
[[nodiscard]] StartMode read_start_mode(ProcessTitle& title);

// The way back, open until this program has taken over: the program before, which was handed over
// with everything else. It is executed in the place of this one, as this one was, when a signal
// that stands for a bug would kill this process, such as SIGSEGV, when it exits, after
// kTakeOverMax, and by go_back(). Only SIGKILL and _exit(2) leave no way back. Until it is closed,
// no descriptor of the handover may be closed. 0.3.0 hands none over.
void go_back();  // returns when there is no way back, or it fails
void close_way_back();

class Upgrade {
  public:
    using Prepare = std::function<void()>;

    // All of these outlive this object. Starts nothing.
    Upgrade(const Resources& resources, ProcessTitle& title, Journal& journal)
        : resources_(resources), title_(title), journal_(journal) {}

    // Has a child try the program that is now on the disk. If a trial runs already, another trial
    // follows it. If the trial cannot begin, the journal says why.
    void begin();

    // Handles the end of the trial. After a good one the new program runs and this does not return;
    // if it returns, the journal says why there is no upgrade. False: this child was not the trial.
    // prepare: called before the new program is executed, for what cannot be handed over.
    bool handle_exit(const Reaped& reaped, const Prepare& prepare);

    [[nodiscard]] Deadline wake_at() const { return trial_until_; }
    [[nodiscard]] bool is_trying() const { return trial_ > 0; }
    [[nodiscard]] pid_t trial() const { return trial_; }  // the child; -1: there is none
    void turn();                                          // ends a trial that takes too long
    void cancel();  // the server closes: no upgrade, not even after a good trial

  private:
    void attempt(const std::function<void()>& step);  // the journal says why it is not possible
    void start_trial();
    void judge(int wait_status, const Prepare& prepare);
    void end_trial();
    void execute(const Prepare& prepare);

    const Resources& resources_;
    ProcessTitle& title_;
    Journal& journal_;
    UniqueFd program_;  // the last one that was tried
    pid_t trial_ = -1;
    bool again_ = false;
    Deadline trial_until_;  // none: the trial is over or cancelled
};

}  // namespace chatd
