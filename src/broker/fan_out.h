// Decides when the broker sends new entries to all members. A fan-out follows at once, unless the
// last one took long: then the broker waits and collects more, because fewer and larger sends cost
// less.
//
// This file must never read a clock or send anything: the broker tells it what time it is.
#pragma once

#include "base/time.h"
#include "log/log_format.h"

namespace chatd {

class FanOut {
  public:
    // The last urgent entry ends at `urgent_end`. Joins and Leaves are not urgent.
    void note_urgent(Position urgent_end) { urgent_end_ = urgent_end; }

    // When the log up to `head` is to be sent; never while everybody has been sent all of it.
    [[nodiscard]] Deadline due_at(Position head) const;

    // Everybody was sent the log up to `end`, from `begin` to `now`. A pause follows.
    void finished(Position end, Moment begin, Moment now);

    // Puts the next fan-out off to this time, because the disk has failed.
    void postpone(Moment until);

    // The next fan-out comes without a pause: the server shuts down.
    void hurry() { next_ = next_crowd_ = {}; }

  private:
    Position done_to_ = 0;
    Position urgent_end_ = 0;
    Moment next_{};        // not before, when something was said
    Moment next_crowd_{};  // not before, when there are only comings and goings
};

}  // namespace chatd
