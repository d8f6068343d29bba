#include "sys/metrics_socket.h"

#include <fcntl.h>
#include <sys/socket.h>

namespace chatd {
namespace {

// The directory stays open: its path may be out of reach for the user that this process becomes.
SocketFile listen_in_any_directory(const std::string& path, const std::optional<User>& new_user) {
    const std::size_t name_begin = path.rfind('/') + 1;  // npos + 1 is 0
    const std::string directory = name_begin == 0 ? "." : path.substr(0, name_begin);
    UniqueFd opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.valid()) {
        throw system_error("--metrics: the directory of " + path, ExitStatus::BadDirectory);
    }
    return listen_at(path, "--metrics", std::move(opened), new_user);
}

// Sends the text and the end. The caller keeps the socket open until the reader closes: otherwise
// the request that the reader may still send would fail, or take the text away.
bool answer(int reader, const std::string& text) {
    // The kernel counts more than the bytes (socket(7), SO_SNDBUF). If it grants less, send_some()
    // sends less.
    const int room = static_cast<int>(4 * text.size());
    (void)::setsockopt(reader, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    const IoResult sent = send_some(reader, text);
    (void)::shutdown(reader, SHUT_WR);  // It fails when the reader is gone.
    return sent.status == IoStatus::Closed || sent.bytes == text.size();
}

}  // namespace

MetricsSocket::MetricsSocket(const std::string& path, const std::optional<User>& new_user)
    : file_(listen_in_any_directory(path, new_user)) {}

std::array<pollfd, MetricsSocket::kPolls> MetricsSocket::polls() const {
    std::array<pollfd, kPolls> polls{};
    polls[0] = {rest_.is_on() ? -1 : file_.fd(), POLLIN, 0};
    // No event is asked for: the kernel still reports that a reader has closed.
    for (std::size_t i = 0; i < readers_.size(); ++i) polls[1 + i] = {readers_[i].get(), 0, 0};
    return polls;
}

bool MetricsSocket::turn(std::span<const pollfd> polled, const std::function<std::string()>& text) {
    for (std::size_t i = 0; i < readers_.size(); ++i) {
        if (polled[1 + i].revents != 0) readers_[i].reset();
    }
    (void)rest_.ends_now(Clock::now());
    return (polled[0].revents & POLLIN) == 0 || answer_readers(text());
}

// A new reader takes the place of the oldest one.
bool MetricsSocket::answer_readers(const std::string& text) {
    bool had_room = true;
    for (std::size_t i = 0; i < readers_.size(); ++i) {
        UniqueFd reader(::accept4(file_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!reader.valid()) {
            if (errno != EAGAIN && errno != EINTR) rest_.begin(Clock::now());
            break;
        }
        had_room &= answer(reader.get(), text);
        readers_[next_] = std::move(reader);
        next_ = (next_ + 1) % readers_.size();
    }
    return had_room;
}

}  // namespace chatd
