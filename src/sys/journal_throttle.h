// The journal throttle: some lines of each kind are written, the rest are left out and counted, and
// the operator reads the count. Otherwise somebody who connects again and again could fill the
// operator's disk.
//
// This file must never write or read a clock: the journal does.
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
    // May a line of this kind be written? If not, it counts as left out. A kind is a printf format;
    // two formats are the same kind when they have the same address.
    [[nodiscard]] bool allows(const char* kind, Moment now);

    // When to report what was left out; none while there is nothing to report.
    [[nodiscard]] Deadline wake_at() const { return report_at_; }

    struct LeftOut {
        const char* kind;
        std::uint64_t lines;
    };

    // A kind of which lines were left out; none: there is no such kind.
    [[nodiscard]] std::optional<LeftOut> left_out() const;

    // The count of this kind has been reported.
    void reported(const char* kind);

    // A report was not possible now; it is due kLeftOutTold later.
    void postpone(Moment now) { report_at_ = now + kLeftOutTold; }

  private:
    struct Kind {
        const char* format = nullptr;
        RateLimiter limiter = RateLimiter({kJournalLinesPerSecond, kJournalLinesAtOnce});
        std::uint64_t left_out = 0;
    };

    Kind* find_place(const char* kind, Moment now);

    std::array<Kind, kThrottledKindsMax> kinds_;
    Deadline report_at_;
};

// A kind as people read it: "… connected, pid …" for "%s connected, pid %d".
[[nodiscard]] std::string kind_in_words(const char* format);

}  // namespace chatd
