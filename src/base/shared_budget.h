// The budget of all processes of one address. The budget is one moment in memory that they
// share, the one at which everything taken so far would have been done at the even rate: see
// RateLimiter. Units are taken before they are used, and whoever takes some is told when its turn
// is. So turns come in the order in which they were taken, and a worker that wants much cannot keep
// another one of its address from its next turn.
#pragma once

#include <atomic>

#include "base/bounds.h"
#include "base/browser_sign.h"
#include "base/rate_limiter.h"

namespace chatd {

class SharedBudget {
  public:
    // Nanoseconds of Clock in shared memory, 0 at first. A process that was taken over may write
    // any number there, and harms only its own address.
    using Spent = std::atomic<std::int64_t>;
    static_assert(Spent::is_always_lock_free);

    SharedBudget() = default;  // without a limit

    // spent: outlives this object.
    SharedBudget(Spent* spent, Rate rate)
        : spent_(spent),
          interval_(Duration(std::chrono::seconds(1)) / rate.per_second),
          slack_(interval_ * (rate.burst - 1)) {}

    // Takes so many units. Returns the moment from which on they may be used. That moment may be in
    // the past, and is at most kSharedWaitMax away.
    Moment take(std::uint32_t units, Moment now) {
        if (spent_ == nullptr) return now;
        const std::int64_t earliest = now.time_since_epoch().count();
        const std::int64_t latest = (now + slack_ + kSharedWaitMax).time_since_epoch().count();
        std::int64_t spent = spent_->load(std::memory_order_relaxed);
        std::int64_t begin = 0;
        do {
            begin = std::clamp(spent, earliest, latest);
        } while (!spent_->compare_exchange_weak(spent, begin + (interval_ * units).count(),
                                                std::memory_order_relaxed));
        return Moment(Duration(begin)) - slack_;
    }

  private:
    Spent* spent_ = nullptr;
    Duration interval_{};  // for a unit, at the even rate
    Duration slack_{};     // how far a burst may be ahead of the even rate
};

// What all workers of one address share.
struct AddressShare {
    SharedBudget budget;
    BrowserSign browsers;
};

}  // namespace chatd
