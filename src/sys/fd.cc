#include "sys/fd.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <vector>

#include "base/trace.h"

namespace chatd {
namespace {

IoResult result_of(ssize_t bytes) {
    if (bytes > 0) return {IoStatus::Done, static_cast<std::size_t>(bytes)};
    // A shortage passes as a full buffer does. After any other error the peer is out of reach.
    const bool passes = errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM;
    return {bytes < 0 && passes ? IoStatus::WouldBlock : IoStatus::Closed, 0};
}

IoResult received(ssize_t bytes) {
    return bytes == 0 ? IoResult{IoStatus::Ended, 0} : result_of(bytes);
}

}  // namespace

void UniqueFd::reset(int fd) {
    const int old = std::exchange(fd_, fd);
    if (old < 0) return;
    const int saved = errno;
    (void)::close(old);  // Linux closes it whatever this returns.
    errno = saved;
}

IoResult receive(int socket, std::span<char> buffer) {
    return received(::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT));
}

IoResult peek(int socket, std::span<char> buffer) {
    return received(::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_PEEK));
}

IoResult send_some(int socket, std::string_view bytes) {
    return result_of(::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
}

IoResult send_some(int socket, std::span<iovec> pieces) {
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    return result_of(::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

IoStatus send_from(int socket, std::string& buffer) {
    while (!buffer.empty()) {
        const IoResult sent = send_some(socket, buffer);
        if (sent.status != IoStatus::Done) return sent.status;
        buffer.erase(0, sent.bytes);
    }
    return IoStatus::Done;
}

std::size_t unread_bytes(int socket) {
    int bytes = 0;
    if (::ioctl(socket, FIONREAD, &bytes) != 0) throw system_error("ioctl");
    return static_cast<std::size_t>(bytes);
}

void set_inheritable(int fd, bool inheritable) {
    if (::fcntl(fd, F_SETFD, inheritable ? 0 : FD_CLOEXEC) != 0) throw system_error("fcntl");
}

void keep_only(std::initializer_list<int> fds) {
    std::vector<int> kept(fds);
    kept.insert(kept.end(), {STDERR_FILENO, trace_fd()});
    std::sort(kept.begin(), kept.end());
    for (std::size_t i = 0; i < kept.size(); ++i) {
        if (kept[i] < STDERR_FILENO) continue;
        const auto first = static_cast<unsigned>(kept[i] + 1);
        const auto last = i + 1 < kept.size() ? static_cast<unsigned>(kept[i + 1] - 1) : UINT_MAX;
        if (first <= last && ::close_range(first, last, 0) != 0) throw system_error("close_range");
    }
}

void open_standard_streams() {
    int fd;
    do {
        fd = ::open("/dev/null", O_RDWR);
        if (fd < 0) throw system_error("/dev/null");
    } while (fd <= STDERR_FILENO);
    (void)::close(fd);
}

void let_go_of_stdin_and_stdout() {
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null.valid()) throw system_error("/dev/null");
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO}) {
        if (::dup2(null.get(), stream) < 0) throw system_error("dup2");
    }
}

void unblock_stderr() {
    struct stat status {};
    if (::fstat(STDERR_FILENO, &status) != 0) return;
    // Writing to a file never blocks, and a socket cannot be opened anew.
    if (!S_ISCHR(status.st_mode) && !S_ISFIFO(status.st_mode)) return;
    const UniqueFd own(::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (own.valid()) (void)::dup2(own.get(), STDERR_FILENO);
}

}  // namespace chatd
