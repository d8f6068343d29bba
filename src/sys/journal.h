// The journal: what the operator reads on stderr, one line an event, as
// "chatd[broker 4123]: alice joined, pid 4130, 192.0.2.7:51234". (The log is something else: what
// happened in the room.)
#pragma once

#include <string>
#include <string_view>

#include "core/level.h"

namespace chatd {

// Writes `text` if that does not block (see unblock_stderr(); for a socket poll tells); false if it
// would. At most PIPE_BUF bytes, so that lines of several processes do not mix.
bool write_stderr(std::string_view text);

class Journal {
  public:
    // role: "parent", "broker" or "worker"; the pid is that of whoever calls this.
    Journal(std::string_view role, Level level);

    // A line longer than the pipe takes at once is cut. A line that would block is dropped and
    // counted: a terminal that is held must not hold the room.
    void error(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void warning(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void info(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void debug(const char* format, ...) __attribute__((format(printf, 2, 3)));

  private:
    void write(Level level, const char* format, __builtin_va_list arguments)
        __attribute__((format(printf, 3, 0)));
    void write_line(std::string_view text);

    std::string prefix_;
    Level level_;
    unsigned long dropped_ = 0;
};

}  // namespace chatd
