// Upgrade: another program takes the parent's place in the same process, with the same pid, the
// same children, listeners and log. A child tries the program first; the parent executes only a
// program that says that it understands the handover.
#pragma once

#include "parent/resources.h"
#include "sys/process.h"
#include "sys/title.h"

namespace chatd {

// Why this program was started: as usual, on trial for an upgrade, or to take over.
struct StartMode {
    enum class Kind : unsigned char { Fresh, Check, TakeOver };
    Kind kind = Kind::Fresh;
    Handover handover = {};  // unless Fresh
};

// Reads it from the environment, and takes it out there. Throws SetupError when this program does
// not understand what is there.
[[nodiscard]] StartMode read_start_mode();

class Upgrade {
  public:
    // All of these outlive this object. Starts nothing.
    Upgrade(const Resources& resources, ProcessTitle& title, Journal& journal)
        : resources_(resources), title_(title), journal_(journal) {}

    // Has a child try the program that is now on the disk. If a trial runs already, another trial
    // follows it. If the trial cannot begin, the journal says why.
    void begin();

    // Handles the end of the trial. After a good one the new program runs and this does not return;
    // if it returns, the journal says why there is no upgrade. False: this child was not the trial.
    bool handle_exit(const Reaped& reaped);

    [[nodiscard]] Deadline wake_at() const { return trial_until_; }
    [[nodiscard]] bool is_trying() const { return trial_ > 0; }
    void turn();    // ends a trial that takes too long
    void cancel();  // the server closes: no upgrade, not even after a good trial

  private:
    void attempt(void (Upgrade::*step)());  // the journal says why the step is not possible
    void start_trial();
    void judge(int wait_status);
    void end_trial();
    void execute();

    const Resources& resources_;
    ProcessTitle& title_;
    Journal& journal_;
    pid_t trial_ = -1;  // the child; -1: there is none
    bool again_ = false;
    Deadline trial_until_;  // none: the trial is over or cancelled
};

}  // namespace chatd
