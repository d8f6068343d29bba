// The program that this process runs, as whoever started it named it; for executing what has come
// in its place.
#pragma once

#include "sys/fd.h"

namespace chatd {

// The directory in which the shell found argv[0]; invalid when that cannot be said. Opened while
// this process may still go there: privileges that it gives up may have opened the way.
[[nodiscard]] UniqueFd directory_of_program(const char* argv0);

// Executes argv[0], found as the shell found it, or where its name leads no more for whom we have
// become, in this directory (execveat(2)). Returns only when that cannot be, with errno.
void execute_program(char** argv, int directory);

}  // namespace chatd
