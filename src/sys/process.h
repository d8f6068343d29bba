// Processes: forking, reaping, executing, scheduling, terminal and limits.
#pragma once

#include <sched.h>
#include <sys/types.h>
#include <unistd.h>

#include <functional>

#include "sys/fd.h"

namespace chatd {

// Forks. The child runs `child_main` and ends by _exit with the result as its exit status, so that
// nothing of the parent runs in it; when the parent dies, the kernel kills the child. The child
// writes an exception to stderr, and its exit status follows from that. Returns the child's pid, or
// -1 with errno. Signals that the child handles otherwise than the parent must be blocked. role:
// what a trace calls the child.
[[nodiscard]] pid_t fork_child(const char* role, const std::function<int()>& child_main);

// What a child did: it ended, was stopped or continued.
struct ChildChange {
    pid_t pid;
    int wait_status;  // as waitpid(2) gives it
};
using Reaped = ChildChange;  // one that has ended

// Takes the next change of this child, or of any child, from the kernel: see waitid(2) for
// `events`. To take an end (WEXITED) reaps the child; with WNOWAIT the change is only looked at.
// None: there is no such change, or no such child. Never waits.
[[nodiscard]] std::optional<ChildChange> child_change(std::optional<pid_t> pid, int events);

// Reaps a child that has ended. None: no child is left to reap.
[[nodiscard]] std::optional<Reaped> reap_child();

// The directory in which the shell found `argv0`; invalid when that is unknown. Call it before this
// process gives up privileges, because the directory may be out of reach without them.
[[nodiscard]] UniqueFd directory_of_program(const char* argv0);

// Opens the program `argv0`, found as the shell found it; or, when that path is out of reach for
// the present user, found in `directory` (-1: not there). The descriptor is good for
// execute_program() alone, and stands for this very file, whatever has its name later. Throws
// SetupError.
[[nodiscard]] UniqueFd open_program(const char* argv0, int directory);

// Opens the program that this process runs. Throws SetupError.
[[nodiscard]] UniqueFd open_own_program();

// Executes an open program (execveat(2)). Returns only on failure, with errno.
void execute_program(int program, char** argv);

// Asks the scheduler to prefer long runs of this process to early ones (sched(7), SCHED_BATCH):
// then a worker that wakes up does not push the broker off its processor. A failure costs only
// speed.
inline void prefer_throughput() {
    const sched_param parameters{};
    (void)::sched_setscheduler(0, SCHED_BATCH, &parameters);
}

// With this niceness (sched(7)) a process gets the smallest share of a processor.
inline constexpr int kNicest = 19;

// Gives this process this niceness: at -20 it gets the largest share of a processor. None: it keeps
// the one that it has. False: errno says why not.
[[nodiscard]] bool try_niceness(std::optional<int> niceness);

// The same, but throws SetupError, which says what a lower niceness needs.
void set_niceness(std::optional<int> niceness);

// Lets this process and its children take this niceness, also when they are not root any more
// (RLIMIT_NICE in setrlimit(2)). Where the system does not let root do that, set_niceness() fails.
void allow_niceness(std::optional<int> niceness);

// Lets other processes that are ready to run on this processor run first. It cannot fail on Linux.
inline void give_way() {
    (void)::sched_yield();
}

// Does this process have a controlling terminal that has not been hung up? True also when that
// cannot be found out, as without a free descriptor: the server must not shut down on a guess.
[[nodiscard]] bool has_terminal();

// Is, or was, this a process of this one's session: its leader, or one that lives? The leader,
// which is the shell, passes SIGHUP on to its jobs when it loses its terminal; so do shells within
// it.
[[nodiscard]] inline bool is_of_this_session(pid_t pid) {
    const pid_t session = ::getsid(0);
    return pid == session || ::getsid(pid) == session;
}

// Raises the limit of descriptors to its hard limit, and returns that. Throws SetupError.
std::size_t raise_descriptor_limit();

}  // namespace chatd
