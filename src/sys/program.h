// The program that this process runs, by the name with which it was started; for executing the new
// program that lies there now.
#pragma once

#include "sys/fd.h"

namespace chatd {

// The directory in which the shell found `argv0`; invalid when that is unknown. Call it before this
// process gives up privileges, because the directory may be out of reach without them.
[[nodiscard]] UniqueFd directory_of_program(const char* argv0);

// Executes argv[0], found as the shell found it; or, when that path is out of reach for the present
// user, found in `directory` (execveat(2); -1: not there). Returns only on failure, with errno.
void execute_program(char** argv, int directory);

}  // namespace chatd
