// The states of a worker as ps(1) shows them, and what the operator's signals do to it: Z with
// --reap-delay, T, N and <.
#include <criterion/criterion.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/bounds.h"
#include "base/settings.h"
#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/process.h"
#include "support/wait.h"
#include "support/where.h"

using namespace chatd::test;

TestSuite(states, .timeout = 60);

namespace {

const std::vector<std::string> kLong = {"--reap-delay", "3600"};

// Waits until it holds. Looks again and again, because nothing announces it.
void wait_until(const std::function<bool()>& holds, const std::string& what,
                Where where = Where::here()) {
    const Caller caller(where);
    for (const Deadline deadline = soon(); !holds();) {
        if (Clock::now() > deadline) throw std::runtime_error("in vain: " + what);
    }
}

pid_t worker_of(const Daemon& daemon, const std::string& name, Where where = Where::here()) {
    const Caller caller(where);
    pid_t pid = -1;
    const auto is_there = [&] {
        for (const Process& child : children(daemon.pid())) {
            if (child.cmdline.starts_with("chatd: worker " + name + ' ')) pid = child.pid;
        }
        return pid > 0;
    };
    wait_until(is_there, "a worker of " + name, where);
    return pid;
}

// The worker, not ended, of a client that has told no name.
pid_t worker_of_login(const Daemon& daemon) {
    for (const Process& child : children(daemon.pid())) {
        if (child.comm == "chatd-worker" && child.state != 'Z') return child.pid;
    }
    return -1;
}

// As in the column STAT of ps(1).
char state_of(pid_t pid) {
    return process(pid).value_or(Process{}).state;
}

// What the title of the parent says behind its addresses.
void wait_for_title(const Daemon& daemon, const std::string& end, Where where = Where::here()) {
    const auto has_title = [&] {
        return process(daemon.pid()).value_or(Process{}).cmdline.ends_with(", " + end);
    };
    wait_until(has_title, "the title " + end, where);
}

std::size_t count_zombies(const Daemon& daemon) {
    const auto left = children(daemon.pid());
    return static_cast<std::size_t>(std::ranges::count(left, 'Z', &Process::state));
}

std::string ps(const std::string& column, pid_t pid) {
    return Command::run({"ps", "-o", column + "=", "-p", std::to_string(pid)}).out;
}

// Upgrades to the same program.
void upgrade(Daemon& daemon, Where where = Where::here()) {
    daemon.signal(SIGHUP);
    daemon.wait_log("upgraded to ", where);
    daemon.wait_log("broker started", where);
}

}  // namespace

// --- Z

Test(states, a_dead_worker_stays_a_zombie_and_all_else_goes_on) {
    Daemon daemon(kLong);
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const pid_t worker = worker_of(daemon, "bob");
    kill(worker, SIGKILL);
    alice.expect_line("bob left the chat room (killed by signal 9)");
    bob.expect_eof();
    wait_for_title(daemon, "1 client");
    Client again = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    again.send_line("/quit");
    alice.expect_line("bob left the chat room");
    wait_until([&] { return count_zombies(daemon) == 2; }, "two zombies");
    EXPECT_EQ(state_of(worker), 'Z');
    EXPECT_CONTAINS(ps("stat", worker), "Z");
    EXPECT_CONTAINS(ps("args", worker), "[chatd:bob] <defunct>");
    daemon.finish();  // It waits for no zombie.
}

Test(states, a_broker_that_dies_behind_a_zombie_is_replaced_and_leaves_none) {
    Daemon daemon(kLong);
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    kill(worker_of(daemon, "bob"), SIGKILL);
    alice.expect_line("bob left the chat room (killed by signal 9)");
    const pid_t broker = daemon.broker();
    kill(broker, SIGKILL);
    EXPECT_NE(daemon.broker(broker), broker);
    Client carol = join(daemon.port(), "carol");
    alice.expect_line("carol entered the chat room");
    EXPECT_EQ(count_zombies(daemon), 1U);
    daemon.finish();
}

Test(states, a_zombie_is_collected_when_its_time_has_come) {
    Daemon daemon({"--reap-delay", "1"});
    Client alice = join(daemon.port(), "alice");
    const pid_t worker = worker_of(daemon, "alice");
    const auto begin = Clock::now();
    kill(worker, SIGKILL);
    wait_until([=] { return !process(worker); }, "the end of the zombie");
    EXPECT_TRUE(Clock::now() - begin >= std::chrono::seconds(1));
    daemon.finish();
}

Test(states, zombies_take_no_place_in_the_room_and_stay_few) {
    Daemon daemon({"--reap-delay", "3600", "--max-clients", "1"});
    for (std::size_t i = 0; i < chatd::kZombiesMax + 10; ++i) {
        Client client(daemon.port());
        client.expect("Your name: ");
        wait_for_title(daemon, "1 client");
        client.close();
        wait_for_title(daemon, "0 clients");
    }
    EXPECT_EQ(count_zombies(daemon), chatd::kZombiesMax);
    daemon.finish();
}

// As in a container, where chatd may be the first process.
Test(states, a_child_that_the_parent_does_not_know_is_no_zombie_for_long) {
    DaemonOptions options{.args = kLong};
    options.before_exec = [] {
        if (fork() != 0) return;
        (void)close_range(0, ~0U, 0);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) (void)pause();
    };
    Daemon daemon(options);
    const std::vector<Process> before = children(daemon.pid());
    const auto is_stranger = [](const Process& one) { return !one.comm.starts_with("chatd"); };
    const auto stranger = std::ranges::find_if(before, is_stranger);
    ASSERT_TRUE(stranger != before.end());
    Client alice = join(daemon.port(), "alice");
    const pid_t worker = worker_of(daemon, "alice");
    kill(worker, SIGKILL);
    wait_until([=] { return state_of(worker) == 'Z'; }, "a zombie");
    kill(stranger->pid, SIGKILL);
    wait_until([&] { return !process(stranger->pid); }, "the end of the stranger");
    EXPECT_EQ(state_of(worker), 'Z');
    daemon.finish();
}

// Only where processes or descriptors are short the dead have to make room.
Test(states, a_newcomer_who_waits_for_its_turn_leaves_the_dead_alone) {
    Daemon daemon(DaemonOptions{
        .args = kLong, .penalties = true, .env = {{"ASAN_OPTIONS", "handle_segv=0"}}});
    Client alice = join(daemon.port(), "alice");
    const pid_t worker = worker_of(daemon, "alice");
    for (int i = 0; i < 3; ++i) {
        Client mallory(daemon.port());
        mallory.expect("Your name: ");
        kill(worker_of_login(daemon), SIGSEGV);
        (void)mallory.rest();
    }
    kill(worker, SIGKILL);
    wait_until([&] { return state_of(worker) == 'Z'; }, "alice's zombie");
    Client waiting(daemon.port());
    waiting.expect("Many connect from your address.");
    waiting.expect("Your name: ");
    EXPECT_EQ(state_of(worker), 'Z');
    daemon.finish();
}

Test(states, an_upgrade_collects_the_dead_and_goes_on_leaving_them) {
    Daemon daemon(kLong);
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    Client carol = join(daemon.port(), "carol");
    alice.expect("carol entered the chat room\n");
    kill(worker_of(daemon, "bob"), SIGKILL);
    alice.expect_line("bob left the chat room (killed by signal 9)");
    upgrade(daemon);
    wait_until([&] { return count_zombies(daemon) == 0; }, "no zombie");
    kill(worker_of(daemon, "carol"), SIGKILL);
    alice.expect_line("carol left the chat room (killed by signal 9)");
    wait_for_title(daemon, "1 client");
    EXPECT_EQ(count_zombies(daemon), 1U);
    daemon.finish();
}

// --- T

namespace {

struct TwoPeople {
    Daemon daemon;
    Client alice;
    Client bob;
    pid_t worker;  // of bob

    explicit TwoPeople(const std::vector<std::string>& args)
        : daemon(args),
          alice(join(daemon.port(), "alice")),
          bob(join(daemon.port(), "bob")),
          worker(worker_of(daemon, "bob")) {
        alice.expect_line("bob entered the chat room");
    }
};

// Waits until alice reads so of bob. She asks again and again, because the broker may read her
// question before it reads what the parent has told it.
void wait_for_who(Client& alice, bool is_stopped, Where where = Where::here()) {
    const auto reads_so = [&] {
        alice.send_line("/who bob");
        alice.expect_line("Names that begin with bob, 1 of 2:", where);
        (void)alice.line(where);  // the headings
        return (alice.line(where).find(", stopped") != std::string::npos) == is_stopped;
    };
    wait_until(reads_so, "bob in /who", where);
}

}  // namespace

Test(states, ps_title_who_and_journal_show_that_a_worker_is_stopped) {
    for (const std::vector<std::string>& args : {std::vector<std::string>{}, kLong}) {
        auto [daemon, alice, bob, worker] = TwoPeople(args);
        const std::string whom =
            ", pid " + std::to_string(worker) + ", 127.0.0.1:" + std::to_string(bob.local_port());
        kill(worker, SIGSTOP);
        daemon.wait_log("worker stopped" + whom);
        wait_for_title(daemon, "2 clients, 1 stopped");
        EXPECT_EQ(state_of(worker), 'T');
        EXPECT_CONTAINS(ps("stat", worker), "T");
        wait_for_who(alice, true);
        const pid_t broker = daemon.broker();
        kill(broker, SIGKILL);
        (void)daemon.broker(broker);
        wait_for_who(alice, true);
        alice.send_line("hello");
        kill(worker, SIGCONT);
        daemon.wait_log("worker continued" + whom);
        wait_for_title(daemon, "2 clients");
        wait_for_who(alice, false);
        bob.expect_line("alice says: hello");
        daemon.finish();
    }
}

Test(states, a_stopped_worker_that_is_killed_is_counted_no_more) {
    for (const std::vector<std::string>& args : {std::vector<std::string>{}, kLong}) {
        auto [daemon, alice, bob, worker] = TwoPeople(args);
        kill(worker, SIGSTOP);
        wait_for_title(daemon, "2 clients, 1 stopped");
        kill(worker, SIGKILL);
        alice.expect_line("bob left the chat room (killed by signal 9)");
        wait_for_title(daemon, "1 client");
        daemon.finish();
    }
}

Test(states, a_stopped_worker_says_goodbye_once_it_continues) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    const pid_t worker = worker_of(daemon, "alice");
    kill(worker, SIGSTOP);
    wait_for_title(daemon, "1 client, 1 stopped");
    kill(worker, SIGTERM);
    EXPECT_TRUE(alice.quiet());
    kill(worker, SIGCONT);
    alice.expect_line("The operator has closed your connection. Goodbye.");
    alice.expect_eof();
    wait_for_title(daemon, "0 clients");
    daemon.finish();
}

Test(states, many_are_stopped_and_continued_at_once) {
    constexpr std::size_t kMany = 20;
    Daemon daemon;
    std::vector<Client> clients;
    for (std::size_t i = 0; i < kMany; ++i)
        clients.push_back(join(daemon.port(), "n" + std::to_string(i)));
    const auto tell_all = [&](int number) {
        for (const Process& child : children(daemon.pid())) {
            if (child.cmdline.starts_with("chatd: worker ")) kill(child.pid, number);
        }
    };
    tell_all(SIGSTOP);
    wait_for_title(daemon, "20 clients, 20 stopped");
    tell_all(SIGCONT);
    wait_for_title(daemon, "20 clients");
    EXPECT_EQ(daemon.logged("worker stopped"), 20);
    EXPECT_EQ(daemon.logged("worker continued"), 20);
    daemon.finish();
}

Test(states, the_program_after_an_upgrade_knows_who_is_stopped) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const pid_t worker = worker_of(daemon, "bob");
    kill(worker, SIGSTOP);
    wait_for_title(daemon, "2 clients, 1 stopped");
    upgrade(daemon);
    wait_for_title(daemon, "2 clients, 1 stopped");
    kill(worker, SIGCONT);
    wait_for_title(daemon, "2 clients");
    alice.send_line("hello");
    bob.expect_line("alice says: hello");
    daemon.finish();
}

// --- N and <

namespace {

constexpr rlim_t kLimitForMinus5 = 25;  // RLIMIT_NICE in setrlimit(2)

// May a process that this test starts get the niceness -5?
bool may_be_less_nice() {
    rlimit before{};
    if (getrlimit(RLIMIT_NICE, &before) != 0) return false;
    const rlimit wanted{kLimitForMinus5, std::max(before.rlim_max, kLimitForMinus5)};
    const bool allowed = setrlimit(RLIMIT_NICE, &wanted) == 0;
    return allowed && setrlimit(RLIMIT_NICE, &before) == 0;
}

void allow_no_niceness_below_0() {
    for (const unsigned long capability : {CAP_SYS_NICE, CAP_SYS_RESOURCE}) {
        (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_NICE, &none) != 0) _exit(99);
}

}  // namespace

Test(states, workers_alone_are_as_nice_as_the_option_says) {
    Daemon daemon({"--nice", "5"});
    Client alice = join(daemon.port(), "alice");
    const pid_t worker = worker_of(daemon, "alice");
    EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(worker)), 5);
    EXPECT_CONTAINS(ps("stat", worker), "N");
    for (const pid_t pid : {daemon.pid(), daemon.broker()}) {
        EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(pid)), getpriority(PRIO_PROCESS, 0));
    }
    upgrade(daemon);
    Client bob = join(daemon.port(), "bob");
    EXPECT_CONTAINS(ps("ni", worker_of(daemon, "bob")), " 5\n");
    daemon.finish();
}

Test(states, renice_shows) {
    Daemon daemon({"--user", own_uid()});
    Client alice = join(daemon.port(), "alice");
    const pid_t worker = worker_of(daemon, "alice");
    EXPECT_LACKS(ps("stat", worker), "N");
    EXPECT_EQ(Command::run({"renice", "-n", "10", "-p", std::to_string(worker)}).status, 0);
    EXPECT_CONTAINS(ps("stat", worker), "N");
    EXPECT_CONTAINS(ps("ni", worker), "10\n");
    daemon.finish();
}

Test(states, where_a_limit_allows_it_workers_are_less_nice) {
    if (!may_be_less_nice()) cr_skip_test("the system does not allow it here");
    Daemon daemon({"--nice", "-5"});
    Client alice = join(daemon.port(), "alice");
    EXPECT_CONTAINS(ps("stat", worker_of(daemon, "alice")), "<");
    upgrade(daemon);
    Client bob = join(daemon.port(), "bob");
    EXPECT_CONTAINS(ps("ni", worker_of(daemon, "bob")), "-5\n");
    daemon.finish();
}

Test(states, a_server_that_keeps_the_right_to_it_makes_workers_less_nice) {
    if (setpriority(PRIO_PROCESS, 0, -5) != 0) cr_skip_test("the system does not allow it here");
    ASSERT_EQ(setpriority(PRIO_PROCESS, 0, 0), 0);
    Daemon daemon({"--nice", "-5", "--user", own_uid()});
    Client alice = join(daemon.port(), "alice");
    EXPECT_CONTAINS(ps("stat", worker_of(daemon, "alice")), "<");
    daemon.finish();
}

Test(states, a_niceness_that_the_system_refuses_is_told_at_the_start) {
    const Scratch scratch;
    const Command::Result result = run_to_end(
        {"-p", "0", "-b", "127.0.0.1", "--run-dir", scratch.path() + "/run", "--nice", "-5"},
        {.merge_stderr = false, .before_exec = allow_no_niceness_below_0});
    EXPECT_EQ(result.status, 71);
    EXPECT_CONTAINS(result.err, "chatd: --nice -5 needs ulimit -e 25, or ");
    EXPECT_EQ(result.err.find('\n'), result.err.size() - 1);
}
