#include "parent/login_throttle.h"

namespace chatd {

bool LoginThrottle::turns_away(std::uint64_t logins) {
    if (logins_max_ == 0 || logins <= logins_max_) return false;
    std::uniform_int_distribution<std::uint64_t> place(1, logins_max_);
    return place(random_) <= logins - logins_max_;
}

}  // namespace chatd
