// Lines of the journal that come too often. Whoever connects again and again must not fill the
// operator's disk: of each kind some are written, and of the others the operator is told how many
// there were.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bounds.h"
#include "base/rate_limiter.h"

namespace chatd {

class JournalThrottle {
  public:
    // May a line of this kind be written? Else it counts as left out. The kind is a printf format,
    // by its address.
    [[nodiscard]] bool allows(const char* kind, Moment now);

    // When what was left out is to be told; nothing while nothing was.
    [[nodiscard]] Deadline wake_at() const { return tell_at_; }

    struct LeftOut {
        const char* kind;
        std::uint64_t lines;
    };

    // One kind of which lines were left out, until there is none.
    [[nodiscard]] std::optional<LeftOut> left_out() const;

    // The operator knows of that kind's.
    void told(const char* kind);

    // It could not be told: later.
    void postpone(Moment now) { tell_at_ = now + kLeftOutTold; }

  private:
    struct Kind {
        const char* format = nullptr;
        RateLimiter pace = RateLimiter({kJournalLinesPerSecond, kJournalLinesAtOnce});
        std::uint64_t left_out = 0;
    };

    Kind* place_of(const char* kind, Moment now);

    std::array<Kind, kThrottledKindsMax> kinds_;
    Deadline tell_at_;
};

// A kind in words, for people: "… connected, pid …" of "%s connected, pid %d".
[[nodiscard]] std::string words_of(const char* format);

}  // namespace chatd
