#include "chat/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/bounds.h"
#include "sys/error.h"

namespace chatd {
namespace {

// xterm's bracketed paste mode.
constexpr std::string_view kTakeSequence = "\x1b[?2004h";
// Ends that and a synchronized update, wraps lines again (DECAWM), paints nothing, and leaves an
// empty row.
constexpr std::string_view kGiveBackSequence = "\x1b[?2004l\x1b[?2026l\x1b[?7h\x1b[0m\r\x1b[J";

// What a signal handler has to know, which cannot be told otherwise.
termios before;
volatile sig_atomic_t is_taken = 0;
volatile sig_atomic_t output_fd = STDOUT_FILENO;

constexpr std::array kDeadly = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGQUIT};

bool takes_bytes(int fd) {
    pollfd ready{fd, POLLOUT, 0};
    return ::poll(&ready, 1, static_cast<int>(kLastBytesTime.count())) == 1;
}

// Calls only what signal-safety(7) allows. Whatever fails here, there is nothing else to try.
// Nothing waits for long: not for a terminal that takes no bytes, and not (as TCSADRAIN would)
// until it has shown them.
void restore() {
    if (is_taken == 0) return;
    is_taken = 0;
    if (takes_bytes(output_fd)) {
        [[maybe_unused]] const ssize_t written =
            ::write(output_fd, kGiveBackSequence.data(), kGiveBackSequence.size());
    }
    (void)::tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

// The signal has its default action again (SA_RESETHAND): the process dies of it.
void die(int signal) {
    restore();
    (void)::raise(signal);
}

void handle_deadly_signals() {
    // A handler needs a stack of its own when the usual one has overflowed.
    static std::array<char, 16 * 1024> stack;
    const stack_t other{.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
    if (::sigaltstack(&other, nullptr) != 0) throw system_error("sigaltstack");
    struct sigaction action {};
    action.sa_handler = die;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
    for (const int signal : kDeadly) {
        if (::sigaction(signal, &action, nullptr) != 0) throw system_error("sigaction");
    }
}

termios raw(termios mode) {
    ::cfmakeraw(&mode);
    mode.c_oflag |= OPOST | ONLCR;  // lines still end with LF alone
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    return mode;
}

}  // namespace

// What stdout is belongs to whoever started this program, who may have it open too: so it stays as
// it is, and an own opening of the same terminal does not wait.
Terminal::Terminal()
    : own_(::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)),
      output_(own_.valid() ? own_.get() : STDOUT_FILENO) {
    if (::tcgetattr(STDIN_FILENO, &before) != 0) throw system_error("terminal");
    output_fd = output_;
    handle_deadly_signals();
    take();
}

Terminal::~Terminal() {
    restore();
}

void Terminal::give_back() {
    restore();
}

void Terminal::take() {
    is_taken = 1;
    const termios mode = raw(before);
    // A terminal that hangs up meanwhile tells so by the next read.
    (void)::tcsetattr(STDIN_FILENO, TCSANOW, &mode);
    std::string sequence(kTakeSequence);
    write(sequence);
}

bool Terminal::read(std::string& bytes) const {
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(input(), buffer.data(), buffer.size());
    if (count > 0) bytes.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

void Terminal::write(std::string& bytes) const {
    while (!bytes.empty()) {
        const ssize_t count = ::write(output_, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return;
        bytes.erase(0, count < 0 ? bytes.size() : static_cast<std::size_t>(count));
    }
}

void Terminal::write_last(std::string& bytes) const {
    do {
        write(bytes);
    } while (!bytes.empty() && takes_bytes(output_));
}

std::size_t Terminal::columns() const {
    constexpr std::size_t kUnknown = 80;
    winsize size{};
    if (::ioctl(output_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUnknown;
    return size.ws_col;
}

}  // namespace chatd
