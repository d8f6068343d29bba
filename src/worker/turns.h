// The turns of a client's lines. A line has its turn when neither its client nor all clients of the
// address are too fast; until then it waits. This file must never read a clock.
#pragma once

#include "base/shared_budget.h"

namespace chatd {

class Turns {
  public:
    Turns(Rate rate, SharedBudget budget) : rate_(rate), budget_(budget), limiter_(rate) {}

    // The client is one of another address than it seemed to be.
    void draw_on(SharedBudget budget) { budget_ = budget; }

    // Has the next line its turn? The turn is taken by the first call, when the line begins to
    // come.
    [[nodiscard]] bool has_come(Moment now) {
        if (!at_) {
            at_ = std::max(limiter_.next(), budget_.take(1, now));
            had_to_wait_ = now < *at_;
            if (!had_to_wait_) wait_told_.reset();
        }
        return now >= *at_;
    }

    // When the line has its turn, if it waits for it.
    [[nodiscard]] Deadline waits_until(Moment now) const {
        return at_ && now < *at_ ? at_ : std::nullopt;
    }

    // The line is handled now. One that had to wait still belongs to the burst, even when it is
    // handled late because the worker got no processor.
    void line_handled(Moment now) {
        at_.reset();
        if (!had_to_wait_ && limiter_.rested(now)) too_fast_told_.reset();
        limiter_.spend(now);
    }

    // The line has cost the address so many more units: the next line waits for them.
    void charge(std::uint32_t units, Moment now) { (void)budget_.take(units, now); }

    // The client has come in: what it typed before does not count in the room.
    void restart() { limiter_ = RateLimiter(rate_); }

    // What a client whose line waits has to be told: that it is too fast, once for each burst; or
    // that it waits for others of its address, once for each wait that is long. It is told again
    // each kToldAgain.
    enum class News : std::uint8_t { None, TooFast, AddressTooFast };
    [[nodiscard]] News news(Moment now) {
        const bool too_fast = !limiter_.allows(now);
        if (!too_fast && *at_ - now < kWaitTold) return News::None;
        Deadline& told = too_fast ? too_fast_told_ : wait_told_;
        if (told && now < *told + kToldAgain) return News::None;
        told = now;
        return too_fast ? News::TooFast : News::AddressTooFast;
    }

  private:
    Rate rate_;
    SharedBudget budget_;
    RateLimiter limiter_;
    Deadline at_;               // of the next line; none: its turn was not taken yet
    bool had_to_wait_ = false;  // that line, or the one that was handled last
    Deadline too_fast_told_;    // when it was told, since the limiter last rested
    Deadline wait_told_;        // the same, since a line last had its turn at once
};

}  // namespace chatd
