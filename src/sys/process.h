// Birth and death of processes.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

namespace chatd {

// Forks. The child dies with this process, runs `child_main` and ends with what that returns, by
// _exit: nothing of the parent's runs in it. A SetupError in it is said on stderr and is its exit
// status. Returns the child's pid, or -1 with errno. Signals that the child handles otherwise than
// the parent must be blocked.
[[nodiscard]] pid_t fork_child(const std::function<int()>& child_main);

struct Reaped {
    pid_t pid;
    int wait_status;  // as waitpid(2) gives it
};

// A child that has ended and is now gone; nothing when none is left to reap.
[[nodiscard]] std::optional<Reaped> reap_child();

// Tells the scheduler that this process prefers to go on for a while over being first: waking up a
// worker then does not push the broker off its processor (sched(7), SCHED_BATCH).
void prefer_throughput();

// Lets whoever else is ready to run on this processor go first.
void give_way();

// Is there a terminal that this process belongs to, and has not been hung up? When that cannot be
// found out, as without a free descriptor, there is: nobody shuts down on a guess.
[[nodiscard]] bool has_terminal();

// Lets this process have as many descriptors as the hard limit says; returns how many.
std::size_t raise_descriptor_limit();

}  // namespace chatd
