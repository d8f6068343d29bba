// How fast a client may go, and how slow. Who is too fast waits; nothing is lost.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace chatd {

struct Rate {
    std::uint32_t per_second = 0;
    std::uint32_t burst = 1;  // at least 1
};

// What a client may do; 0: no limit.
struct Limits {
    Rate rate;                        // of lines
    std::chrono::seconds to_name{0};  // from the beginning until it has told a good name
    std::chrono::seconds silent{0};   // in the room, sending nothing
};

// So many at once, then so many each second, in even steps. The generic cell rate algorithm (ITU-T
// I.371, A.2): all that has to be known of the past is when the last thing would have been done at
// an even pace.
class RateLimiter {
  public:
    explicit RateLimiter(Rate rate);

    // May one more be done now?
    [[nodiscard]] bool allows(Moment now) const { return now >= next(); }

    // It was done.
    void spend(Moment now);

    // From when on one more may be done.
    [[nodiscard]] Moment next() const { return even_ - slack_; }

    // Nothing was done for so long that a whole burst may come.
    [[nodiscard]] bool rested(Moment now) const { return now >= even_; }

  private:
    Duration interval_;
    Duration slack_;  // how far the burst may be ahead of the even pace
    Moment even_{};
};

}  // namespace chatd
