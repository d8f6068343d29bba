#include "sys/clock.h"

#include <ctime>

namespace chatd {

std::int64_t utc_offset_s(std::int64_t time_s) {
    const std::time_t time = time_s;
    std::tm local{};
    return ::localtime_r(&time, &local) == nullptr ? 0 : local.tm_gmtoff;
}

}  // namespace chatd
