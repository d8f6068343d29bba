#include "support/death.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/wait.h"

namespace chatd::test {

bool aborts(const std::function<void()>& deed) {
    const pid_t pid = ::fork();
    if (pid < 0) throw system_error("fork");
    if (pid == 0) {
        (void)::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        deed();
        ::_exit(0);
    }
    int status = 0;
    if (::waitpid(pid, &status, 0) != pid) throw system_error("waitpid");
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace chatd::test
