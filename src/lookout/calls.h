// The names of system calls in which processes of chatd wait. They are those of the machine that
// this was compiled for, and must never be looked up while the server runs.
#pragma once

#include <string>

namespace chatd {

// Its name, as in syscalls(2); its number when it is none of those.
[[nodiscard]] std::string call_name(int number);

}  // namespace chatd
