// What files below /proc say of a process: proc_pid_stat(5), proc_pid_status(5) and their like. A
// process chooses its own names, so nothing is believed of them but their shape. This file must
// never open a file.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// /proc/PID/stat. Ticks are those of sysconf(_SC_CLK_TCK).
struct ProcStat {
    pid_t pid = 0;
    std::string_view comm;  // the short name, at most 15 bytes of any kind
    char state = '?';
    pid_t ppid = 0;
    pid_t group = 0;
    pid_t session = 0;
    pid_t foreground = 0;  // the group that has the terminal
    std::uint64_t cpu_ticks = 0;
    std::int32_t nice = 0;
    std::uint64_t start_ticks = 0;  // since the machine was started
    std::uint32_t policy = 0;       // a SCHED_ of sched(7)
};

// None: this is not such a file. The result points into `text`.
[[nodiscard]] std::optional<ProcStat> parse_stat(std::string_view text);

// The state as the column STAT of ps(1) has it, such as "SNs+".
[[nodiscard]] std::string stat_as_ps(const ProcStat& stat);

// The number behind `field` in /proc/PID/status, such as "RssAnon"; 0 when there is none.
[[nodiscard]] std::uint64_t number_in_status(std::string_view status, std::string_view field);

// The pids in /proc/PID/task/PID/children: the oldest child first.
[[nodiscard]] std::vector<pid_t> parse_children(std::string_view text);

// The number of the system call in /proc/PID/syscall; none: the process is in none.
[[nodiscard]] std::optional<int> parse_syscall(std::string_view text);

// The name of a worker's client, from the title "chatd: worker alice 192.0.2.7:51234"; of a zombie,
// which has no title, from the short name "chatd:alice". Empty: it has none, or none that a name
// can be.
[[nodiscard]] std::string_view name_in_title(std::string_view title);
[[nodiscard]] std::string_view name_in_comm(std::string_view comm);

}  // namespace chatd
