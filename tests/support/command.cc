#include "support/command.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/escape.h"
#include "support/fd.h"
#include "support/wait.h"

namespace chatd::test {

struct Command::Pipes {
    Pipe in = make_pipe();
    Pipe out = make_pipe();
    Pipe err = make_pipe();
};

namespace {

// Returns how many bytes were taken. All of them when the program has closed its stdin: a program
// need not read everything.
std::size_t write_some(int fd, std::string_view text) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0) return static_cast<std::size_t>(written);
    if (errno == EAGAIN || errno == EINTR) return 0;
    if (errno == EPIPE) return text.size();
    throw system_error("write");
}

// A write to a program that has ended must not end the test.
void ignore_sigpipe() {
    (void)std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

Command::Command(std::vector<std::string> argv, CommandOptions options)
    : Command(std::move(argv), std::move(options), Pipes()) {}

Command::Command(std::vector<std::string> argv, CommandOptions options, Pipes pipes)
    : name_(argv.at(0)),
      takes_(options.takes),
      in_(std::move(pipes.in.write)),
      out_(std::move(pipes.out.read), name_),
      err_(std::move(pipes.err.read), name_ + " (stderr)"),
      child_(Spawn{.argv = std::move(argv),
                   .fds = {{0, pipes.in.read.get()},
                           {1, pipes.out.write.get()},
                           {2, (options.merge_stderr ? pipes.out : pipes.err).write.get()}},
                   .env = std::move(options.env),
                   .before_exec = std::move(options.before_exec)}) {
    ignore_sigpipe();
    set_nonblocking(in_.get());
}

void Command::write(std::string_view text, Where where) {
    const Deadline deadline = soon();
    while (!text.empty()) {
        text.remove_prefix(write_some(in_.get(), text));
        if (!text.empty() && !wait_for(in_.get(), POLLOUT, deadline)) {
            throw failure(name_ + ": does not read " + escaped(text.substr(0, 200)), where);
        }
    }
}

void Command::write_line(std::string_view line, Where where) {
    write(std::string(line) + '\n', where);
}

int Command::wait(Where where) {
    return pump({}, false, where);
}

Command::Result Command::run(std::vector<std::string> argv, std::string_view input,
                             CommandOptions options, Where where) {
    Command command(std::move(argv), std::move(options));
    Result result;
    result.status = command.pump(input, true, where);
    result.out = command.pending();
    result.err = command.err().pending();
    return result;
}

// Writes the input and waits for the end of the program. It reads meanwhile what the program
// prints, because a program whose pipes are full waits for that before it reads or ends.
int Command::pump(std::string_view input, bool then_close, const Where& where) {
    const Deadline deadline = soon() + takes_;
    for (;;) {
        if (input.empty() && then_close) close_stdin();
        const bool out = out_.fill();
        const bool err = err_.fill();
        if (const auto status = child_.status()) {
            out_.fill();
            err_.fill();
            return *status;
        }
        std::array<pollfd, 4> waiting{{
            {.fd = child_.pidfd(), .events = POLLIN, .revents = 0},
            {.fd = out ? out_.fd() : -1, .events = POLLIN, .revents = 0},
            {.fd = err ? err_.fd() : -1, .events = POLLIN, .revents = 0},
            {.fd = input.empty() ? -1 : in_.get(), .events = POLLOUT, .revents = 0},
        }};
        if (!wait_any(waiting, deadline)) {
            throw failure(name_ + ": does not end, printed " + escaped(pending()) + " and " +
                              escaped(err_.pending()),
                          where);
        }
        if (waiting[3].revents != 0) input.remove_prefix(write_some(in_.get(), input));
    }
}

}  // namespace chatd::test
