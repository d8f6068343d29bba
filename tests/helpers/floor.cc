// The floor of the benchmark: the least that any chat server of one process can do. It takes what
// has come from all clients, and writes it as one batch to every socket. It has no names, and it
// never waits: a client that does not take a batch at once misses the rest of it.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kBacklog = 65535;

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

int listen_on(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd, kBacklog) != 0) {
        die("listen");
    }
    return fd;
}

void send_batch(int fd, std::string_view batch) {
    // A client that has gone is found out by reading.
    (void)::send(fd, batch.data(), batch.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void take_up(int epoll, int listener, std::vector<int>& clients) {
    for (;;) {
        const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        if (fd < 0) return;
        const int on = 1;
        if (::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) die("setsockopt");
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
        clients.push_back(fd);
        send_batch(fd, "in\n");
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("Usage: floor PORT\n", stderr);
        return 64;
    }
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) die("getrlimit");
    descriptors.rlim_cur = descriptors.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &descriptors) != 0) die("setrlimit");

    const int listener = listen_on(static_cast<std::uint16_t>(std::atoi(argv[1])));
    const int epoll = ::epoll_create1(0);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = listener;
    if (epoll < 0 || ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0) die("epoll");

    std::vector<int> clients;
    std::array<epoll_event, 1024> events;
    std::array<char, 64 * 1024> buffer;
    std::string batch;
    for (;;) {
        const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < ready; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener) {
                take_up(epoll, listener, clients);
                continue;
            }
            const ssize_t bytes = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (bytes > 0) {
                batch.append(buffer.data(), static_cast<std::size_t>(bytes));
            } else if (bytes == 0 || errno != EAGAIN) {
                std::erase(clients, fd);
                ::close(fd);
            }
        }
        if (batch.empty()) continue;
        for (const int fd : clients) send_batch(fd, batch);
        batch.clear();
    }
}
