// The processes: their titles, their births and deaths in every order.
#include <criterion/criterion.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/process.h"
#include "support/wait.h"
#include "support/where.h"

using namespace chatd::test;

TestSuite(lifecycle, .timeout = 60);

namespace {

// Waits for a process of chatd whose title begins so. Looks again and again, because nothing
// announces when a new process has got its title.
Process find(const Daemon& daemon, const std::string& title) {
    const Deadline deadline = soon();
    while (Clock::now() < deadline) {
        for (const Process& process : processes(daemon.pid())) {
            if (process.cmdline.starts_with(title)) return process;
        }
    }
    throw std::runtime_error("no process has the title " + title);
}

std::string title_of(pid_t pid) {
    return process(pid).value_or(Process{}).cmdline;
}

// When the broker has answered a client, its title and the title of the client's worker are up to
// date.
void ask_who(Client& client, Where where = Where::here()) {
    const Caller caller(where);
    client.send_line("/who");
    client.expect(" here:\n");
    client.expect("\n");
}

// Has a worker woken this parent, which has not taken that yet?
bool is_woken(pid_t parent) {
    const std::string fdinfo = "/proc/" + std::to_string(parent) + "/fdinfo";
    for (const auto& entry : std::filesystem::directory_iterator(fdinfo)) {
        std::ostringstream text;
        text << std::ifstream(entry.path()).rdbuf();
        const std::size_t at = text.str().find("eventfd-count:");
        if (at != std::string::npos) return text.str().find("fffe", at) != std::string::npos;
    }
    return false;
}

// `deed` tells the parent and all its children to go. Each client reads that the server closes, and
// nothing else.
void expect_the_server_closes(const std::function<void(const Daemon&)>& deed,
                              Where where = Where::here()) {
    const Caller caller(where);
    Daemon daemon({"--no-crowds"});  // A crowd would not name each of them.
    std::vector<Client> members;
    for (int i = 0; i < 10; ++i) members.push_back(join(daemon.port(), "n" + std::to_string(i)));
    for (int i = 0; i < 9; ++i) {
        members[static_cast<std::size_t>(i)].expect("n9 entered the chat room\n");
    }
    Client login(daemon.port());
    login.expect("Your name: ");
    deed(daemon);
    for (Client& member : members) {
        member.expect_line("The server is shutting down. Goodbye.");
        member.expect_eof();
    }
    login.expect_line("");
    login.expect_line("The server is shutting down. Goodbye.");
    login.expect_eof();
    EXPECT_EQ(daemon.wait(), 0);
    EXPECT_EQ(daemon.logged("removed by the operator"), 0);
    daemon.expect_nothing_left();
}

}  // namespace

Test(lifecycle, ps_shows_a_full_title_for_each_process) {
    Daemon daemon;
    const std::string port = std::to_string(daemon.port());
    Client alice = join(daemon.port(), "alice");
    Client login(daemon.port());
    login.expect("Your name: ");
    alice.send_line("hello");
    ask_who(alice);

    const Command::Result ps = Command::run({"ps", "-aux"});
    EXPECT_CONTAINS(ps.out, "chatd: parent 127.0.0.1:" + port + ", 2 clients");
    EXPECT_CONTAINS(ps.out, "chatd: broker, 1 member, 1 message\n");
    EXPECT_CONTAINS(ps.out,
                    "chatd: worker alice 127.0.0.1:" + std::to_string(alice.local_port()) + "\n");
    EXPECT_CONTAINS(ps.out,
                    "chatd: worker (login) 127.0.0.1:" + std::to_string(login.local_port()) + "\n");
    daemon.finish();
}

Test(lifecycle, pstree_shows_short_names) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client ming = join(daemon.port(), "小明小明小明");
    ask_who(alice);
    const Command::Result pstree = Command::run({"pstree", "-A", std::to_string(daemon.pid())});
    EXPECT_CONTAINS(pstree.out, "chatd-+-chatd-broker\n");
    EXPECT_CONTAINS(pstree.out, "-chatd-lookout\n");
    EXPECT_CONTAINS(pstree.out, "-chatd:alice\n");
    EXPECT_EQ(find(daemon, "chatd: worker 小明小明小明 ").comm, "chatd:小明小");
    EXPECT_CONTAINS(pstree.out, "-chatd:\\345\\260\\217\\346\\230\\216\\345\\260\\217\n");
    daemon.finish();
}

Test(lifecycle, titles_change_with_names_and_with_the_number_of_clients) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    const pid_t worker = find(daemon, "chatd: worker alice").pid;
    alice.send_line("/nick 爱丽丝");
    alice.expect("You are now called 爱丽丝.\n");
    ask_who(alice);
    EXPECT_EQ(title_of(worker),
              "chatd: worker 爱丽丝 127.0.0.1:" + std::to_string(alice.local_port()));
    bob.send_line("/quit");
    alice.expect("bob left the chat room\n");
    daemon.wait_log("bob ended");
    ask_who(alice);
    EXPECT_EQ(title_of(daemon.pid()),
              "chatd: parent 127.0.0.1:" + std::to_string(daemon.port()) + ", 1 client");
    EXPECT_EQ(find(daemon, "chatd: broker").cmdline, "chatd: broker, 1 member, 0 messages");
    daemon.finish();
}

Test(lifecycle, a_title_has_room_even_with_an_empty_environment) {
    Daemon daemon(DaemonOptions{.before_exec = [] { clearenv(); }});
    Client client = join(daemon.port(), "a-name-of-20-letters");
    EXPECT_EQ(process(daemon.pid()).value_or(Process{}).comm, "chatd");
    EXPECT_EQ(
        find(daemon, "chatd: worker a-name").cmdline,
        "chatd: worker a-name-of-20-letters 127.0.0.1:" + std::to_string(client.local_port()));
    daemon.finish();
}

Test(lifecycle, clients_that_came_and_went_leave_no_zombie_and_no_process) {
    Daemon daemon;
    for (int i = 0; i < 50; ++i) {
        Client client = join(daemon.port(), "guest" + std::to_string(i));
        client.send_line("/quit");
    }
    for (int i = 0; i < 50; ++i) daemon.wait_log(" ended, pid ");
    const std::vector<Process> left = processes(daemon.pid());
    EXPECT_EQ(left.size(), 2U);  // the broker and the lookout
    for (const Process& process : left) EXPECT_NE(process.state, 'Z');
    daemon.finish();
}

Test(lifecycle, the_journal_has_pid_name_cause_and_lifetime_of_a_worker_that_ended) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    const pid_t worker = find(daemon, "chatd: worker alice").pid;
    alice.send_line("/quit");
    const std::string line = daemon.wait_log("alice ended");
    EXPECT_CONTAINS(line, "chatd[broker ");
    EXPECT_CONTAINS(line,
                    "]: alice ended, pid " + std::to_string(worker) + ": said goodbye, after ");
    EXPECT_CONTAINS(line, " s");
    daemon.finish();
}

Test(lifecycle, a_killed_worker_ends_nobody_else_and_the_room_reads_why) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    Client carol = join(daemon.port(), "carol");
    alice.expect_line("bob entered the chat room");
    alice.expect_line("carol entered the chat room");
    bob.expect("carol entered the chat room\n");
    kill(find(daemon, "chatd: worker bob").pid, SIGKILL);
    alice.expect_line("bob left the chat room (killed by signal 9)");
    bob.expect_eof();
    carol.send_line("poor bob");
    alice.expect_line("carol says: poor bob");
    Client again = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    daemon.wait_log("bob ended, pid");
    daemon.finish();
}

Test(lifecycle, sigterm_to_a_worker_removes_its_client_politely) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    Client login(daemon.port());
    login.expect("Your name: ");
    alice.expect_line("bob entered the chat room");
    kill(find(daemon, "chatd: worker bob").pid, SIGTERM);
    bob.expect_line("The operator has closed your connection. Goodbye.");
    bob.expect_eof();
    alice.expect_line("bob left the chat room (removed by the operator)");
    kill(find(daemon, "chatd: worker (login)").pid, SIGTERM);
    login.expect("\nThe operator has closed your connection. Goodbye.\n");
    login.expect_eof();
    daemon.finish();
}

Test(lifecycle, a_killed_broker_is_replaced_and_nobody_notices) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    bob.send_line("before");
    alice.expect_line("bob says: before");
    for (int round = 0; round < 5; ++round) {
        const std::string text = "round " + std::to_string(round);
        kill(find(daemon, "chatd: broker").pid, SIGKILL);
        alice.send_line(text);
        bob.expect_line("alice says: " + text);
        bob.send_line(text);
        alice.expect_line("bob says: " + text);
    }
    Client carol(daemon.port());
    carol.send_line("alice");
    carol.expect_line("Your name: The name alice is taken, or looks like one that is.");
    carol.send_line("carol");
    carol.expect("Welcome, carol.");
    carol.expect("3 people are here: alice, bob, carol.");
    alice.expect_line("carol entered the chat room");
    bob.expect_line("carol entered the chat room");
    alice.send_line("/history 100");
    EXPECT_CONTAINS(alice.line(), "] bob says: before");
    for (int round = 0; round < 5; ++round) {
        EXPECT_CONTAINS(alice.line(), "] alice says: round " + std::to_string(round));
        EXPECT_CONTAINS(alice.line(), "] bob says: round " + std::to_string(round));
    }
    daemon.finish();
}

Test(lifecycle, under_load_a_dying_broker_loses_nothing_doubles_nothing_and_keeps_the_order) {
    constexpr int kMessages = 3000;
    constexpr int kKills = 8;
    Daemon daemon;
    Client reader = join(daemon.port(), "reader");
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    reader.expect_line("alice entered the chat room");
    reader.expect_line("bob entered the chat room");
    int from_alice = 0;
    int from_bob = 0;
    for (int sent = 0; sent < kMessages; ++sent) {
        alice.send_line("a" + std::to_string(sent));
        bob.send_line("b" + std::to_string(sent));
        if (sent % (kMessages / kKills) == 1) kill(find(daemon, "chatd: broker").pid, SIGKILL);
    }
    while (from_alice < kMessages || from_bob < kMessages) {
        const std::string line = reader.line();
        if (line == "alice says: a" + std::to_string(from_alice)) {
            ++from_alice;
        } else {
            ASSERT_EQ(line, "bob says: b" + std::to_string(from_bob));
            ++from_bob;
        }
    }
    EXPECT_TRUE(reader.quiet());
    daemon.finish();
}

Test(lifecycle, a_worker_and_the_broker_killed_together_leave_one_notice) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    kill(find(daemon, "chatd: broker").pid, SIGKILL);
    kill(find(daemon, "chatd: worker bob").pid, SIGKILL);
    alice.expect_line("bob left the chat room (killed by signal 9)");
    Client again = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    daemon.finish();
}

Test(lifecycle, a_stopped_broker_pauses_the_room_and_goes_on) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const pid_t broker = find(daemon, "chatd: broker").pid;
    kill(broker, SIGSTOP);
    bob.send_line("one");
    bob.send_line("two");
    kill(broker, SIGCONT);
    alice.expect_line("bob says: one");
    alice.expect_line("bob says: two");
    daemon.finish();
}

Test(lifecycle, a_stopped_worker_harms_nobody) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    Client carol = join(daemon.port(), "carol");
    const pid_t worker = find(daemon, "chatd: worker bob").pid;
    alice.expect("carol entered the chat room\n");
    kill(worker, SIGSTOP);
    for (int i = 0; i < 100; ++i) {
        carol.send_line("n" + std::to_string(i));
        alice.expect_line("carol says: n" + std::to_string(i));
    }
    kill(worker, SIGCONT);
    bob.expect("carol says: n99\n");
    daemon.finish();
}

Test(lifecycle, signals_to_everybody_at_once_still_close_in_order) {
    for (const int number : {SIGINT, SIGTERM}) {
        Daemon daemon;
        Client alice = join(daemon.port(), "alice");
        Client login(daemon.port());
        login.expect("Your name: ");
        daemon.signal(number);
        alice.expect_line("The server is shutting down. Goodbye.");
        alice.expect_eof();
        login.expect("\nThe server is shutting down. Goodbye.\n");
        login.expect_eof();
        EXPECT_EQ(daemon.wait(), 0);
        daemon.expect_nothing_left();
    }
}

Test(lifecycle, when_the_whole_group_is_told_to_go_it_is_the_server_that_closes) {
    for (const int number : {SIGINT, SIGTERM}) {
        expect_the_server_closes([=](const Daemon& daemon) { kill(-daemon.pid(), number); });
    }
}

Test(lifecycle, when_each_process_is_told_to_go_it_is_the_server_that_closes) {
    const auto tell_children = [](const Daemon& daemon) {
        for (const Process& child : children(daemon.pid())) kill(child.pid, SIGTERM);
    };
    expect_the_server_closes([&](const Daemon& daemon) {
        tell_children(daemon);
        daemon.signal(SIGTERM);
    });
    expect_the_server_closes([&](const Daemon& daemon) {
        daemon.signal(SIGTERM);
        tell_children(daemon);
    });
}

Test(lifecycle, a_parent_that_is_late_still_decides_that_the_server_closes) {
    // Without a sandbox a test that is not root may look.
    Daemon daemon({"--sandbox", "off"});
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    daemon.signal(SIGSTOP);
    kill(-daemon.pid(), SIGTERM);
    // Nothing announces it.
    for (const Deadline deadline = soon(); !is_woken(daemon.pid());) {
        ASSERT_TRUE(Clock::now() < deadline);
    }
    daemon.signal(SIGCONT);
    for (Client* const client : {&alice, &bob}) {
        client->expect_line("The server is shutting down. Goodbye.");
        client->expect_eof();
    }
    EXPECT_EQ(daemon.wait(), 0);
    daemon.expect_nothing_left();
}

Test(lifecycle, two_clients_are_removed_while_the_broker_is_being_asked) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    for (const char* const name : {"bob", "carol"}) {
        Client client = join(daemon.port(), name);
        alice.expect_line(std::string(name) + " entered the chat room");
        kill(find(daemon, std::string("chatd: worker ") + name).pid, SIGTERM);
        alice.expect_line(std::string(name) + " left the chat room (removed by the operator)");
    }
    daemon.finish();
}

Test(lifecycle, messages_from_before_the_end_are_delivered) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    for (int i = 0; i < 500; ++i) bob.send_line(std::to_string(i));
    alice.expect_line("bob says: 0");
    daemon.signal(SIGTERM);
    std::string last;
    for (int i = 1; (last = alice.line()) == "bob says: " + std::to_string(i); ++i) {
    }
    EXPECT_EQ(last, "The server is shutting down. Goodbye.");
    EXPECT_EQ(daemon.wait(), 0);
    daemon.expect_nothing_left();
}

Test(lifecycle, without_a_broker_everybody_is_told_of_the_end_too) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    const pid_t broker = find(daemon, "chatd: broker").pid;
    kill(broker, SIGSTOP);
    daemon.signal(SIGTERM);
    daemon.wait_log("closing; clients: 1");
    kill(broker, SIGKILL);
    alice.expect_line("The server is shutting down. Goodbye.");
    alice.expect_eof();
    EXPECT_EQ(daemon.wait(), 0);
    daemon.expect_nothing_left();
}

Test(lifecycle, a_worker_that_does_not_end_is_killed_in_time) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    kill(find(daemon, "chatd: worker alice").pid, SIGSTOP);
    kill(find(daemon, "chatd: broker").pid, SIGSTOP);
    const auto begin = Clock::now();
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_LT((Clock::now() - begin) / std::chrono::milliseconds(1), 5000);
    daemon.expect_nothing_left();
}

Test(lifecycle, everybody_dies_with_the_parent) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    kill(find(daemon, "chatd: worker alice").pid, SIGSTOP);
    daemon.signal(SIGKILL);
    EXPECT_EQ(daemon.wait(), 128 + SIGKILL);
    (void)alice.rest();
    EXPECT_TRUE(reap_strays(soon()).empty());
}

Test(lifecycle, a_new_server_starts_over_the_socket_of_a_killed_one) {
    Scratch scratch;
    DaemonOptions options{.run_dir = scratch.path() + "/run"};
    {
        Daemon first(options);
        options.port = std::to_string(first.port());
        first.signal(SIGKILL);
        EXPECT_EQ(first.wait(), 128 + SIGKILL);
        EXPECT_TRUE(reap_strays(soon()).empty());
    }
    Daemon second(options);
    Client alice = join(second.port(), "alice");
    second.finish();
}
