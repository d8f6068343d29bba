// Chatting at a terminal: one loop waits for keys, the server, signals and time, and keeps the
// input row below what is shown.
#pragma once

#include "chat/message_view.h"
#include "chat/options.h"

namespace chatd {

// Chats until the user leaves; stdin and stdout must be a terminal. Returns the exit status. A
// signal that asks the process to end (SIGTERM, SIGHUP) ends it, with the terminal as it was.
// Throws SetupError.
[[nodiscard]] int run_chat(const ChatOptions& options, Paint paint);

}  // namespace chatd
