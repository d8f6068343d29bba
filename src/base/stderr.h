// Standard error, which no process of chatd ever waits for.
#pragma once

#include <string_view>

namespace chatd {

// Writes `text`, at most PIPE_BUF bytes of it, so that lines of several processes do not mix.
// Returns false when nothing was written, because the write would block or failed. (For a pipe or a
// terminal call unblock_stderr() at the start: only for a socket is poll(2) enough.)
bool write_stderr(std::string_view text);

}  // namespace chatd
