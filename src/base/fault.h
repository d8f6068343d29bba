// Fault points: places at which a test makes a process fail, chosen with CHATD_FAULT in the
// environment. They are there only where CHATD_FAULTS is defined, in the binary that tests drive;
// in ./chatd they are nothing.
//
//     CHATD_FAULT=broker:after-append:3:kill     the third time that any process passes there
//     CHATD_FAULT=broker:after-append:3+:kill    from the third time on
//
// What happens: kill, segv, abort, stop (as by that signal), spin (for ever), nomem
// (std::bad_alloc), fail (what the point stands for fails); open, inet, fork, signal, trace (what
// the sandbox keeps a process from).
#pragma once

#include <string_view>

namespace chatd {

#ifdef CHATD_FAULTS
// True: it shall fail.
bool fault_point(const char* name, std::string_view detail = {});
#else
inline bool fault_point(const char* /*name*/, std::string_view /*detail*/ = {}) {
    return false;
}
#endif

}  // namespace chatd
