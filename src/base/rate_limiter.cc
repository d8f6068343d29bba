#include "base/rate_limiter.h"

#include <algorithm>

namespace chatd {

RateLimiter::RateLimiter(Rate rate)
    : interval_(rate.per_second == 0 ? Duration::zero()
                                     : Duration(std::chrono::seconds(1)) / rate.per_second),
      slack_(interval_ * (rate.burst - 1)) {}

void RateLimiter::spend(Moment now) {
    even_ = std::max(even_, now) + interval_;
}

}  // namespace chatd
