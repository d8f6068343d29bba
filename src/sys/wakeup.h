// The wakeup: any worker rings it, the parent hears it. It carries nothing but that somebody rang.
#pragma once

#include "sys/fd.h"

namespace chatd {

// Readable, for poll(2), from the first ring until it is muffled.
[[nodiscard]] UniqueFd make_wakeup();
void wake(int wakeup);
void clear_wakeup(int wakeup);

}  // namespace chatd
