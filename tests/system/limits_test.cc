// These tests make something full, slow or short.
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "base/settings.h"
#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/fd.h"
#include "support/http.h"
#include "support/process.h"
#include "support/wait.h"

using namespace chatd::test;

TestSuite(limits, .timeout = 60);

namespace {

void set_limit(pid_t pid, __rlimit_resource resource, rlim_t value) {
    rlimit limit{};
    if (prlimit(pid, resource, nullptr, &limit) != 0) throw system_error("prlimit");
    limit.rlim_cur = value;
    if (prlimit(pid, resource, &limit, nullptr) != 0) throw system_error("prlimit");
}

std::set<rlim_t> descriptors(pid_t pid) {
    std::set<rlim_t> open;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
        open.insert(std::stoul(entry.path().filename()));
    }
    return open;
}

// The lowest number that is no descriptor of the process: its next descriptor gets this number.
rlim_t next_descriptor(pid_t pid) {
    const std::set<rlim_t> open = descriptors(pid);
    rlim_t next = 0;
    while (open.contains(next)) ++next;
    return next;
}

// For root the kernel has no limit of processes.
void become_nobody() {
    constexpr uid_t kNobody = 65534;
    if (geteuid() == 0 && (setgid(kNobody) != 0 || setuid(kNobody) != 0)) _exit(99);
}

// Sets the limit as the user nobody: on some systems only the user of a process may do that.
void set_process_limit(pid_t pid, rlim_t value, Where where = Where::here()) {
    const Caller caller(where);
    const Command::Result result = Command::run(
        {"prlimit", "--pid", std::to_string(pid), "--nproc=" + std::to_string(value) + ":"}, {},
        {.before_exec = become_nobody});
    ASSERT_EQ(result.out, "");
}

// A copy of the program that every user may run, whatever the permissions of the directories in
// which it was built.
struct PublicCopy {
    PublicCopy() {
        if (mkdtemp(directory) == nullptr || chmod(directory, 0711) != 0) {
            throw system_error(directory);
        }
        path = std::string(directory) + "/chatd";
        std::filesystem::copy_file(std::getenv("CHATD"), path);
        std::filesystem::permissions(path, std::filesystem::perms(0755));
    }
    PublicCopy(const PublicCopy&) = delete;
    PublicCopy& operator=(const PublicCopy&) = delete;
    ~PublicCopy() { std::filesystem::remove_all(directory); }

    char directory[32] = "/tmp/chatd-public-XXXXXX";
    std::string path;
};

// For root the kernel has no limit of processes, so chatd runs as another user.
DaemonOptions as_nobody(const PublicCopy& program, std::vector<std::string> args = {}) {
    DaemonOptions options{.args = std::move(args)};
    options.run_dir = std::nullopt;
    options.program = program.path;
    options.before_exec = [] {
        become_nobody();
        unsetenv("XDG_RUNTIME_DIR");
    };
    return options;
}

std::uint64_t cpu_ticks(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const int fd = open(path.c_str(), O_RDONLY);
    char buffer[1024] = "";
    const ssize_t bytes = read(fd, buffer, sizeof buffer - 1);
    close(fd);
    if (bytes <= 0) throw system_error(path);
    unsigned long user = 0;
    unsigned long system = 0;
    const char* const after_name = std::string_view(buffer).rfind(')') + buffer + 2;
    (void)std::sscanf(after_name, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                      &system);
    return user + system;
}

// Sanitizers have shadow memory, and keep freed memory.
constexpr std::uint64_t kMemoryKib = chatd::kSanitized ? 256 * 1024 : 4 * 1024;
constexpr int kThousand = chatd::kSanitized ? 300 : 1000;  // each process has shadow memory

// Anonymous memory of a process: memory that it does not share.
std::uint64_t memory_kib(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8));
    }
    return 0;
}

// Bytes that the kernel holds for a client of this machine: the tx_queue of proc(5), /proc/net/tcp.
std::size_t bytes_queued(std::uint16_t server_port, std::uint16_t client_port) {
    std::ifstream sockets("/proc/net/tcp");
    for (std::string line; std::getline(sockets, line);) {
        unsigned from = 0;
        unsigned to = 0;
        unsigned queued = 0;
        const int found =
            std::sscanf(line.c_str(), "%*u: %*x:%x %*x:%x %*x %x", &from, &to, &queued);
        if (found == 3 && from == server_port && to == client_port) return queued;
    }
    return 0;
}

}  // namespace

Test(limits, one_client_too_many_reads_why_and_one_that_leaves_makes_room) {
    Daemon daemon({"--max-clients", "2"});
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    Client carol(daemon.port());
    carol.expect_line("The chat room is full. Please try again later.");
    carol.expect_eof();
    bob.close();
    daemon.wait_log("bob ended");
    Client dave = join(daemon.port(), "dave");
    daemon.finish();
}

Test(limits, a_full_room_answers_in_the_language_of_the_server_even_a_client_that_speaks_first) {
    Daemon daemon(DaemonOptions{.args = {"--max-clients", "1"}, .lang = "zh"});
    Client first(daemon.port());
    first.expect("请输入用户名：");
    for (int i = 0; i < 20; ++i) {
        Client client(daemon.port());
        client.send("bob\nhi\n");
        client.expect_line("聊天室已满，请稍后再来。");
    }
    daemon.finish();
}

// Descriptors that become free are noticed at once, not after a second.
Test(limits, without_descriptors_clients_read_why_and_chat_goes_on) {
    Daemon daemon({"--user", own_uid()});  // only the same user may set limits
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    rlimit before{};
    ASSERT_EQ(prlimit(daemon.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
    set_limit(daemon.pid(), RLIMIT_NOFILE, next_descriptor(daemon.pid()));

    Client carol(daemon.port());
    carol.expect_line("The server cannot take more people right now. Please try again later.");
    daemon.wait_log("accept: Too many open files; new clients wait");
    bob.send_line("still here");
    alice.expect_line("bob says: still here");

    Client dave(daemon.port());  // waits
    set_limit(daemon.pid(), RLIMIT_NOFILE, before.rlim_cur);
    bob.send_line("/quit");  // something ends
    dave.send_line("dave");
    dave.expect("Welcome, dave.");
    daemon.wait_log("new clients come in again");
    daemon.finish();
}

Test(limits, without_descriptors_who_comes_through_a_proxy_reads_why_and_the_server_lives) {
    Daemon daemon({"--user", own_uid(), "--trust-proxy", "127.0.0.1"});
    Client alice = join(daemon.port(), "alice");
    const std::string request = bytes_of(
        HttpRequest{.target = "/chat.css", .headers = {{"X-Forwarded-For", "198.51.100.7"}}},
        daemon.port());
    const std::size_t half = request.size() / 2;
    daemon.wait_log("alice joined");
    Client browser(daemon.port());  // comes while there are descriptors
    browser.send(request.substr(0, half));
    daemon.wait_log("connected");
    daemon.signal(SIGUSR1);  // An answer means that the parent has closed what was for the worker.
    daemon.wait_log("status: clients refused");
    rlimit before{};
    ASSERT_EQ(prlimit(daemon.pid(), RLIMIT_NOFILE, nullptr, &before), 0);

    // One is left for the client, and none for the link over which it would be introduced.
    set_limit(daemon.pid(), RLIMIT_NOFILE, next_descriptor(daemon.pid()) + 1);
    Client other(daemon.port());
    other.expect_line("The server cannot take more people right now. Please try again later.");
    other.expect_eof();
    daemon.wait_log("socketpair: Too many open files; new clients wait");

    // What the workers of its address share cannot be made.
    set_limit(daemon.pid(), RLIMIT_NOFILE, next_descriptor(daemon.pid()));
    browser.send(request.substr(half));
    const HttpResponse refusal = read_response(browser);
    EXPECT_EQ(refusal.status, 503);
    EXPECT_EQ(refusal.body,
              "The server cannot take more people right now. Please try again later.\n");
    browser.expect_eof();
    daemon.wait_log(" ended, pid ");

    set_limit(daemon.pid(), RLIMIT_NOFILE, before.rlim_cur);
    Client again(daemon.port());
    again.send(request);
    EXPECT_EQ(read_response(again).status, 200);
    daemon.wait_log("198.51.100.7 came through 127.0.0.1:");
    alice.send_line("/who");
    alice.expect_line("You are the only one here:");
    daemon.finish();
}

Test(limits, who_waits_for_the_turn_of_an_address_goes_first_when_descriptors_are_short) {
    Daemon daemon(
        DaemonOptions{.args = {"--user", own_uid()}, .address = std::nullopt, .penalties = true});
    for (int i = 0; i < 300; ++i) (void)Client(daemon.port());
    std::vector<Client> waiting;  // some of whom may come in meanwhile
    for (int i = 0; i < 10; ++i) waiting.emplace_back(daemon.port());
    waiting.back().expect("Please stay");
    // Where those were who have hung up, numbers may be free below those of who waits.
    while (next_descriptor(daemon.pid()) != descriptors(daemon.pid()).size()) {
        waiting.emplace_back(daemon.port());
        waiting.back().expect("Please stay");
    }
    set_limit(daemon.pid(), RLIMIT_NOFILE, next_descriptor(daemon.pid()));
    Client elsewhere(daemon.port(), Family::V6);
    elsewhere.expect("Your name: ");
    waiting.back().expect("The server cannot take more people right now. Please try again later.");
    daemon.finish();
}

Test(limits, without_processes_clients_read_why_and_chat_goes_on) {
    const PublicCopy program;
    Daemon daemon(as_nobody(program));
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    set_process_limit(daemon.pid(), 1);

    Client carol(daemon.port());
    carol.expect_line("The server cannot take more people right now. Please try again later.");
    daemon.wait_log("fork: Resource temporarily unavailable; new clients wait");
    bob.send_line("still here");
    alice.expect_line("bob says: still here");

    Client dave(daemon.port());  // waits
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NPROC, &before), 0);
    set_process_limit(daemon.pid(), before.rlim_cur);
    bob.send_line("/quit");
    dave.send_line("dave");
    dave.expect("Welcome, dave.");
    daemon.finish();
}

Test(limits, without_processes_no_zombie_is_left) {
    const PublicCopy program;
    Daemon daemon(as_nobody(program, {"--reap-delay", "3600"}));
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const auto count_zombies = [&] {
        return std::ranges::count(children(daemon.pid()), 'Z', &Process::state);
    };
    bob.send_line("/quit");
    bob.expect("Goodbye");
    bob.close();
    // Nothing announces either.
    for (const Deadline deadline = soon(); count_zombies() == 0;) {
        ASSERT_TRUE(Clock::now() < deadline);
    }
    set_process_limit(daemon.pid(), 1);
    Client carol(daemon.port());
    carol.expect_line("The server cannot take more people right now. Please try again later.");
    for (const Deadline deadline = soon(); count_zombies() != 0;) {
        ASSERT_TRUE(Clock::now() < deadline);
    }
    daemon.finish();
}

Test(limits, a_shortage_that_ends_without_the_end_of_a_child_is_noticed) {
    Daemon daemon({"--user", own_uid()});             // only the same user may set limits
    const Client here = join(daemon.port(), "here");  // The parent has its spare descriptor now.
    rlimit before{};
    ASSERT_EQ(prlimit(daemon.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
    set_limit(daemon.pid(), RLIMIT_NOFILE, next_descriptor(daemon.pid()));
    Client first(daemon.port());
    first.expect("cannot take more people");
    const std::uint64_t ticks = cpu_ticks(daemon.pid());
    set_limit(daemon.pid(), RLIMIT_NOFILE, before.rlim_cur);
    Client second = join(daemon.port(), "second");
    EXPECT_LT(cpu_ticks(daemon.pid()) - ticks,
              10U);  // the listener rested, the parent did not spin
    daemon.finish();
}

Test(limits, a_client_that_does_not_read_holds_up_nobody_and_reads_how_much_was_skipped) {
    Daemon daemon({"--history-size", "65536"});
    Client slow(daemon.port(), Family::V4, 4096);
    slow.expect("Your name: ");
    slow.send_line("slow");
    slow.expect("Welcome, slow.");
    const std::string its_line = daemon.wait_log("slow joined");
    const pid_t its_worker = std::stoi(its_line.substr(its_line.find(", pid ") + 6));
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    // 20 MB: more than all buffers on the way to the slow client hold. Sent in parts of half a log,
    // so that alice misses nothing.
    constexpr int kMessages = 5000;
    constexpr int kAtOnce = 8;
    const std::string text(4000, 'x');
    for (int i = 0; i < kMessages; i += kAtOnce) {
        for (int j = i; j < i + kAtOnce; ++j) bob.send_line(std::to_string(j) + ' ' + text);
        for (int j = i; j < i + kAtOnce; ++j) {
            alice.expect_line("bob says: " + std::to_string(j) + ' ' + text);
        }
    }
    bob.send_line("the end");
    alice.expect_line("bob says: the end");
    for (const pid_t pid : {its_worker, daemon.broker()}) EXPECT_LT(memory_kib(pid), kMemoryKib);
    const std::size_t queued = bytes_queued(daemon.port(), slow.local_port());
    EXPECT_GT(queued, 0U);
    EXPECT_LE(queued, 4U * chatd::kSendBufferBytes);  // once 2.9 MB
    int next = 0;
    int skipped = 0;
    slow.expect("bob entered the chat room\n");
    for (std::string line = slow.line(); line != "bob says: the end"; line = slow.line()) {
        if (line.ends_with(" messages skipped")) {
            const int count = std::stoi(line.substr(line.find(' ')));
            skipped += count;
            next += count;
        } else {
            ASSERT_EQ(line, "bob says: " + std::to_string(next++) + ' ' + text);
        }
    }
    EXPECT_EQ(next, kMessages);
    EXPECT_GT(skipped, 0);
    daemon.finish();
}

Test(limits, a_client_that_sends_without_reading_is_slowed_down_and_not_cut_off) {
    Daemon daemon({"--history-size", "65536"});
    Client alice = join(daemon.port(), "alice");
    Client stalled(daemon.port(), Family::V4, 4096);
    stalled.send_line("stalled");
    stalled.expect("Welcome, stalled.");
    alice.expect_line("stalled entered the chat room");
    // For every line that it sends, it gets a line to read.
    const std::string command = "/msg nobody hello\n";
    std::size_t sent = 0;
    while (sent < (std::size_t{64} << 20)) {
        const std::size_t bytes = stalled.send_some(command);
        sent += bytes;
        if (bytes == 0) break;
        if (bytes < command.size()) break;
    }
    alice.send_line("/who");
    alice.expect("2 people are here:");
    stalled.close();
    alice.expect("stalled left the chat room");
    daemon.finish();
}

// Once half of these clients were not noticed, because they looked like clients that wait.
Test(limits, a_client_that_resets_at_any_stage_leaves_no_process_behind) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    const std::string stages[] = {"", "hal", "bob\n", "bob\nhello\n", "\xff\xfa", "bob\n/who\n"};
    for (int round = 0; round < 10; ++round) {
        for (const std::string& stage : stages) {
            Client client(daemon.port());
            client.send(stage);
            client.reset();
            daemon.wait_log(" ended, pid ");
        }
    }
    EXPECT_EQ(processes(daemon.pid()).size(), 3U);  // broker, lookout, and alice's worker
    daemon.finish();
}

Test(limits, what_a_client_said_before_it_closed_is_heard) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    for (int i = 0; i < 20; ++i) {
        const std::string name = "guest" + std::to_string(i);
        {
            // Closing while the prompt is unread makes a reset.
            Client guest(daemon.port());
            guest.send(name + "\nlast words\n");
        }
        alice.expect_line(name + " entered the chat room");
        alice.expect_line(name + " says: last words");
        alice.expect(name + " left the chat room");
        alice.expect("\n");
    }
    daemon.finish();
}

Test(limits, a_client_that_asks_and_never_reads_costs_no_memory) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client stalled(daemon.port(), Family::V4, 4096);
    stalled.send_line("stalled");
    stalled.expect("Welcome, stalled.");
    alice.expect_line("stalled entered the chat room");
    std::string questions;
    for (int i = 0; i < 1000; ++i) questions += "/help\n";
    std::size_t sent = 0;
    while (sent < (std::size_t{32} << 20)) {
        const std::size_t bytes = stalled.send_some(questions);
        sent += bytes;
        if (bytes < questions.size()) break;
    }
    alice.send_line("/who");
    alice.expect("2 people are here:");
    for (const Process& process : processes(daemon.pid())) {
        EXPECT_LT(memory_kib(process.pid), kMemoryKib);
    }
    daemon.finish();
}

// The kernel sends SIGXFSZ to whoever writes beyond it.
Test(limits, a_journal_that_reaches_the_limit_of_file_size_loses_lines_and_nobody_notices) {
    constexpr rlim_t kMost = 16 * 1024 * 1024;  // more than the log needs
    const Scratch scratch;
    const std::string path = scratch.path() + "/journal";
    const Fd journal(open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    ASSERT_EQ(ftruncate(journal.get(), kMost), 0);
    Daemon daemon({.before_exec =
                       [] {
                           const rlimit limit{kMost, kMost};
                           if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(99);
                       },
                   .fds = {{2, journal.get()}}});
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    ASSERT_EQ(ftruncate(journal.get(), 0), 0);  // as logrotate(8) does
    bob.send_line("/quit");
    alice.expect_line("bob left the chat room");
    Client carol = join(daemon.port(), "carol");
    EXPECT_EQ(daemon.stop(), 0);
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    EXPECT_CONTAINS(text.str(), " lines lost) ");
    daemon.expect_nothing_left();
}

Test(limits, a_limit_of_processor_time_that_has_a_reserve_ends_nobody) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    for (const Process& child : children(daemon.pid())) kill(child.pid, SIGXCPU);
    daemon.signal(SIGXCPU);
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    EXPECT_EQ(daemon.logged("broker ended"), 0);
    daemon.finish();
}

Test(limits, a_stricter_limit_of_memory_than_the_own_one_is_kept) {
    if (chatd::kSanitized) cr_skip_test("not with sanitizers: they need more");
    constexpr rlim_t kMost = 200'000 * 1024;
    Daemon daemon({.before_exec = [] {
        const rlimit limit{kMost, kMost};
        if (setrlimit(RLIMIT_DATA, &limit) != 0) _exit(99);
    }});
    Client alice = join(daemon.port(), "alice");
    for (const Process& child : children(daemon.pid())) {
        std::ostringstream limits;
        limits << std::ifstream("/proc/" + std::to_string(child.pid) + "/limits").rdbuf();
        const std::string most = std::to_string(kMost);
        EXPECT_CONTAINS(limits.str(), "Max data size             " + most + "            " + most);
    }
    daemon.finish();
}

Test(limits, a_client_that_does_not_read_can_be_removed) {
    Daemon daemon({"--history-size", "65536"});
    Client alice = join(daemon.port(), "alice");
    Client slow(daemon.port(), Family::V4, 4096);
    slow.send_line("slow");
    slow.expect("Welcome, slow.");
    alice.expect_line("slow entered the chat room");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    // Many times what the kernel keeps for a client.
    for (int i = 0; i < 300; ++i) {
        bob.send_line(std::string(4000, 'x'));
        alice.expect_line("bob says: " + std::string(4000, 'x'));
    }
    for (const Process& process : processes(daemon.pid())) {
        if (process.comm == "chatd:slow") kill(process.pid, SIGTERM);
    }
    alice.expect_line("slow left the chat room (removed by the operator)");
    daemon.wait_log("slow ended");
    daemon.finish();
}

Test(limits, a_thousand_clients_that_say_nothing_hold_up_nobody) {
    Daemon daemon({"--max-per-ip", "0"});
    rlimit descriptors{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &descriptors), 0);
    set_limit(getpid(), RLIMIT_NOFILE, descriptors.rlim_max);
    std::vector<Client> silent;
    for (int i = 0; i < kThousand; ++i) silent.emplace_back(daemon.port());
    Client alice = join(daemon.port(), "alice");
    alice.send_line("/who");
    alice.expect_line("You are the only one here:");
    silent.clear();
    daemon.finish();
}
