// The system calls that each role may make, and why; and the filter program for the kernel (BPF)
// that decides so. This file never makes a system call: tests run the program without a kernel.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace chatd {

enum class Role : std::uint8_t { Broker, Worker, Lookout };

// A condition on an argument of a call: (argument & mask) == value. Mask 0: the argument may be
// anything. Only the lower 32 bits are compared, so the kernel must read the argument as an int.
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

// The descriptors that a worker's links to broker and lookout will have.
using LinkFds = std::array<std::size_t, 2>;

// Sorted by number. A call with several rows is allowed when one of them allows it. `pid`: of the
// process itself.
[[nodiscard]] std::vector<AllowedCall> allowed_calls(Role role, pid_t pid, const LinkFds& links);

// The filter for seccomp(2) that allows these calls, sorted as above. Its answer to any other call,
// and to calls with the numbers of another machine, is `otherwise` (SECCOMP_RET_*).
[[nodiscard]] std::vector<sock_filter> filter_program(std::span<const AllowedCall> allowed,
                                                      std::uint32_t otherwise);

}  // namespace chatd
