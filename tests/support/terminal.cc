#include "support/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "support/escape.h"
#include "support/wait.h"

namespace chatd::test {

namespace {

// Runs in the child: makes its stdin the terminal of a new session.
void take_terminal() {
    if (::setsid() < 0 || ::ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) throw system_error("terminal");
}

}  // namespace

Terminal::Ends Terminal::open_ends() {
    Fd ours(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!ours.open() || ::grantpt(ours.get()) != 0 || ::unlockpt(ours.get()) != 0) {
        throw system_error("posix_openpt");
    }
    Fd its(::open(::ptsname(ours.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!its.open()) throw system_error("open of a terminal");
    return {std::move(ours), std::move(its)};
}

Terminal::Terminal(std::vector<std::string> argv) : Terminal(std::move(argv), open_ends()) {}

Terminal::Terminal(std::vector<std::string> argv, Ends ends)
    : name_(argv.at(0)),
      keys_(::fcntl(ends.ours.get(), F_DUPFD_CLOEXEC, 0)),
      screen_(std::move(ends.ours), name_),
      child_(Spawn{.argv = std::move(argv),
                   .fds = {{0, ends.its.get()}, {1, ends.its.get()}, {2, ends.its.get()}},
                   .env = {{"TERM", "dumb"}},
                   .before_exec = take_terminal,
                   .own_group = false}) {
    if (!keys_.open()) throw system_error("fcntl");
}

void Terminal::type(std::string_view keys, Where where) {
    const Deadline deadline = soon();
    while (!keys.empty()) {
        const ssize_t typed = ::write(keys_.get(), keys.data(), keys.size());
        if (typed > 0) {
            keys.remove_prefix(static_cast<std::size_t>(typed));
        } else if (errno != EAGAIN || !wait_for(keys_.get(), POLLOUT, deadline)) {
            throw failure(name_ + ": does not read " + escaped(keys.substr(0, 200)), where);
        }
    }
}

// Reads the screen meanwhile, because a program whose terminal is full waits.
int Terminal::wait(Where where) {
    const Deadline deadline = soon();
    for (;;) {
        const bool more = screen_.fd() >= 0 && screen_.fill();
        if (const auto status = child_.status()) return *status;
        std::array<pollfd, 2> waiting{{
            {.fd = child_.pidfd(), .events = POLLIN, .revents = 0},
            {.fd = more ? screen_.fd() : -1, .events = POLLIN, .revents = 0},
        }};
        if (!wait_any(waiting, deadline)) {
            throw failure(name_ + ": does not end, shows " + escaped(pending()), where);
        }
    }
}

}  // namespace chatd::test
