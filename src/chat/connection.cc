#include "chat/connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "base/bounds.h"

namespace chatd {
namespace {

// Errors begin with this byte, which no address family has.
constexpr char kErrorMark = '\xFF';

void write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

// In the child: writes all addresses, or why there are none.
template <class Address>
void look_up(const std::string& host, const std::string& port, int fd) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
    if (error != 0) {
        const char* const words =
            error == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(error);
        return write_all(fd, kErrorMark + (host + ": ") + words);
    }
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
        Address address{};
        if (one->ai_addrlen > sizeof address.address) continue;
        address.family = one->ai_family;
        address.bytes = one->ai_addrlen;
        std::memcpy(&address.address, one->ai_addr, one->ai_addrlen);
        write_all(fd, {reinterpret_cast<const char*>(&address), sizeof address});
    }
}

}  // namespace

void Connection::open(const std::string& host, const std::string& port, Moment now) {
    close();
    why_.clear();
    give_up_at_ = now + kConnectTime;
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        why_ = std::strerror(errno);
        return;
    }
    lookup_.reset(ends[0]);
    const UniqueFd writing(ends[1]);
    child_ = ::fork();
    if (child_ < 0) why_ = std::strerror(errno);
    if (child_ != 0) return;
    look_up<Address>(host, port, writing.get());
    ::_exit(0);
}

void Connection::close() {
    end_child();
    socket_.reset();
    addresses_.clear();
    is_connected_ = false;
    give_up_at_.reset();
}

void Connection::end_child() {
    lookup_.reset();
    found_.clear();
    if (child_ <= 0) return;
    (void)::kill(child_, SIGKILL);  // it has ended, or may wait for a name server for long
    while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) continue;
    child_ = -1;
}

short Connection::events(bool reads, bool writes) const {
    if (child_ > 0) return POLLIN;
    if (!is_connected_) return POLLOUT;
    return static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
}

Connection::News Connection::go_on(std::string& bytes, Moment now) {
    if (child_ > 0) return read_lookup(now);
    if (!is_connected_) return finish_connect(now);
    std::array<char, kServerReadBytes> buffer;
    const IoResult result = receive(socket_.get(), buffer);
    switch (result.status) {
        case IoStatus::Done: bytes.append(buffer.data(), result.bytes); return News::Received;
        case IoStatus::WouldBlock: return News::None;
        case IoStatus::Ended: why_.clear(); return News::Lost;
        case IoStatus::Closed: why_ = std::strerror(errno); return News::Lost;
    }
    return News::None;
}

Connection::News Connection::read_lookup(Moment now) {
    if (is_due(give_up_at_, now)) {
        why_ = std::strerror(ETIMEDOUT);
        return News::Lost;
    }
    std::array<char, 4096> buffer;
    pollfd ready{lookup_.get(), POLLIN, 0};
    if (::poll(&ready, 1, 0) != 1) return News::None;
    const ssize_t count = ::read(lookup_.get(), buffer.data(), buffer.size());
    if (count > 0) {
        found_.append(buffer.data(), static_cast<std::size_t>(count));
        return News::None;
    }
    const std::string found = std::move(found_);
    end_child();
    if (found.empty() || found.front() == kErrorMark) {
        why_ = found.empty() ? std::strerror(ECHILD) : found.substr(1);
        return News::Lost;
    }
    Address address{};
    for (std::size_t at = 0; at + sizeof address <= found.size(); at += sizeof address) {
        std::memcpy(&address, found.data() + at, sizeof address);
        addresses_.push_back(address);
    }
    return try_next(now);
}

// Begins to connect to the next address that takes that; why_ tells of the last that did not.
Connection::News Connection::try_next(Moment now) {
    while (!addresses_.empty()) {
        const Address address = addresses_.front();
        addresses_.pop_front();
        socket_.reset(::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        give_up_at_ = now + kConnectTime;
        if (!socket_.valid()) {
            why_ = std::strerror(errno);
            continue;
        }
        const auto* const target = reinterpret_cast<const sockaddr*>(&address.address);
        if (::connect(socket_.get(), target, address.bytes) == 0 || errno == EINPROGRESS) {
            return News::None;
        }
        why_ = std::strerror(errno);
    }
    return News::Lost;
}

Connection::News Connection::finish_connect(Moment now) {
    if (!socket_.valid()) return News::Lost;
    if (is_due(give_up_at_, now)) {
        why_ = std::strerror(ETIMEDOUT);
        return try_next(now);
    }
    pollfd ready{socket_.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1) return News::None;
    int error = 0;
    socklen_t bytes = sizeof error;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) error = errno;
    if (error != 0) {
        why_ = std::strerror(error);
        return try_next(now);
    }
    // Each line is short and waits for an answer. A server that has vanished is found by probes, or
    // by what it does not confirm (TCP_USER_TIMEOUT in tcp(7)), which a kernel would send again for
    // a quarter of an hour. A kernel that refuses these only makes the client slower.
    const int on = 1;
    (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    const int idle_s = static_cast<int>(std::chrono::seconds(kKeepaliveIdle).count());
    (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    const int pause_s = static_cast<int>(std::chrono::seconds(kKeepaliveInterval).count());
    (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_KEEPINTVL, &pause_s, sizeof pause_s);
    (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_KEEPCNT, &kKeepaliveProbes,
                       sizeof kKeepaliveProbes);
    const auto unconfirmed_ms =
        static_cast<unsigned>(std::chrono::milliseconds(kServerVanishes).count());
    (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unconfirmed_ms,
                       sizeof unconfirmed_ms);
    is_connected_ = true;
    give_up_at_.reset();
    return News::Connected;
}

void Connection::send(std::string& bytes) {
    if (is_connected_ && !bytes.empty()) (void)send_from(socket_.get(), bytes);
}

}  // namespace chatd
