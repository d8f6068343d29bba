// Processes as the system shows them, read from /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chatd::test {

struct Process {
    pid_t pid = 0;
    pid_t ppid = 0;
    pid_t pgrp = 0;
    char state = '?';     // R, S, D, Z, ...
    std::string comm;     // what ps -o comm and pstree show
    std::string cmdline;  // what ps -o args shows; words are separated by a space
};

// Nothing when there is no such process.
[[nodiscard]] std::optional<Process> process(pid_t pid);

// What it has used of the processor, in clock ticks; the most memory it ever had, in KiB.
[[nodiscard]] std::uint64_t processor_ticks(pid_t pid);
[[nodiscard]] std::uint64_t peak_memory_kib(pid_t pid);

// Everything that runs now, by pid.
[[nodiscard]] std::vector<Process> all_processes();

// The children of `pid`; its children, theirs, and so on. By pid, without itself.
[[nodiscard]] std::vector<Process> children(pid_t pid);
[[nodiscard]] std::vector<Process> processes(pid_t root);

}  // namespace chatd::test
