// Chatting without a terminal: each line of stdin is said, and what happens is written to stdout.
#pragma once

#include "chat/message_view.h"
#include "chat/options.h"

namespace chatd {

// Says each line of stdin and waits until it is said; at the end of stdin it leaves. Returns the
// exit status: 0 when all lines were said, 1 otherwise, with a line on stderr that says why.
// Whether anybody reads stdout makes no difference. Throws SetupError.
[[nodiscard]] int run_pipe(const ChatOptions& options, Paint paint);

}  // namespace chatd
