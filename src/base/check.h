// CHATD_CHECK: an invariant of ours that is broken ends the process at once, always on. The process
// is the unit of recovery: its parent reaps it and says so. Never for what a peer sends.
#pragma once

namespace chatd {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace chatd

#define CHATD_CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::chatd::check_failed(#condition, __FILE__, __LINE__))
