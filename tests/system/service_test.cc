// chatd as a service: what a service manager passes to it and is told, what monitoring reads, and
// chatd as the first process of a container.
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/settings.h"
#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/fd.h"
#include "support/process.h"
#include "support/reader.h"
#include "support/wait.h"
#include "support/where.h"

using namespace chatd::test;
namespace fs = std::filesystem;

TestSuite(service, .timeout = 60);

namespace {

// --- Counters

Reader connect_to(const std::string& path) {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw system_error("connect");
    }
    return {std::move(fd), "metrics"};
}

// A server with a metrics socket. The socket lies in a directory of chatd's user, because chatd is
// not root any more when it removes the file at the end.
struct Metrics {
    Scratch scratch = {};
    std::string path = scratch.path() + "/metrics.sock";

    [[nodiscard]] DaemonOptions options(DaemonOptions options = {}) const {
        options.args.insert(options.args.end(), {"--metrics", path});
        return options;
    }

    [[nodiscard]] std::string text() const { return connect_to(path).rest(); }

    [[nodiscard]] long value(std::string_view name) const {
        const std::string all = '\n' + text();
        const std::string row = '\n' + std::string(name) + ' ';
        const std::size_t at = all.find(row);
        if (at == std::string::npos) throw std::runtime_error(row + "is not in" + all);
        return std::atol(all.c_str() + at + row.size());
    }

    // Nothing announces when a worker has been reaped.
    void wait_for_value(std::string_view name, long expected) const {
        const Deadline deadline = soon();
        while (value(name) != expected) {
            if (Clock::now() > deadline) {
                throw std::runtime_error(std::string(name) + " does not become " +
                                         std::to_string(expected) + ":\n" + text());
            }
        }
    }
};

// When the broker has answered, everything that was sent before is counted.
void ask_who(Client& client, Where where = Where::here()) {
    const Caller caller(where);
    client.send_line("/who");
    client.expect(" here:\n");
    for (int i = 0; i < 2; ++i) (void)client.line();  // the columns, and somebody
}

// --- The service manager

class Manager {
  public:
    Manager() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::chmod(path().c_str(), 0777) != 0) {
            throw system_error("the socket of a service manager");
        }
    }

    [[nodiscard]] std::string path() const { return scratch_.path() + "/notify"; }

    [[nodiscard]] bool silent() const { return !wait_for(fd_.get(), POLLIN, {}); }

    std::string hear() {
        if (!wait_for(fd_.get(), POLLIN, soon())) throw std::runtime_error("no notice comes");
        std::string notice(4096, '\0');
        const ssize_t bytes = ::recv(fd_.get(), notice.data(), notice.size(), MSG_DONTWAIT);
        if (bytes < 0) throw system_error("recv");
        notice.resize(static_cast<std::size_t>(bytes));
        return notice;
    }

    // The next message of this kind.
    std::string hear(std::string_view beginning) {
        for (;;) {
            const std::string notice = hear();
            if (notice.starts_with(beginning)) return notice;
        }
    }

    [[nodiscard]] DaemonOptions options(DaemonOptions options = {}) const {
        options.env["NOTIFY_SOCKET"] = path();
        return options;
    }

  private:
    Scratch scratch_;
    Fd fd_;
};

void set_own_pid(const char* variable) {
    ::setenv(variable, std::to_string(::getpid()).c_str(), 1);
}

struct TcpSocket {
    Fd fd;
    std::uint16_t port = 0;

    explicit TcpSocket(int family) : fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in6 address{};  // no address and no port, of any family
        address.sin6_family = static_cast<sa_family_t>(family);
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        socklen_t bytes = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        if (::bind(fd.get(), generic, bytes) != 0 || ::listen(fd.get(), 16) != 0 ||
            ::getsockname(fd.get(), generic, &bytes) != 0) {
            throw system_error("listen");
        }
        port = ntohs(address.sin6_port);
    }
};

// A server that gets these sockets as descriptors 3 and following.
DaemonOptions with_sockets(const TcpSocket& one, const TcpSocket& two) {
    return {.port = "1",  // a port that nobody could have; it is ignored
            .env = {{"LISTEN_FDS", "2"}, {"LISTEN_FDNAMES", "one:two"}},
            .before_exec = [] { set_own_pid("LISTEN_PID"); },
            .ready_fd = 5,
            .fds = {{3, one.fd.get()}, {4, two.fd.get()}}};
}

void upgrade(Daemon& daemon, Where where = Where::here()) {
    const Caller caller(where);
    daemon.signal(SIGHUP);
    daemon.wait_log("upgraded to ");
    daemon.wait_log("broker started");
}

}  // namespace

// --- Metrics

Test(service, events_are_counted) {
    const Metrics metrics;
    Daemon daemon(metrics.options({.args = {"--max-clients", "2"}}));
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    alice.send_line("one");
    alice.send_line("/msg bob two");  // a private message does not count
    alice.send_line("three");
    for (int i = 0; i < 3; ++i) (void)bob.line();
    ask_who(alice);
    Client(daemon.port()).expect_line("The chat room is full. Please try again later.");
    EXPECT_EQ(metrics.value("chatd_clients"), 2);
    EXPECT_EQ(metrics.value("chatd_clients_max"), 2);
    EXPECT_EQ(metrics.value("chatd_members"), 2);
    EXPECT_EQ(metrics.value("chatd_messages_total"), 2);
    EXPECT_EQ(metrics.value("chatd_deliveries_total"), 4);
    EXPECT_EQ(metrics.value("chatd_skipped_messages_total"), 0);
    EXPECT_GT(metrics.value("chatd_fan_out_seconds_count"), 0);
    EXPECT_EQ(metrics.value("chatd_worker_forks_total"), 2);
    EXPECT_EQ(metrics.value("chatd_clients_refused_total{reason=\"full\"}"), 1);
    bob.send_line("/quit");
    bob.close();
    metrics.wait_for_value("chatd_worker_exits_total{cause=\"goodbye\"}", 1);
    EXPECT_EQ(metrics.value("chatd_clients"), 1);
    alice.reset();
    metrics.wait_for_value("chatd_worker_exits_total{cause=\"lost\"}", 1);
    metrics.wait_for_value("chatd_members", 0);
    daemon.finish();
    EXPECT_FALSE(fs::exists(metrics.path));
}

// As in /tmp, where a user who is not root removes only its own files.
Test(service, the_socket_of_metrics_is_gone_at_the_end_also_where_others_have_files) {
    const Scratch scratch;
    EXPECT_EQ(::chown(scratch.path().c_str(), ::geteuid(), ::getegid()), 0);
    EXPECT_EQ(::chmod(scratch.path().c_str(), 01777), 0);
    const std::string path = scratch.path() + "/metrics.sock";
    Daemon daemon({"--metrics", path});
    EXPECT_CONTAINS(connect_to(path).expect("chatd_members 0"), "chatd_clients 0");
    daemon.finish();
    EXPECT_FALSE(fs::exists(path));
}

Test(service, penalties_are_counted) {
    const Metrics metrics;
    Daemon daemon(metrics.options({.penalties = true, .env = {{"ASAN_OPTIONS", "handle_segv=0"}}}));
    for (int i = 0; i < 3; ++i) {
        Client mallory(daemon.port());
        mallory.expect("Your name: ");
        const auto workers = children(daemon.pid());
        for (const Process& worker : workers) {
            if (worker.comm == "chatd-worker") ::kill(worker.pid, SIGSEGV);
        }
        (void)mallory.rest();
        metrics.wait_for_value("chatd_penalties_total", i + 1);
    }
    EXPECT_EQ(metrics.value("chatd_worker_exits_total{cause=\"killed\"}"), 3);
    EXPECT_EQ(metrics.value("chatd_penalised_sources"), 1);
    Client waiting(daemon.port());
    waiting.expect("Many connect from your address.");
    EXPECT_EQ(metrics.value("chatd_clients_waiting"), 1);
    daemon.finish();
}

Test(service, counters_outlive_the_broker_and_the_program) {
    const Metrics metrics;
    Daemon daemon(metrics.options());
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const auto say = [&](const std::string& text) {
        alice.send_line(text);
        bob.expect_line("alice says: " + text);
        ask_who(alice);
    };
    say("one");
    ::kill(daemon.broker(), SIGKILL);
    say("two");
    EXPECT_EQ(metrics.value("chatd_broker_restarts_total"), 1);
    EXPECT_EQ(metrics.value("chatd_deliveries_total"), 4);
    upgrade(daemon);
    say("three");
    EXPECT_EQ(metrics.value("chatd_broker_restarts_total"), 1);
    EXPECT_EQ(metrics.value("chatd_worker_forks_total"), 2);
    EXPECT_EQ(metrics.value("chatd_members"), 2);
    EXPECT_EQ(metrics.value("chatd_messages_total"), 3);
    EXPECT_EQ(metrics.value("chatd_deliveries_total"), 6);
    daemon.finish();
    EXPECT_FALSE(fs::exists(metrics.path));
}

Test(service, usual_programs_read_the_metrics) {
    const Metrics metrics;
    Daemon daemon(metrics.options());
    const Command::Result curl = Command::run(
        {"curl", "-sS", "--http0.9", "--unix-socket", metrics.path, "http://chatd/metrics"});
    EXPECT_EQ(curl.status, 0);
    EXPECT_EQ(curl.out, metrics.text());
    EXPECT_CONTAINS(Command::run({"nc", "-U", metrics.path}, "hello\n").out, "chatd_clients 0\n");
    daemon.finish();
}

Test(service, the_socket_of_another_server_is_not_taken) {
    const Metrics metrics;
    Daemon daemon(metrics.options());
    const Scratch scratch;
    const Command::Result second =
        run_to_end({"-p", "0", "--run-dir", scratch.path() + "/run", "--metrics", metrics.path});
    EXPECT_EQ(second.status, 69);
    EXPECT_CONTAINS(second.err, "in use by another chatd; choose another --metrics");
    EXPECT_EQ(metrics.value("chatd_clients"), 0);
    daemon.finish();
}

// --- SIGUSR1

Test(service, the_status_is_logged_whatever_the_level) {
    Daemon daemon({"--log-level", "error"});
    Client alice = join(daemon.port(), "alice");
    alice.send_line("hello");
    // The broker counts what it has sent once it is sent, and takes the second question after that.
    ask_who(alice);
    ask_who(alice);
    daemon.signal(SIGUSR1);
    daemon.wait_log("]: status: 1 client, 1 member, 1 message, 1 delivery, 0 skipped");
    daemon.wait_log("]: status: 1 fork, 0 broker restarts, 0 penalised addresses");
    daemon.wait_log("]: status: workers ended: none");
    daemon.wait_log("]: status: clients refused: none");
    daemon.finish();
}

Test(service, a_signal_to_all_that_is_called_chatd_ends_nobody) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client login(daemon.port());
    login.expect("Your name: ");
    ask_who(alice);
    for (const Process& process : processes(daemon.pid())) ::kill(process.pid, SIGUSR1);
    daemon.signal(SIGUSR1);
    daemon.wait_log("]: status: 2 clients");
    login.send_line("bob");
    login.expect("Welcome, bob.");
    alice.expect_line("bob entered the chat room");
    Client newcomer(daemon.port());
    newcomer.expect("Your name: ");
    daemon.signal(SIGTERM);
    newcomer.expect("The server is shutting down.");
    for (Client* const client : {&alice, &login, &newcomer}) client->close();
    EXPECT_EQ(daemon.wait(), 0);
    daemon.expect_nothing_left();
}

// --- The service manager

Test(service, a_service_manager_is_told_of_the_beginning_and_of_the_end) {
    Manager manager;
    Daemon daemon(manager.options());
    EXPECT_EQ(manager.hear(), "READY=1\nSTATUS=0 clients, 0 members");
    daemon.signal(SIGTERM);
    EXPECT_EQ(manager.hear(), "STOPPING=1");
    EXPECT_EQ(daemon.wait(), 0);
    EXPECT_TRUE(manager.silent());
    daemon.expect_nothing_left();
}

Test(service, a_service_manager_is_told_how_many_are_there) {
    Manager manager;
    Daemon daemon(manager.options());
    Client alice = join(daemon.port(), "alice");
    (void)manager.hear("READY=1");
    // The status is sent once a second at most, and only when the parent is awake anyway.
    const Deadline deadline = soon();
    while (manager.silent() && Clock::now() < deadline) {
        Client visitor(daemon.port());
        visitor.expect("Your name: ");
    }
    const std::string notice = manager.hear();
    EXPECT_TRUE(notice.starts_with("STATUS="));
    EXPECT_CONTAINS(notice, ", 1 member");
    daemon.finish();
}

Test(service, an_upgrade_is_announced_and_its_end_told) {
    Manager manager;
    Daemon daemon(manager.options());
    (void)manager.hear("READY=1");
    timespec before{};
    (void)::clock_gettime(CLOCK_MONOTONIC, &before);
    upgrade(daemon);
    const std::string beginning = "RELOADING=1\nMONOTONIC_USEC=";
    const std::string notice = manager.hear(beginning);
    // A time from before the signal would be that of another reload.
    EXPECT_GE(std::stoll(notice.substr(beginning.size())),
              before.tv_sec * 1'000'000LL + before.tv_nsec / 1000);
    EXPECT_TRUE(manager.hear().starts_with("READY=1\n"));
    daemon.finish();
}

Test(service, the_end_of_an_upgrade_that_fails_is_told_too) {
    Manager manager;
    const Scratch scratch;
    const std::string program = scratch.path() + "/chatd";
    fs::copy_file(std::getenv("CHATD"), program);
    Daemon daemon(manager.options({.program = program}));
    (void)manager.hear("READY=1");
    fs::remove(program);
    daemon.signal(SIGHUP);
    (void)manager.hear("RELOADING=1\n");
    EXPECT_TRUE(manager.hear().starts_with("READY=1\n"));
    daemon.wait_log("no upgrade");
    daemon.finish();
}

Test(service, the_watchdog_is_fed_by_every_program) {
    Manager manager;
    DaemonOptions options = manager.options();
    // Not faster: during a slow upgrade these messages would fill the queue (max_dgram_qlen, 10).
    options.env["WATCHDOG_USEC"] = "200000";
    options.before_exec = [] { set_own_pid("WATCHDOG_PID"); };
    Daemon daemon(options);
    for (int i = 0; i < 3; ++i) (void)manager.hear("WATCHDOG=1");
    upgrade(daemon);
    (void)manager.hear("RELOADING=1");
    (void)manager.hear("READY=1");
    for (int i = 0; i < 3; ++i) (void)manager.hear("WATCHDOG=1");
    daemon.finish();
}

Test(service, clients_come_in_by_the_sockets_that_are_passed) {
    const TcpSocket four(AF_INET);
    const TcpSocket six(AF_INET6);
    Daemon daemon(with_sockets(four, six));
    EXPECT_EQ(daemon.port(), four.port);
    Client alice = join(four.port, "alice");
    upgrade(daemon);
    Client bob(six.port, Family::V6);
    bob.send_line("bob");
    bob.expect("Welcome, bob.");
    alice.expect_line("bob entered the chat room");
    daemon.finish();
}

Test(service, a_passed_socket_by_which_no_client_can_come_in_is_refused) {
    const Command::Result result =
        run_to_end({}, {.merge_stderr = false, .env = {{"LISTEN_FDS", "1"}}, .before_exec = [] {
                            set_own_pid("LISTEN_PID");
                            ::dup2(0, 3);
                        }});
    EXPECT_EQ(result.status, 64);
    EXPECT_EQ(result.err,
              "chatd: descriptor 3, passed by LISTEN_FDS, is no listening TCP socket; in a socket "
              "unit, set ListenStream= to a port\n");
}

// --- The first process of a container

namespace {

// Returns true when this system allows the test to make a container.
bool has_containers() {
    return geteuid() == 0 &&
           Command::run({"unshare", "--pid", "--fork", "--mount-proc", "true"}).status == 0;
}

}  // namespace

Test(service, chatd_as_the_first_process_reaps_orphans_and_ends_in_order) {
    if (!has_containers()) cr_skip_test("only root can make a process the first one");
    const Scratch scratch;
    const std::string script = scratch.path() + "/container";
    std::ofstream(script)
        << "#!/bin/sh\n"
           "exec unshare --pid --fork --kill-child --mount-proc \"$CHATD\" \"$@\"\n";
    fs::permissions(script, fs::perms::owner_all);
    Daemon daemon(DaemonOptions{.program = script});
    const pid_t first = children(daemon.pid()).at(0).pid;
    Client alice = join(daemon.port(), "alice");

    // The orphan waits for the end of this stdin. The end of the shell makes the other process an
    // orphan.
    Command stranger({"nsenter", "--target", std::to_string(first), "--pid", "sh", "-c",
                      "exec 3<&0; read line <&3 & exit 0"});
    EXPECT_EQ(stranger.wait(), 0);
    pid_t orphan = -1;
    for (const Process& child : children(first)) {
        if (child.comm == "sh") orphan = child.pid;
    }
    ASSERT_NE(orphan, -1);
    stranger.close_stdin();
    const Deadline deadline = soon();
    while (process(orphan)) ASSERT_TRUE(Clock::now() < deadline);

    alice.send_line("still here");
    ask_who(alice);
    ::kill(first, SIGTERM);
    alice.expect_line("The server is shutting down. Goodbye.");
    alice.close();
    EXPECT_EQ(daemon.wait(), 0);
    daemon.expect_nothing_left();
}
