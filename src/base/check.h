// CHATD_CHECK: when an invariant of chatd does not hold, the process ends at once, by SIGABRT. The
// checks are in every build. The process is the unit of recovery: its parent reaps it and says so
// in the journal. Never use a check for what a peer sends: peers may send anything.
#pragma once

namespace chatd {

// Writes condition, file and line to stderr (when stderr takes them at once) and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace chatd

#define CHATD_CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::chatd::check_failed(#condition, __FILE__, __LINE__))
