// The sandbox: what a process of ours gives up before it looks at what a stranger sent. It is there
// for the day on which hostile bytes have made the process theirs.
#pragma once

#include <cstddef>
#include <optional>

#include "base/sandbox_mode.h"
#include "sys/allow_list.h"

namespace chatd {

// Nobody of this user may look into this process (PR_SET_DUMPABLE), and no program that it or its
// children execute gives them anything (PR_SET_NO_NEW_PRIVS). All that the parent can have, for it
// executes the next program.
void seal(SandboxMode mode);

// For life: seals this process, and limits it to one process, the files that are open, so many
// descriptors (none told: one more than now), no signals to others and no new TCP connections
// (Landlock, as far as the kernel's has that), and the system calls of its role (seccomp). Throws
// SetupError when any of that cannot be; then the process must end.
void enter_sandbox(SandboxMode mode, Role role, std::optional<std::size_t> descriptors = {});

// Tries each role in a child. Throws SetupError that says what cannot be.
void try_sandbox(SandboxMode mode);

}  // namespace chatd
