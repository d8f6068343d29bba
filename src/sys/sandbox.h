// The sandbox: what a process gives up before it reads what a stranger sent, in case the stranger
// finds an error in chatd and takes the process over.
#pragma once

#include "base/settings.h"
#include "sys/allow_list.h"
#include "sys/privilege.h"

namespace chatd {

// Other processes of this user may not look into this process (PR_SET_DUMPABLE in prctl(2)), unless
// the operator wants it (--inspect), and no program that it or its children execute gives them
// privileges (PR_SET_NO_NEW_PRIVS). The parent cannot give up more, because it executes the next
// program. Throws SetupError.
void seal(const Sandbox& sandbox);

// Seals this process, and limits it for life: no children, no files except those that are open (the
// lookout may read /proc), `descriptors` descriptors (none: two more than are open now), no signals
// to others and no new TCP connections (Landlock, as far as the kernel has that), only the system
// calls of its role (seccomp). Throws SetupError; then the process must end.
void enter_sandbox(const Sandbox& sandbox, Role role, std::optional<std::size_t> descriptors = {});

// Tries, before anything is made, whether this process can become `user`, and whether that user can
// fork children of each role that enter the sandbox, and give a worker its niceness. Throws
// SetupError with the reason when not.
void try_children(const Sandbox& sandbox, std::optional<int> niceness = {},
                  const std::optional<User>& user = {});

}  // namespace chatd
