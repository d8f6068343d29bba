// A local socket by hand: `local_socket listen PATH` binds and waits for one who connects,
// `local_socket connect PATH TEXT` connects and sends the text. Both print who is at the other end,
// as the kernel knows it (SO_PEERCRED in unix(7)), and how many bytes come until that end closes.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace {

int fail(const char* what) {
    std::perror(what);
    return 1;
}

int show_other_end(int fd) {
    ucred other{};
    socklen_t size = sizeof other;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &size) != 0) return fail("getsockopt");
    std::printf("SO_PEERCRED: pid %d, uid %u, gid %u\n", other.pid, other.uid, other.gid);
    (void)std::fflush(stdout);
    std::array<char, 4096> bytes{};
    for (;;) {
        const ssize_t count = ::read(fd, bytes.data(), bytes.size());
        if (count < 0) return fail("read");
        std::printf("read: %zd bytes\n", count);
        if (count == 0) return 0;
    }
}

}  // namespace

int main(int argc, char** argv) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (argc < 3 || std::strlen(argv[2]) >= sizeof address.sun_path) return 64;
    std::strcpy(address.sun_path, argv[2]);
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) return fail("socket");
    if (argv[1] == std::string_view("connect") && argc == 4) {
        if (::connect(fd, to, sizeof address) != 0) return fail("connect");
        if (::write(fd, argv[3], std::strlen(argv[3])) < 0) return fail("write");
        return show_other_end(fd);
    }
    if (::bind(fd, to, sizeof address) != 0) return fail("bind");
    if (::listen(fd, 1) != 0) return fail("listen");
    std::puts("listening");
    (void)std::fflush(stdout);
    const int other = ::accept(fd, nullptr, nullptr);
    return other >= 0 ? show_other_end(other) : fail("accept");
}
