#include "sys/clock.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>

namespace chatd {

timespec timespec_of(std::chrono::nanoseconds time) {
    time = std::max(time, std::chrono::nanoseconds(0));
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(time);
    return {whole.count(), (time - whole).count()};
}

std::int64_t utc_offset_s(std::int64_t time_s) {
    const std::time_t time = time_s;
    std::tm local{};
    return ::localtime_r(&time, &local) == nullptr ? 0 : local.tm_gmtoff;
}

void set_alarm(std::chrono::seconds time) {
    (void)::alarm(static_cast<unsigned>(time.count()));  // returns what was left of another one
}

}  // namespace chatd
