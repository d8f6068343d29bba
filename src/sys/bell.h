// The bell: any worker rings it, the parent hears it. It carries nothing but that somebody rang.
#pragma once

#include "sys/fd.h"

namespace chatd {

// Readable, for poll(2), from the first ring until it is muffled.
[[nodiscard]] UniqueFd make_bell();
void ring(int bell);
void muffle(int bell);

}  // namespace chatd
