// When to try again: after growing pauses, each up to a half longer by chance. This file must never
// read a clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

#include "base/time.h"

namespace chatd {

class Retry {
  public:
    Retry(Duration first, Duration longest, std::uint32_t seed)
        : first_(first), longest_(longest), pause_(first), chance_(seed) {}

    // All is well: the next pause is the first one again.
    void reset() { pause_ = first_; }

    // The moment at which to try again after a try that failed now.
    [[nodiscard]] Moment next(Moment now) {
        std::uniform_int_distribution<Duration::rep> extra(0, pause_.count() / 2);
        const Moment at = now + std::min(pause_ + Duration(extra(chance_)), longest_);
        pause_ = std::min(2 * pause_, longest_);
        return at;
    }

  private:
    Duration first_;
    Duration longest_;
    Duration pause_;
    std::minstd_rand chance_;
};

}  // namespace chatd
