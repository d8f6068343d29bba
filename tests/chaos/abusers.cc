#include "chaos/abusers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/bounds.h"
#include "support/fd.h"

namespace chatd::test {
namespace {

constexpr int kPauseMs = 20;
constexpr int kWhileMs = 2000;  // how long a connection is abused, at most
constexpr int kConnections = 300;

class Abuser {
  public:
    Abuser(std::uint16_t port, unsigned number) : port_(port), number_(number) {}

    [[noreturn]] void run() {
        for (unsigned round = number_;; ++round) (this->*kKinds[round % kKinds.size()])();
    }

  private:
    using Kind = void (Abuser::*)();
    static const std::array<Kind, 12> kKinds;

    // Fills the log with private words, and is gone while lines of it still wait for their turn.
    void whisper() {
        const std::string name = next_name();
        Fd fd = connected();
        send(fd, name + '\n');
        for (int i = 0; i < 50; ++i) send(fd, "/msg " + name + ' ' + std::string(4000, 'x') + '\n');
        drain(fd, kWhileMs);
        reset(fd);
    }

    // A log of private words is looked through for what was said to all.
    void ask_for_history() {
        Fd fd = entered();
        for (int i = 0; i < 50; ++i) send(fd, "/history 1000\n");
        drain(fd, kWhileMs);
    }

    void rename() {
        Fd fd = entered();
        for (int i = 0; i < 50; ++i) send(fd, "/nick " + next_name() + '\n');
        drain(fd, kWhileMs);
        reset(fd);
    }

    // Each byte of these lines becomes three, as a name and as private words.
    void send_bad_bytes() {
        const std::string name = next_name();
        const std::string begin = "/msg " + name + ' ';
        Fd fd = connected();
        send(fd, std::string(kLineBytesMax, '\xC1') + '\n');
        drain(fd, kPauseMs);
        send(fd, name + '\n');
        for (int i = 0; i < 20; ++i) {
            send(fd, begin + std::string(kLineBytesMax - begin.size(), '\xC1') + '\n');
        }
        drain(fd, kWhileMs);
    }

    // One bad name less than the server takes for an attack.
    void guess_names() {
        for (int i = 0; i < 10; ++i) {
            Fd fd = connected();
            for (int tries = 1; tries < kLoginAttemptsMax; ++tries) {
                send(fd, "no name\n");
                drain(fd, kPauseMs);
            }
            reset(fd);
        }
    }

    void ask_without_a_name() {
        Fd fd = connected();
        for (int i = 0; i < 200; ++i) send(fd, "/lang en\n");
        drain(fd, kWhileMs);
        reset(fd);
    }

    void speak_http() {
        for (int i = 0; i < 30; ++i) send(connected(), "GET / HTTP/1.1\r\nHost: chat\r\n\r\n");
    }

    void connect_and_say_nothing() {
        std::array<Fd, 50> fds;
        for (Fd& fd : fds) fd = connected();
        (void)poll(nullptr, 0, kPauseMs);
    }

    // More than one address may have, all at once, and some of them with a name.
    void crowd_in() {
        std::vector<Fd> fds;
        for (int i = 0; i < kConnections; ++i) {
            fds.push_back(connected());
            if (i % 4 == 0) send(fds.back(), next_name() + '\n');
        }
        (void)poll(nullptr, 0, kWhileMs);
    }

    // They ask for much and read none of it.
    void stop_reading() {
        std::array<Fd, 100> fds;
        for (Fd& fd : fds) {
            fd = entered();
            for (int i = 0; i < 20; ++i) send(fd, "/history 1000\n/who\n");
        }
        (void)poll(nullptr, 0, kWhileMs);
        for (Fd& fd : fds) reset(fd);
    }

    // Says something in each line, and is gone while most of them wait for their turn.
    void fill_the_socket() {
        Fd fd = entered();
        const std::string lines = "a\n" + std::string(kLineBytesMax / 2, 'b') + '\n';
        for (int i = 0; i < 1000 && send(fd, lines); ++i) continue;
        (void)poll(nullptr, 0, kPauseMs);
        reset(fd);
    }

    void come_and_go() {
        for (int i = 0; i < 10; ++i) {
            Fd fd = connected();
            send(fd, next_name() + "\n/quit\n");
            drain(fd, kWhileMs);
        }
    }

    std::string next_name() {
        return "abuser" + std::to_string(number_) + 'x' + std::to_string(++names_);
    }

    Fd entered() {
        Fd fd = connected();
        send(fd, next_name() + '\n');
        return fd;
    }

    // Not open when the server cannot be reached.
    [[nodiscard]] Fd connected() const {
        Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in own{};
        own.sin_family = AF_INET;
        own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + number_);
        sockaddr_in server = own;
        server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        server.sin_port = htons(port_);
        const bool is_connected =
            bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0 &&
            connect(fd.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0;
        if (!is_connected) (void)poll(nullptr, 0, kPauseMs);
        set_nonblocking(fd.get());
        return fd;
    }

    // What does not go out at once is lost. Did all go out?
    static bool send(const Fd& fd, const std::string& bytes) {
        const ssize_t sent = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        return sent == static_cast<ssize_t>(bytes.size());
    }

    // Reads until the server closes, or nothing comes for so long.
    static void drain(const Fd& fd, int silence_ms) {
        std::array<char, 65536> bytes;
        for (int reads = 0; reads < 1000; ++reads) {
            pollfd wait{fd.get(), POLLIN, 0};
            if (poll(&wait, 1, silence_ms) != 1) return;
            if (recv(fd.get(), bytes.data(), bytes.size(), 0) <= 0) return;
        }
    }

    static void reset(Fd& fd) {
        const linger at_once{1, 0};
        (void)setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        fd.reset();
    }

    std::uint16_t port_;
    unsigned number_;
    unsigned names_ = 0;
};

// Those that use up what an address may connect stand last.
constexpr std::array<Abuser::Kind, 12> Abuser::kKinds = {
    &Abuser::whisper,      &Abuser::ask_for_history,         &Abuser::rename,
    &Abuser::stop_reading, &Abuser::fill_the_socket,         &Abuser::send_bad_bytes,
    &Abuser::guess_names,  &Abuser::ask_without_a_name,      &Abuser::come_and_go,
    &Abuser::speak_http,   &Abuser::connect_and_say_nothing, &Abuser::crowd_in};

}  // namespace

Abusers::Abusers(std::uint16_t port, unsigned count) {
    const pid_t parent = getpid();
    for (unsigned i = 0; i < count; ++i) {
        const pid_t pid = fork();
        if (pid < 0) throw std::runtime_error("fork");
        if (pid > 0) {
            pids_.push_back(pid);
            continue;
        }
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(1);
        gate_.write.reset();
        char none = 0;
        if (read(gate_.read.get(), &none, 1) != 0) _exit(1);
        Abuser(port, i).run();
    }
}

void Abusers::begin() {
    gate_.write.reset();
}

void Abusers::stop() {
    for (const pid_t pid : pids_) (void)kill(pid, SIGKILL);
    for (const pid_t pid : pids_) (void)waitpid(pid, nullptr, 0);
    pids_.clear();
}

}  // namespace chatd::test
