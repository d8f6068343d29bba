// A sign among all processes of one address: a browser has just spoken HTTP. When it loads a page,
// a browser opens connections to spare, on which it says nothing until it needs them, and it does
// not look whether something has come meanwhile (Chromium 120). So the worker of a silent client
// that came at the same time as a browser must not ask for a name soon.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace chatd {

class BrowserSign {
  public:
    // Nanoseconds of Clock in shared memory, 0 at first. A process that was taken over may write
    // any number there: then people of its address are asked for their names late.
    using SpokenAt = std::atomic<std::int64_t>;

    BrowserSign() = default;  // nobody ever gives a sign
    explicit BrowserSign(SpokenAt* spoken_at) : spoken_at_(spoken_at) {}  // outlives this object

    // A moment to come: until then it is as if a browser spoke again and again. When two processes
    // give a sign at once, the earlier moment may stay.
    void give(Moment moment) {
        if (!was_given_since(moment) && spoken_at_ != nullptr) {
            spoken_at_->store(moment.time_since_epoch().count(), std::memory_order_relaxed);
        }
    }
    [[nodiscard]] bool was_given_since(Moment moment) const {
        return spoken_at_ != nullptr &&
               spoken_at_->load(std::memory_order_relaxed) >= moment.time_since_epoch().count();
    }

  private:
    SpokenAt* spoken_at_ = nullptr;
};

}  // namespace chatd
