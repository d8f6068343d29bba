// The wakeup: a worker that waits for the broker in vain wakes the parent with it. It carries no
// data, not even which worker it was.
#pragma once

#include "sys/fd.h"

namespace chatd {

// Readable (poll(2)) from the first wake() until clear_wakeup(). Throws SetupError.
[[nodiscard]] UniqueFd make_wakeup();

// Neither waits nor fails.
void wake(int wakeup);
void clear_wakeup(int wakeup);

}  // namespace chatd
