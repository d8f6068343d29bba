// The lookout of the real program: what it tells, how it lives and dies, and what a worker gets of
// it that does not keep to the rules.
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <functional>
#include <iterator>
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

TestSuite(lookout, .timeout = 60);

namespace {

// Waits for a lookout with another pid than `before`. Looks again and again, because nothing
// announces it.
pid_t lookout_of(const Daemon& daemon, pid_t before = -1, Where where = Where::here()) {
    const Caller caller(where);
    for (const Deadline deadline = soon(); Clock::now() < deadline;) {
        for (const Process& child : children(daemon.pid())) {
            const bool is_it = child.comm == "chatd-lookout" && child.state != 'Z';
            if (is_it && child.pid != before) return child.pid;
        }
    }
    throw std::runtime_error("there is no lookout");
}

pid_t child_called(const Daemon& daemon, const std::string& comm) {
    for (const Process& child : children(daemon.pid())) {
        if (child.comm == comm) return child.pid;
    }
    return -1;
}

// The tree as pstree(1) would draw it.
void expect_tree(Client& client, const Daemon& daemon, Where where = Where::here()) {
    const Caller caller(where);
    const auto node = [](const std::string& name, pid_t pid) {
        return name + '(' + std::to_string(pid) + ")";
    };
    const std::string root = node("chatd", daemon.pid());
    const std::string indent(root.size() + 1, ' ');
    client.send_line("/tree");
    client.expect_line(root + "─┬─" + node("chatd-broker", daemon.broker()));
    client.expect_line(indent + "├─" + node("chatd-lookout", lookout_of(daemon)));
    client.expect_line(indent + "└─" + node("chatd:小明", child_called(daemon, "chatd:小明")));
}

}  // namespace

Test(lookout, a_client_sees_the_processes_with_the_states_that_ps_shows) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const pid_t worker = child_called(daemon, "chatd:bob");
    kill(worker, SIGSTOP);
    daemon.wait_log("worker stopped");
    alice.send_line("/ps");
    alice.expect_line("The server has 5 processes:");
    for (const char* const row : {"  ppid  role ", "  parent  ", "  broker  ", "  lookout  RN",
                                  "  worker   S", "  stopped  "}) {
        EXPECT_CONTAINS(alice.line(), row);
    }
    alice.send_line("/ps BOB");
    alice.expect_line("Workers whose client's name begins with BOB, 1 of 2:");
    (void)alice.line();  // the headings
    EXPECT_CONTAINS(alice.line(), "  " + std::to_string(worker) + "  " +
                                      std::to_string(daemon.pid()) + "  worker  T");
    alice.expect_line("  bob:");
    EXPECT_CONTAINS(alice.line(), "  scheduling policy SCHED_BATCH, waits in ");
    kill(worker, SIGKILL);
    alice.expect_line("bob left the chat room (killed by signal 9)");
    daemon.finish();
}

Test(lookout, a_reniced_worker_is_shown_with_its_nice_value) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    EXPECT_EQ(setpriority(PRIO_PROCESS, static_cast<id_t>(child_called(daemon, "chatd:alice")), 7),
              0);
    alice.send_line("/ps alice");
    alice.expect_line("Workers whose client's name begins with alice, 1 of 1:");
    (void)alice.line();  // the headings
    std::istringstream row(alice.line());
    const std::vector<std::string> words{std::istream_iterator<std::string>(row), {}};
    ASSERT_TRUE(words.size() > 7);
    EXPECT_EQ(words[3].back(), 'N');
    EXPECT_EQ(words[7], "7");
    daemon.finish();
}

Test(lookout, who_asks_and_leaves_in_one_go_reads_the_answer) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    alice.send("/ps alice\n/quit\n");
    alice.expect("  descriptors: 3 files, 1 TCP, 2 Unix, 2 O_PATH, 1 eventfd\n");
    alice.expect("Goodbye.\n");
    alice.expect_eof();
    daemon.finish();
}

// The second question begins only when the first one has its answer, or will have none.
Test(lookout, each_of_several_questions_in_one_go_is_answered) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    const pid_t lookout = lookout_of(daemon);
    kill(lookout, SIGSTOP);
    alice.send("/ps\n/ps\n/time on\n");
    for (int i = 0; i < 2; ++i) {
        alice.expect_line("The lookout does not answer. Please try again.");
    }
    alice.expect_line("What happens is now shown with its time.");
    kill(lookout, SIGCONT);
    daemon.finish();
}

Test(lookout, of_many_workers_the_oldest_fifty_are_shown) {
    Daemon daemon;
    std::vector<Client> clients;
    std::vector<pid_t> workers;
    for (int i = 0; i < 52; ++i) {
        clients.emplace_back(daemon.port());
        clients.back().expect("Your name: ");
        const std::string line = daemon.wait_log(" connected, pid ");
        workers.push_back(std::stoi(line.substr(line.find(", pid ") + 6)));
    }
    Client& asker = clients.front();
    asker.send_line("alice");
    asker.expect("You are the only one here.\n");
    asker.send_line("/ps");
    asker.expect_line("The server has 55 processes:");
    for (int i = 0; i < 4; ++i) (void)asker.line();  // headings, parent, broker, lookout
    for (int i = 0; i < 50; ++i) {
        EXPECT_CONTAINS(asker.line(), ' ' + std::to_string(workers[i]) + "  " +
                                          std::to_string(daemon.pid()) + "  worker ");
    }
    asker.expect_line("  … and 2 more. /ps al shows those whose name begins with al.");
    daemon.finish();
}

Test(lookout, one_that_dies_is_replaced_and_who_asks_meanwhile_waits) {
    Daemon daemon;
    Client ming = join(daemon.port(), "小明");
    expect_tree(ming, daemon);
    pid_t lookout = lookout_of(daemon);
    for (int round = 0; round < 3; ++round) {
        kill(lookout, SIGKILL);
        daemon.wait_log("lookout ended: killed by signal 9");
        expect_tree(ming, daemon);
        lookout = lookout_of(daemon, lookout);
    }
    daemon.finish();
}

Test(lookout, while_it_is_stopped_one_line_says_so_and_the_room_goes_on) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const pid_t lookout = lookout_of(daemon);
    kill(lookout, SIGSTOP);
    alice.send_line("/ps");
    bob.send_line("hello");
    alice.expect_line("bob says: hello");
    alice.expect_line("The lookout does not answer. Please try again.");
    kill(lookout, SIGCONT);
    alice.send_line("/ps");
    alice.expect_line("The server has 5 processes:");
    daemon.finish();
}

Test(lookout, an_upgrade_brings_another_one_for_the_workers_that_are_there) {
    Daemon daemon;
    Client ming = join(daemon.port(), "小明");
    const pid_t lookout = lookout_of(daemon);
    daemon.signal(SIGHUP);
    daemon.wait_log("upgraded to ");
    daemon.wait_log("broker started");
    (void)lookout_of(daemon, lookout);
    // Beside busy processes the old one ends late, because it is as nice as can be.
    for (const Deadline deadline = soon(); process(lookout);) ASSERT_TRUE(Clock::now() < deadline);
    expect_tree(ming, daemon);
    daemon.finish();
}
