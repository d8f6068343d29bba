// The journal: what the operator reads on stderr, one line for each event, such as
// "chatd[broker 4123]: alice joined, pid 4130, 192.0.2.7:51234". (The log is something else: what
// happened in the room.)
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/rate_limiter.h"
#include "base/settings.h"
#include "sys/clock.h"
#include "sys/journal_throttle.h"

namespace chatd {

class Journal {
  public:
    // role: "parent", "broker" or "worker". Lines also show the pid of the process that calls this.
    // now: the clock.
    Journal(std::string_view role, Level level, Moment (*now)() = Clock::now);

    // Calls report_left_out(). A process that is killed, or executes another program, does not get
    // here.
    ~Journal() { report_left_out(); }

    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    // A line that a pipe does not take at once (PIPE_BUF) is cut. A line that would block is
    // dropped and counted, because a terminal that somebody has stopped must not stop the room. Of
    // lines with the same format only as many are written as sys/journal_throttle.h allows.
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
