// The watchdog's judgement: does a broker that does not answer still get on, or does it hang? A
// turn of the broker's loop may take long when there is much to do, but its steps do not stop then:
// see BrokerCounters::steps.
//
// This file must never read a clock or a counter: the supervisor tells it both.
#pragma once

#include <cstdint>

#include "base/bounds.h"
#include "base/time.h"

namespace chatd {

class Watchdog {
  public:
    // The broker was asked, when it had taken so many steps. It has to answer by `due`.
    void ask(std::uint64_t steps, Moment due) {
        steps_ = steps;
        due_ = due;
    }

    // There is nobody to answer any more.
    void cancel() { due_.reset(); }

    [[nodiscard]] bool is_asking() const { return due_.has_value(); }
    [[nodiscard]] Deadline due() const { return due_; }

    // The answer is due. True: the broker hangs, because it has taken no step since it was asked. A
    // broker that has only not answered yet gets kBrokerAnswer for its next steps.
    [[nodiscard]] bool finds_it_hanging(bool has_answered, std::uint64_t steps, Moment now) {
        due_.reset();
        if (has_answered) return false;
        if (steps == steps_) return true;
        ask(steps, now + kBrokerAnswer);
        return false;
    }

  private:
    std::uint64_t steps_ = 0;
    Deadline due_;  // none: the broker is not asked
};

}  // namespace chatd
