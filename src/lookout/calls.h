// The names of system calls in which processes of chatd wait. The kernel tells numbers only. This
// file must never make a system call itself.
#pragma once

#include <string>

namespace chatd {

// Its name, as in syscalls(2); its number when it is none of those.
[[nodiscard]] std::string call_name(int number);

}  // namespace chatd
