// The trace: each step of chatd as it happens, one line each, for somebody who wants to see how it
// works (--trace):
//
//     14:02:07.120511 worker[4130] reads from the client: 3 bytes
//
// Steps have the words that README.md has for them in "How a line travels". Whether there is a
// trace is decided once, before the first fork, so that all processes of a server write to the
// same. While there is none, a step costs the test of one bool. A trace must never show what people
// say, unless --trace-text asks for it.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace chatd {

struct TraceSettings {
    int fd;            // where lines are written; it belongs to this process for life
    bool is_coloured;  // a terminal reads them
    bool has_text;     // what people say is shown, and not only how long it is
};

// Begins the trace of this process, which is the parent. A process calls this once at most.
void begin_trace(const TraceSettings& settings);

// A fork made this process: its lines show this role ("worker") and its own pid from now on.
void trace_as(const char* role);

// The line of one step: one write(2), which mixes with no other (PIPE_BUF). Control characters of
// `step` become '?'. time: as "14:02:07.120511".
[[nodiscard]] std::string trace_line(std::string_view time, std::string_view role, pid_t pid,
                                     std::string_view step, bool is_coloured);

// Is what people say shown? False also when there is no trace.
[[nodiscard]] bool trace_has_text();

// Where lines are written: a child keeps this open.
[[nodiscard]] int trace_fd();

namespace detail {
extern bool trace_is_on;
void trace_step(const char* format, ...) noexcept __attribute__((format(printf, 1, 2)));
}  // namespace detail

[[nodiscard]] inline bool is_traced() {
    return __builtin_expect(detail::trace_is_on, false);
}

}  // namespace chatd

// Writes a step, given as printf(3) takes it, if there is a trace; otherwise the arguments are not
// even evaluated. It keeps errno, never waits and never fails: a line that would block, or for
// which the disk has no room, is lost, and the next line says how many were.
#define CHATD_TRACE(...) \
    (::chatd::is_traced() ? ::chatd::detail::trace_step(__VA_ARGS__) : static_cast<void>(0))
