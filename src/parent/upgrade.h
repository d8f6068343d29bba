// Upgrade: another program takes the parent's place in the same process: same pid, same children,
// same listeners, same log. A child tries it first; only a program that says that it understands
// the estate is executed.
#pragma once

#include <optional>

#include "parent/resources.h"
#include "sys/clock.h"
#include "sys/journal.h"
#include "sys/process.h"
#include "sys/title.h"

namespace chatd {

// What this program was started for.
struct StartMode {
    enum class Kind : unsigned char { Fresh, Check, TakeOver };
    Kind kind = Kind::Fresh;
    Handover handover = {};
};

// From the environment, which no longer says so afterwards. Throws SetupError when there is a
// handover that this program does not understand.
[[nodiscard]] StartMode read_start_mode();

class Upgrade {
  public:
    // Everything outlives this object.
    Upgrade(const Resources& resources, ProcessTitle& title, Journal& journal)
        : resources_(resources), title_(title), journal_(journal) {}

    // Tries the program that is now on the disk; while one is being tried, once more after that.
    void begin();

    // A child has ended. False: it was not the one that tries. If that was content, this does not
    // return but in the new program; or it does, and the journal says why.
    bool ended(const Reaped& reaped);

    [[nodiscard]] Deadline wake_at() const { return check_until_; }
    [[nodiscard]] bool is_trying() const { return candidate_ > 0; }
    void turn();    // ends a trial that takes too long
    void cancel();  // there will be none

  private:
    void try_out();
    void judge(int wait_status);
    void end_trial();
    void execute();

    const Resources& resources_;
    ProcessTitle& title_;
    Journal& journal_;
    pid_t candidate_ = -1;
    bool again_ = false;
    Deadline check_until_;
};

}  // namespace chatd
