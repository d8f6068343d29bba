#include "broker/fan_out.h"

#include <algorithm>

#include "base/bounds.h"

namespace chatd {

Deadline FanOut::due_at(Position head) const {
    if (done_to_ == head) return std::nullopt;
    return urgent_end_ > done_to_ ? next_ : next_crowd_;
}

// With nothing else to do the pauses cost no time. The pause after comings and goings is longer, so
// that a thousand people who enter at once are not held up by the news of each other.
void FanOut::finished(Position end, Moment begin, Moment now) {
    done_to_ = end;
    const Duration took = now - begin;
    next_ = now + std::min<Duration>(took / 4, kFanOutPauseMax);
    next_crowd_ = now + std::min<Duration>(took * 4, kCrowdPauseMax);
}

void FanOut::postpone(Moment until) {
    next_ = until;
    next_crowd_ = until;
}

}  // namespace chatd
