// Which system calls each role may make, and why; and the program for the kernel that says so.
//
// This file must never make a system call: the lists and the program are values, and tests run the
// program without a kernel.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace chatd {

enum class Role : std::uint8_t { Broker, Worker };

// What an argument must be: one that is an int, or is read like one, for only its lower half is
// looked at. (argument & mask) == value; mask 0: whatever it is.
struct Condition {
    unsigned argument = 0;
    std::uint32_t mask = 0;
    std::uint32_t value = 0;
};

struct AllowedCall {
    int number;
    std::array<Condition, 2> conditions = {};  // both must hold
    const char* why;
};

// By number; a call that stands there twice is allowed when one of the rows allows it. `pid`: of
// the process itself. `link`: the number that the descriptor of a worker's link has, or will have.
[[nodiscard]] std::vector<AllowedCall> allowed_calls(Role role, pid_t pid, std::size_t link);

// The filter of seccomp(2) that allows these calls, sorted as above, and answers `otherwise`, one
// of SECCOMP_RET_*, to any other, and to each one that is made as another machine would make it.
[[nodiscard]] std::vector<sock_filter> filter_program(std::span<const AllowedCall> allowed,
                                                      std::uint32_t otherwise);

}  // namespace chatd
