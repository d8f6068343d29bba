// Standard error, without ever waiting for it.
#pragma once

#include <string_view>

namespace chatd {

// Writes at most PIPE_BUF bytes of `text`, so that lines of several processes do not mix. False:
// the write would block, or failed, and nothing was written. (See unblock_stderr(): poll(2) alone
// is enough only for a socket.)
bool write_stderr(std::string_view text);

}  // namespace chatd
