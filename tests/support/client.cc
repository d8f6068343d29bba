#include "support/client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "support/escape.h"
#include "support/fd.h"
#include "support/wait.h"

namespace chatd::test {

namespace {

void set_option(int fd, int level, int name, int value) {
    if (::setsockopt(fd, level, name, &value, sizeof value) != 0) throw system_error("setsockopt");
}

template <class Address>
void connect_to(int fd, const Address& address) {
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw system_error("connect");
    }
}

Fd connected(std::uint16_t port, Family family, int receive_buffer_bytes) {
    const int domain = family == Family::V4 ? AF_INET : AF_INET6;
    Fd fd(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd.open()) throw system_error("socket");
    // Before connect(2), because the buffer decides which window TCP offers.
    if (receive_buffer_bytes != 0) {
        set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, receive_buffer_bytes);
    }
    if (family == Family::V4) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connect_to(fd.get(), address);
    } else {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(port);
        address.sin6_addr = in6addr_loopback;
        connect_to(fd.get(), address);
    }
    // A text that a test sends in pieces should arrive in pieces.
    set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    return fd;
}

}  // namespace

Client::Client(std::uint16_t port, Family family, int receive_buffer_bytes)
    : reader_(connected(port, family, receive_buffer_bytes), "client") {}

void Client::send(std::string_view text, Where where) {
    const Deadline deadline = soon();
    while (!text.empty()) {
        text.remove_prefix(send_some(text));
        if (!text.empty() && !wait_for(fd(), POLLOUT, deadline)) {
            throw failure("client: nobody takes " + escaped(text.substr(0, 200)), where);
        }
    }
}

void Client::send_line(std::string_view line, Where where) {
    send(std::string(line) + '\n', where);
}

std::size_t Client::send_some(std::string_view text) {
    const ssize_t sent = ::send(fd(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN || errno == EINTR) return 0;
    throw system_error("client: send");
}

void Client::shutdown_write() {
    if (::shutdown(fd(), SHUT_WR) != 0) throw system_error("client: shutdown");
}

void Client::reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    (void)::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

std::uint16_t Client::local_port() const {
    sockaddr_in6 address{};
    socklen_t length = sizeof address;
    if (::getsockname(fd(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        throw system_error("getsockname");
    }
    return ntohs(address.sin6_port);  // at the same place in both families
}

Client join(std::uint16_t port, std::string_view name, Where where) {
    Client client(port);
    client.send_line(name, where);  // who waits is asked for a name
    client.expect("Welcome, " + std::string(name) + ".", where);
    (void)client.line(where);
    // Who is here: many names take several lines.
    while (!client.line(where).ends_with('.')) continue;
    return client;
}

}  // namespace chatd::test
