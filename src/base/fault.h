// Fault points: places at which a test makes a process fail. Only the binary that tests drive has
// them (CHATD_FAULTS is defined there); in ./chatd a fault point is an empty function.
//
// The environment variable CHATD_FAULT says which fault point acts, when, and how:
//
//     POINT[=DETAIL]:PASS[+]:ACTION
//
//     broker:after-append:3:kill              the third time that any process of chatd passes there
//     broker:after-append:3+:kill             from the third time on
//     broker:while-handling=poison:1+:kill    each time that "poison" is handled there
//
// Each line may hold one more. POINT is the name in the source. With a DETAIL only those passes
// count that have exactly this detail; it may hold any bytes but a newline, colons as well. PASS is
// a number from 1 on. The ACTIONs:
//
//     kill, segv, abort, stop      the process gets this signal
//     spin                         the process loops for ever
//     nomem                        std::bad_alloc is thrown
//     exit                         the process calls exit(3)
//     fail                         what the point stands for fails: fault_point() returns true
//     open, inet, fork, signal, trace    the process tries what the sandbox forbids
//
// A CHATD_FAULT that is not of this form ends the process at its start, with SIGABRT.
#pragma once

#include <string_view>

namespace chatd {

#ifdef CHATD_FAULTS
// Passes the fault point `name`. Returns true when the caller has to fail (action "fail").
bool fault_point(const char* name, std::string_view detail = {});
#else
inline bool fault_point(const char* /*name*/, std::string_view /*detail*/ = {}) {
    return false;
}
#endif

}  // namespace chatd
