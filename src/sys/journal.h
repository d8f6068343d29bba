// The journal: what the operator reads on stderr, one line an event, as
// "chatd[broker 4123]: alice joined, pid 4130, 192.0.2.7:51234". (The log is something else: what
// happened in the room.)
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/level.h"
#include "base/rate_limiter.h"
#include "base/stderr.h"
#include "sys/clock.h"
#include "sys/journal_throttle.h"

namespace chatd {

class Journal {
  public:
    // role: "parent", "broker" or "worker"; the pid is that of whoever calls this.
    // now: the clock.
    Journal(std::string_view role, Level level, Moment (*now)() = Clock::now);

    // Tells what it has not told yet. A process that is killed, or executes another program, does
    // not come to this.
    ~Journal() { tell_left_out(); }

    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    // A line longer than the pipe takes at once is cut. A line that would block is dropped and
    // counted: a terminal that is held must not hold the room. Of lines of one format only so many
    // are written as sys/journal_throttle.h allows.
    void error(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void warning(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void info(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void debug(const char* format, ...) __attribute__((format(printf, 2, 3)));

    // What the operator has asked for just now, whatever the level.
    void answer(const std::string& line) { (void)write_line(line); }

    // How many lines of which kinds were left out. For the loop of whoever has a journal, which
    // waits no longer than until wake_at() and then calls turn().
    void tell_left_out();
    [[nodiscard]] Deadline wake_at() const { return throttle_.wake_at(); }
    void turn() {
        if (const auto due = wake_at(); due && now_() >= *due) tell_left_out();
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
