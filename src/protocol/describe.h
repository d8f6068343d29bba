// Frames and texts in words, for the trace (base/trace): all fields by their names in
// protocol/body.h, where their meaning stands. A field that is 0 is left out.
//
// This file must never show a byte that a terminal obeys, whoever has sent it; nor what people say,
// unless it is told to.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/trace.h"
#include "protocol/frame.h"

namespace chatd {

// Such as: Post counter=1 kind=Say text=2 bytes. with_text: what people say is shown.
[[nodiscard]] std::string describe_frame(const Frame& frame, bool with_text);

// What people say: "2 bytes"; with_text: "2 bytes "hi"". Of a long text the beginning is shown.
[[nodiscard]] std::string describe_text(std::string_view text, bool with_text);

namespace detail {
void trace_frames(const char* step, std::string_view frames, pid_t peer) noexcept;
void trace_text(const char* step, std::string_view text) noexcept;
}  // namespace detail

// Writes a step with each of these whole frames; `peer` is the process at the other end, if the
// step does not say it: "takes from worker 4130: Post …".
inline void trace_frames(const char* step, std::string_view frames, pid_t peer = 0) {
    if (is_traced()) detail::trace_frames(step, frames, peer);
}

// Writes a step with this text, unless it is empty: "makes text: 16 bytes".
inline void trace_text(const char* step, std::string_view text) {
    if (is_traced() && !text.empty()) detail::trace_text(step, text);
}

}  // namespace chatd
