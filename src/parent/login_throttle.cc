#include "parent/login_throttle.h"

namespace chatd {

bool LoginThrottle::turns_away(std::uint64_t logins) {
    if (calm_ == 0 || logins <= calm_) return false;
    return std::uniform_int_distribution<std::uint64_t>(1, calm_)(dice_) <= logins - calm_;
}

}  // namespace chatd
