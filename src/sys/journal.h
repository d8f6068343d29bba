// The journal: what the operator reads on stderr, one line for each event, such as
// "chatd[broker 4123]: alice joined, pid 4130, 192.0.2.7:51234". (The log is something else: what
// happened in the room.)
#pragma once

#include <array>
#include <string>

#include "base/bounds.h"
#include "base/check.h"
#include "base/rate_limiter.h"
#include "base/settings.h"
#include "sys/clock.h"

namespace chatd {

// Some lines of each kind are written, the rest are left out and counted, and the operator reads
// the count. Otherwise somebody who connects again and again could fill the operator's disk. A kind
// is a printf format; two formats are the same kind when they have the same address. The throttle
// never writes and reads no clock: the journal does.
class JournalThrottle {
  public:
    // May a line of this kind be written? If not, it counts as left out.
    [[nodiscard]] bool allows(const char* kind, Moment now);

    // The time to report what was left out; none while there is nothing to report.
    [[nodiscard]] Deadline wake_at() const { return report_at_; }

    // A kind of which lines were left out; none: there is no such kind.
    struct LeftOut {
        const char* kind;
        std::uint64_t lines;
    };
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

class Journal {
  public:
    // role: "parent", "broker" or "worker". Lines also show the pid of the caller. now: the clock.
    Journal(std::string_view role, Level level, Moment (*now)() = Clock::now);
    // A process that is killed, or executes another program, does not get here.
    ~Journal() { report_left_out(); }
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    // A line that a pipe does not take at once (PIPE_BUF) is cut. A line that would block is
    // dropped and counted, because a terminal that somebody has stopped must not stop the room. The
    // throttle may leave a line out, and counts it with the others of the same format.
    void error(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void warning(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void info(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void debug(const char* format, ...) __attribute__((format(printf, 2, 3)));

    // Writes what the operator has just asked for, at any level.
    void answer(const std::string& line) { (void)write_line(line); }

    // Writes how many lines of which kinds were left out. The loop of the process waits no longer
    // than until wake_at() and then calls turn(), which does this when it is due.
    void report_left_out();
    [[nodiscard]] Deadline wake_at() const { return throttle_.wake_at(); }
    void turn() {
        if (is_due(wake_at(), now_())) report_left_out();
    }

  private:
    void write(Level level, const char* format, __builtin_va_list arguments)
        __attribute__((format(printf, 3, 0)));
    [[nodiscard]] bool write_line(std::string_view text);

    std::string prefix_;
    Level level_;
    Moment (*now_)();
    JournalThrottle throttle_;
    unsigned long dropped_ = 0;
};

}  // namespace chatd
