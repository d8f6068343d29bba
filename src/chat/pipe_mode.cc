#include "chat/pipe_mode.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <utility>

#include "base/bounds.h"
#include "chat/connection.h"
#include "chat/files.h"
#include "chat/session.h"
#include "sys/clock.h"
#include "sys/signals.h"
#include "text/clean.h"

namespace chatd {
namespace {

class Pipe {
  public:
    Pipe(const ChatOptions& options, Paint paint)
        : options_(options),
          log_(options.log_path),
          view_(options.language, paint, utc_offset_s),
          session_({.name = options.name,
                    .plain = options.plain,
                    .once = true,
                    .seed = std::random_device{}()},
                   view_, Clock::now()) {}

    int run();

  private:
    void connect();
    void wait();
    void read_lines();
    void say_lines();
    void say(std::string_view line);
    void look_for_more();
    void read_server();
    void print();
    void fail(std::string why);

    // So many lines are on their way that the server never waits for stdin; more wait in the pipe.
    [[nodiscard]] bool may_say() const {
        return session_.is_in() && !session_.is_leaving() &&
               session_.unanswered() < static_cast<std::size_t>(kLinesAtOnce) &&
               session_.output.size() < kLineBytesMax;
    }

    ChatOptions options_;
    LogFile log_;
    MessageView view_;
    Session session_;
    Connection connection_;
    std::array<pollfd, 2> ready_{};  // stdin, server
    std::string lines_;              // of stdin, not said yet
    bool skips_line_ = false;        // up to its end, because it is too long
    bool stdin_ended_ = false;
    bool stdout_ended_ = false;
    std::string trouble_;  // the first
};

int Pipe::run() {
    Signals::ignore({SIGPIPE});
    while (!session_.is_over()) {
        connect();
        wait();
        read_lines();
        read_server();
        session_.tick(Clock::now());
        say_lines();
        connection_.send(session_.output);
        print();
    }
    print();
    fail(session_.trouble());
    look_for_more();
    if (trouble_.empty()) return 0;
    (void)std::fprintf(stderr, "chat: %s\n", clean_text(trouble_).c_str());
    return 1;
}

void Pipe::connect() {
    const Moment now = Clock::now();
    if (!session_.wants_connection(now)) return;
    session_.connecting();
    connection_.open(options_.host, options_.port, now);
}

void Pipe::wait() {
    ready_[0] = {may_say() && !stdin_ended_ ? STDIN_FILENO : -1, POLLIN, 0};
    ready_[1] = {connection_.fd(), connection_.events(true, !session_.output.empty()), 0};
    const Moment now = Clock::now();
    const auto left = time_until(earliest({session_.deadline(now), connection_.deadline()}), now);
    const timespec timeout = timespec_of(left.value_or(Duration::zero()));
    if (::ppoll(ready_.data(), ready_.size(), left ? &timeout : nullptr, nullptr) > 0) return;
    for (pollfd& fd : ready_) fd.revents = 0;
}

void Pipe::read_lines() {
    if (ready_[0].revents == 0) return;
    std::array<char, kLineBytesMax> buffer;
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count > 0) {
        lines_.append(buffer.data(), static_cast<std::size_t>(count));
        return;
    }
    if (count < 0) fail(std::string("stdin: ") + std::strerror(errno));
    stdin_ended_ = true;
    if (!lines_.empty()) lines_ += '\n';  // the last line may lack its end
}

// Leaves once everything is said.
void Pipe::say_lines() {
    std::size_t begin = 0;
    while (may_say()) {
        const std::size_t end = lines_.find('\n', begin);
        if (end == std::string::npos) break;
        say(std::string_view(lines_).substr(begin, end - begin));
        begin = end + 1;
    }
    lines_.erase(0, begin);
    if (lines_.size() > kLineBytesMax && lines_.find('\n') == std::string::npos) {
        say(lines_);
        lines_.clear();
        skips_line_ = true;
    }
    const bool is_done = stdin_ended_ && lines_.empty() && session_.waiting() == 0;
    if (session_.is_in() && is_done && !session_.is_leaving()) session_.leave(Clock::now());
}

void Pipe::say(std::string_view line) {
    if (std::exchange(skips_line_, false)) return;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_blank(clean_text(line))) return;
    if (line.size() > kLineBytesMax) {
        return fail("a line has more than 4096 bytes, and was not said");
    }
    session_.entered(std::string(line), Clock::now());
}

// Whoever says /quit and then something else may not have meant the end.
void Pipe::look_for_more() {
    pollfd ready{STDIN_FILENO, POLLIN, 0};
    if (!stdin_ended_ && ::poll(&ready, 1, 0) == 1) {
        ready_[0] = ready;
        read_lines();
    }
    if (!is_blank(clean_text(lines_))) fail("what follows /quit was not said");
}

void Pipe::read_server() {
    const Moment now = Clock::now();
    if (ready_[1].revents == 0 && !is_due(connection_.deadline(), now)) return;
    const bool only_writes = (ready_[1].revents & ~POLLOUT) == 0;
    if (only_writes && connection_.is_connected()) return;
    std::string bytes;
    switch (connection_.go_on(bytes, now)) {
        case Connection::News::None: return;
        case Connection::News::Connected: return session_.connected(now);
        case Connection::News::Received: return session_.received(bytes, now);
        case Connection::News::Lost: {
            const std::string& why = connection_.why();
            session_.lost(why.empty() ? words_of(Word::ServerEnded, view_.language()) : why, now);
        }
    }
}

// A reader of stdout that has gone does not keep lines from being said.
void Pipe::print() {
    const std::string trouble = log_.append(without_paint(view_.out));
    if (!trouble.empty()) fail("the log: " + trouble);
    std::string_view rest = view_.out;
    while (!rest.empty() && !stdout_ended_) {
        const ssize_t count = ::write(STDOUT_FILENO, rest.data(), rest.size());
        stdout_ended_ = count <= 0;
        if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
    }
    view_.out.clear();
}

void Pipe::fail(std::string why) {
    if (trouble_.empty()) trouble_ = std::move(why);
}

}  // namespace

int run_pipe(const ChatOptions& options, Paint paint) {
    return Pipe(options, paint).run();
}

}  // namespace chatd
