// The limits on a client's speed and patience. A client that is too fast waits; nothing that it
// sends is lost.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace chatd {

struct Rate {
    std::uint32_t per_second = 0;  // 0: no limit
    std::uint32_t burst = 1;       // how many at once; at least 1
};

// The limits that a worker sets its client. 0: no limit.
struct Limits {
    Rate rate;                        // lines
    std::chrono::seconds to_name{0};  // from the connection until the client has told a good name
    std::chrono::seconds idle{0};     // how long a client in the room may send nothing
};

// Allows a burst at once, and then so many actions a second, in even steps. This is the generic
// cell rate algorithm (ITU-T I.371, A.2): all that it stores is one moment, the one at which the
// last action would have ended at the even rate.
class RateLimiter {
  public:
    explicit RateLimiter(Rate rate)
        : interval_(rate.per_second == 0 ? Duration::zero()
                                         : Duration(std::chrono::seconds(1)) / rate.per_second),
          slack_(interval_ * (rate.burst - 1)) {}

    // Is one more action allowed now? This changes nothing: call spend() when the action was done.
    [[nodiscard]] bool allows(Moment now) const { return now >= next(); }
    // Counts one action that was done now.
    void spend(Moment now) { even_ = std::max(even_, now) + interval_; }

    // Counts an event that costs as much as the actions that this time allows. The next action is
    // allowed at `latest` at the latest, unless it had to wait for longer already.
    void charge(Duration time, Moment latest, Moment now) {
        even_ = std::min(std::max(even_, now) + time, std::max(even_, latest + slack_));
    }

    // The moment from which on one more action is allowed. It may be in the past.
    [[nodiscard]] Moment next() const { return even_ - slack_; }
    // Was nothing done for so long that a whole burst is allowed?
    [[nodiscard]] bool rested(Moment now) const { return now >= even_; }

  private:
    Duration interval_;  // between two actions at the even rate
    Duration slack_;     // how far a burst may be ahead of the even rate
    Moment even_{};
};

}  // namespace chatd
