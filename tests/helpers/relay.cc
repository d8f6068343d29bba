// The limit of the benchmark: chatd's shape with nothing in it, and so its textbook version. A
// parent accepts and forks; each worker copies between its client and the broker; the broker sends
// everybody what came from anybody. No server that forks a process per client can do much better.
//
// It has no log, no rendering, no sandbox, no limits, it tells nobody who comes and goes, and it
// never recovers: a worker that does not take a batch at once misses the rest of it.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Buffer = std::array<char, std::size_t{64} * 1024>;

constexpr int kBacklog = 65535;
constexpr int kYields = 2;

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

// Returns false when the other side has gone. A blocking socket takes everything at once.
bool send_all(int fd, std::string_view bytes) {
    return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
}

// "" when the other side has gone.
std::string_view receive(int fd, Buffer& buffer) {
    const ssize_t bytes = ::recv(fd, buffer.data(), buffer.size(), 0);
    return {buffer.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0};
}

// --- The broker ----------------------------------------------------------------------------------

class Broker {
  public:
    explicit Broker(int listener) : listener_(listener), epoll_(::epoll_create1(0)) {
        if (epoll_ < 0) die("epoll_create1");
        watch(listener_);
    }

    [[noreturn]] void run() {
        for (;;) {
            take_what_comes(-1);
            if (batch_.empty()) continue;
            // Workers that were woken by the last batch go first, so more comes together.
            for (int i = 0; i < kYields; ++i) {
                (void)::sched_yield();
                take_what_comes(0);
            }
            const Clock::time_point begin = Clock::now();
            for (const int link : links_) {
                (void)::send(link, batch_.data(), batch_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            }
            batch_.clear();
            std::this_thread::sleep_for((Clock::now() - begin) / 4);
        }
    }

  private:
    void watch(int fd) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
    }

    void take_what_comes(int timeout_ms) {
        const int ready =
            ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
        for (int i = 0; i < ready; ++i) {
            const int fd = events_[static_cast<std::size_t>(i)].data.fd;
            fd == listener_ ? accept_link() : read(fd);
        }
    }

    void accept_link() {
        const int link = ::accept(listener_, nullptr, nullptr);
        if (link < 0) die("accept");
        watch(link);
        links_.push_back(link);
        parts_.resize(std::max(parts_.size(), static_cast<std::size_t>(link) + 1));
        (void)send_all(link, "in\n");  // A worker that has gone is found out by reading.
    }

    // Only whole lines go into the batch, or two of them would be mixed up.
    void read(int link) {
        std::string& part = parts_[static_cast<std::size_t>(link)];
        const std::string_view bytes = receive(link, buffer_);
        if (bytes.empty()) {
            part.clear();
            std::erase(links_, link);
            ::close(link);
            return;
        }
        part += bytes;
        const std::size_t end = part.rfind('\n') + 1;  // 0 when there is none
        batch_.append(part, 0, end);
        part.erase(0, end);
    }

    int listener_;
    int epoll_;
    std::vector<int> links_;
    std::vector<std::string> parts_;  // by link: the beginning of a line
    std::string batch_;
    std::array<epoll_event, 1024> events_{};
    Buffer buffer_{};
};

// --- A worker ------------------------------------------------------------------------------------

struct Address {
    sockaddr_un of_broker;
    socklen_t size;
};

int connect_to(const Address& address) {
    const int link = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (link < 0 ||
        ::connect(link, reinterpret_cast<const sockaddr*>(&address.of_broker), address.size) != 0) {
        die("connect");
    }
    return link;
}

// Takes the whole lines off `typed`, and has the broker tell them to everybody.
bool say_lines(int link, const std::string& name, std::string& typed) {
    std::string lines;
    std::size_t begin = 0;
    for (std::size_t end; (end = typed.find('\n', begin)) != std::string::npos; begin = end + 1) {
        lines += name;
        lines += " says: ";
        lines.append(typed, begin, end + 1 - begin);
    }
    typed.erase(0, begin);
    return lines.empty() || send_all(link, lines);
}

// Copies in both directions until the client or the broker has gone.
void copy(int client, int link, const std::string& name, std::string& typed, Buffer& buffer) {
    std::array<pollfd, 2> both{{{client, POLLIN, 0}, {link, POLLIN, 0}}};
    while (say_lines(link, name, typed)) {
        if (::poll(both.data(), both.size(), -1) < 0) return;
        if (both[0].revents != 0) {
            const std::string_view bytes = receive(client, buffer);
            if (bytes.empty()) return;
            typed += bytes;
        }
        if (both[1].revents != 0) {
            const std::string_view bytes = receive(link, buffer);
            if (bytes.empty() || !send_all(client, bytes)) return;
        }
    }
}

// The first line of a client is its name. The client is in the room when the broker says so.
void serve(int client, const Address& address) {
    Buffer buffer;
    std::string typed;
    while (typed.find('\n') == std::string::npos) {
        const std::string_view bytes = receive(client, buffer);
        if (bytes.empty()) return;
        typed += bytes;
    }
    const std::string name = typed.substr(0, typed.find('\n'));
    typed.erase(0, name.size() + 1);
    copy(client, connect_to(address), name, typed, buffer);
}

// --- The parent ----------------------------------------------------------------------------------

int listen_to_clients(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // The sockets that are accepted inherit both options.
    if (fd < 0 || ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd, kBacklog) != 0) {
        die("listen");
    }
    return fd;
}

// The kernel chooses the address (unix(7), autobind), and no file is left behind.
int listen_to_workers(Address& address) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    auto* const generic = reinterpret_cast<sockaddr*>(&address.of_broker);
    address.of_broker.sun_family = AF_UNIX;
    address.size = sizeof address.of_broker;
    if (fd < 0 || ::bind(fd, generic, sizeof(sa_family_t)) != 0 || ::listen(fd, kBacklog) != 0 ||
        ::getsockname(fd, generic, &address.size) != 0) {
        die("listen");
    }
    return fd;
}

// fork(2). Without its parent a child is killed.
pid_t fork_named(const char* name) {
    const pid_t pid = ::fork();
    if (pid < 0) die("fork");
    if (pid == 0 && (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::prctl(PR_SET_NAME, name) != 0)) {
        die("prctl");
    }
    return pid;
}

void reap(int) {
    const int error = errno;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    errno = error;
}

// The scheduler is asked for long runs (sched(7)), and for a descriptor for every client.
void prepare() {
    const sched_param parameters{};
    if (::sched_setscheduler(0, SCHED_BATCH, &parameters) != 0) die("sched_setscheduler");
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) die("getrlimit");
    descriptors.rlim_cur = descriptors.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &descriptors) != 0) die("setrlimit");
    struct sigaction action {};
    action.sa_handler = reap;
    action.sa_flags = SA_RESTART;
    if (::sigaction(SIGCHLD, &action, nullptr) != 0) die("sigaction");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("Usage: relay PORT\n", stderr);
        return 64;
    }
    prepare();
    Address address{};
    const int for_workers = listen_to_workers(address);
    if (fork_named("relay-broker") == 0) Broker(for_workers).run();
    ::close(for_workers);
    const int for_clients = listen_to_clients(static_cast<std::uint16_t>(std::atoi(argv[1])));
    for (;;) {
        const int client = ::accept(for_clients, nullptr, nullptr);
        if (client < 0) die("accept");
        if (fork_named("relay-worker") == 0) {
            ::close(for_clients);
            serve(client, address);
            return 0;
        }
        ::close(client);
    }
}
