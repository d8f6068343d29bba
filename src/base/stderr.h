// Standard error, which no process of chatd ever waits for.
#pragma once

#include <string_view>

namespace chatd {

// Writes `text`, at most PIPE_BUF bytes of it, so that lines of several processes do not mix.
// Returns false when nothing was written, because the write would block or failed. poll(2) is
// enough only for a socket: for a pipe or a terminal, call unblock_stderr() at the start.
bool write_stderr(std::string_view text);

}  // namespace chatd
