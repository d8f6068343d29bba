// The lookout: the process that looks at the others, in /proc, and tells the workers that ask. It
// reads /proc and nothing else, and takes no word but the beginning of a name. It sleeps while
// nobody asks.
#pragma once

#include "base/settings.h"
#include "sys/signals.h"
#include "sys/title.h"

namespace chatd {

// Enters the sandbox and serves for ever: the parent kills it. listener: where workers connect, not
// owned. Throws SetupError.
[[noreturn]] void run_lookout(int listener, const Sandbox& sandbox, ProcessTitle& title,
                              const Signals& signals);

}  // namespace chatd
