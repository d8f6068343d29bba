// Shows where select(2) ends: an fd_set has room for the descriptors 0 to 1023, and a larger number
// would be written behind it. The C library's check ends the process that tries.
#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 2  // the check, in builds without it too
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace {

// Waits with select(2) for a descriptor of this number that can be read, in a child.
void try_number(int number) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0 || ::write(ends[1], "x", 1) != 1) ::_exit(1);
        if (::dup2(ends[0], number) != number) ::_exit(1);
        if (::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(1);
        fd_set set;
        FD_ZERO(&set);
        FD_SET(number, &set);
        ::_exit(::select(number + 1, &set, nullptr, nullptr, nullptr) == 1 ? 0 : 1);
    }
    int status = 0;
    if (pid < 0 || ::waitpid(pid, &status, 0) != pid) return std::perror("fork");
    std::printf("descriptor %d: ", number);
    if (WIFSIGNALED(status)) std::printf("FD_SET ends the process, signal %d\n", WTERMSIG(status));
    if (WIFEXITED(status)) {
        std::puts(WEXITSTATUS(status) == 0 ? "select returns 1" : "cannot be tried");
    }
}

}  // namespace

int main() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 2048);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
    std::printf("FD_SETSIZE %d, sizeof(fd_set) %zu bytes\n", FD_SETSIZE, sizeof(fd_set));
    (void)std::fflush(stdout);
    for (const int number : {FD_SETSIZE - 1, FD_SETSIZE}) {
        try_number(number);
        (void)std::fflush(stdout);
    }
    return 0;
}
