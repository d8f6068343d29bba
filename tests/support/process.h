// Processes, as /proc shows them.
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
    std::string comm;     // as ps -o comm and pstree show it
    std::string cmdline;  // as ps -o args shows it, with a space between words
};

// None when there is no such process.
[[nodiscard]] std::optional<Process> process(pid_t pid);

// The processor time that the process has used, in clock ticks; the most memory that it ever had,
// in KiB. Both throw when there is no such process.
[[nodiscard]] std::uint64_t processor_ticks(pid_t pid);
[[nodiscard]] std::uint64_t peak_memory_kib(pid_t pid);

// All processes that run now, in the order of their pids.
[[nodiscard]] std::vector<Process> all_processes();

// The children of a process; all its descendants. In the order of their pids, without the process.
[[nodiscard]] std::vector<Process> children(pid_t pid);
[[nodiscard]] std::vector<Process> processes(pid_t root);

}  // namespace chatd::test
