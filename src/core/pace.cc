#include "core/pace.h"

#include <algorithm>

namespace chatd {

Pace::Pace(Rate rate)
    : interval_(rate.per_second == 0 ? Duration::zero()
                                     : Duration(std::chrono::seconds(1)) / rate.per_second),
      slack_(interval_ * (rate.burst - 1)) {}

void Pace::spend(Moment now) {
    even_ = std::max(even_, now) + interval_;
}

}  // namespace chatd
