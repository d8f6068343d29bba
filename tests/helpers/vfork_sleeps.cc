// Shows the state D: the parent of a vfork(2) waits in it until its child executes a program or
// ends, and this child does neither. It ends after a minute at the latest.
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

int main() {
    // vfork(2) is clone(2) with CLONE_VFORK and CLONE_VM. Without CLONE_VM the child has memory of
    // its own and may do what it likes.
    const long pid = ::syscall(SYS_clone, CLONE_VFORK | SIGCHLD, nullptr, nullptr, nullptr, 0);
    if (pid == 0) {
        if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) ::_exit(1);
        ::alarm(60);
        ::pause();
        ::_exit(0);
    }
    if (pid < 0) std::perror("clone");
    return pid < 0 ? 1 : 0;
}
