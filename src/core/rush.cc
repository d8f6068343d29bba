#include "core/rush.h"

namespace chatd {

bool Rush::turns_away(std::uint64_t nameless) {
    if (calm_ == 0 || nameless <= calm_) return false;
    return std::uniform_int_distribution<std::uint64_t>(1, calm_)(dice_) <= nameless - calm_;
}

}  // namespace chatd
