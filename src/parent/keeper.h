// The keeper: keeps a lookout running for the parent. It starts the lookout, and starts the next
// one when that has died. It never reads a byte from it.
#pragma once

#include "parent/resources.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/title.h"

namespace chatd {

class Keeper {
  public:
    // All of these outlive this object. Starts nothing.
    Keeper(Resources& resources, const Options& options, ProcessTitle& title,
           const Signals& signals, Journal& journal)
        : resources_(resources),
          options_(options),
          title_(title),
          signals_(signals),
          journal_(journal) {}

    // One turn of the parent's loop: starts a lookout when that is due, the first one at once.
    void turn();
    [[nodiscard]] Deadline wake_at() const { return start_at_; }

    // Handles the end of the lookout. False: this child was not the lookout.
    bool handle_exit(const Reaped& reaped);

    void begin_closing();  // Kills the lookout; no other follows.
    [[nodiscard]] bool is_running() const { return resources_.lookout > 0; }

  private:
    [[nodiscard]] int run_child();
    void start_later();

    Resources& resources_;
    const Options& options_;
    ProcessTitle& title_;
    const Signals& signals_;
    Journal& journal_;

    Moment born_;
    Duration pause_{};  // before the last start
    Deadline start_at_ = Moment();
    bool is_closing_ = false;
};

}  // namespace chatd
