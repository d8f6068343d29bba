// FanOut decides when the broker sends new entries to all members: at once, unless the last fan-out
// took long. Then the broker waits and collects more, because fewer and larger sends cost less.
//
// This file must never read a clock or send anything: the broker tells it what time it is.
#pragma once

#include <algorithm>

#include "base/bounds.h"
#include "base/time.h"
#include "log/log_format.h"

namespace chatd {

class FanOut {
  public:
    // The last urgent entry ends at `urgent_end`. Joins and Leaves are not urgent.
    void note_urgent(Position urgent_end) { urgent_end_ = urgent_end; }

    // The time to send the log up to `head`; none while everybody has been sent all of it.
    [[nodiscard]] Deadline due_at(Position head) const {
        if (done_to_ == head) return std::nullopt;
        return urgent_end_ > done_to_ ? next_ : next_crowd_;
    }

    // Everybody was sent the log up to `end`, from `begin` to `now`. A pause follows, which delays
    // nobody when nothing new comes. It is longer for comings and goings, so that a thousand people
    // who enter at once are not held up by the news of each other.
    void finished(Position end, Moment begin, Moment now) {
        done_to_ = end;
        const Duration took = now - begin;
        next_ = now + std::min<Duration>(took / 4, kFanOutPauseMax);
        next_crowd_ = now + std::min<Duration>(took * 4, kCrowdPauseMax);
    }

    // Puts the next fan-out off to this time, because the disk has failed.
    void postpone(Moment until) { next_ = next_crowd_ = until; }

    // The next fan-out comes without a pause: the server shuts down.
    void hurry() { next_ = next_crowd_ = {}; }

  private:
    Position done_to_ = 0;
    Position urgent_end_ = 0;
    Moment next_{};        // not before, when something was said
    Moment next_crowd_{};  // not before, when there are only comings and goings
};

}  // namespace chatd
