// CHATD_CHECK: when an invariant of chatd does not hold, the process ends at once, by SIGABRT. The
// checks are in every build. The process is the unit of recovery: its parent reaps it and says so
// in the journal. Never use a check for what a peer sends: peers may send anything.
#pragma once

#include <string_view>

namespace chatd {

// Writes `text` to standard error, which no process of chatd ever waits for; at most PIPE_BUF bytes
// of it, so that lines of several processes do not mix. Returns false when nothing was written,
// because the write would block or failed. This asks poll(2), which is enough only for a socket:
// for a pipe or a terminal, call unblock_stderr() at the start.
bool write_stderr(std::string_view text);

// Writes condition, file and line to stderr (when stderr takes them at once) and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace chatd

#define CHATD_CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::chatd::check_failed(#condition, __FILE__, __LINE__))
