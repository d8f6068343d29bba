// A worker, or the parent, dies at each step of its work.
#include <criterion/criterion.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "protocol/frame.h"
#include "support/client.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/link.h"
#include "support/process.h"
#include "support/spawn.h"
#include "support/wait.h"
#include "support/where.h"

using namespace chatd::test;
using chatd::EntryKind;

TestSuite(fault_worker, .timeout = 60);
TestSuite(fault_parent, .timeout = 60);

namespace {

constexpr int kPassesMax = 12;

// The deeds of alice's worker before it died, as the log of the room has them.
struct Deeds {
    bool joined = false;
    std::vector<std::string> said;
    int left = 0;
    chatd::LeaveReason reason{};
};

Deeds deeds_of_alice(Watcher& watcher, Where where = Where::here()) {
    const Caller caller(where);
    Deeds deeds;
    for (const Watcher::Event& event : watcher.all()) {
        if (event.name != "alice") continue;
        if (event.entry.kind == EntryKind::Join) {
            EXPECT_FALSE(deeds.joined);
            deeds.joined = true;
        } else if (event.entry.kind == EntryKind::Say) {
            deeds.said.push_back(event.text);
        } else if (event.entry.kind == EntryKind::Leave) {
            ++deeds.left;
            deeds.reason = static_cast<chatd::LeaveReason>(event.entry.reason);
        }
    }
    return deeds;
}

// Alice comes, talks and goes, as far as her worker lets her. Returns what she read.
std::string visit(const Daemon& daemon) {
    Client alice(daemon.port());
    alice.send("alice\none\n/who\ntwo\n/quit\n");
    return alice.rest();
}

void expect_room_and_name_are_there(const Daemon& daemon, Where where = Where::here()) {
    const Caller caller(where);
    Client again = join(daemon.port(), "alice");
    again.send_line("/who");
    again.expect("2 people are here:\n");
}

// A worker dies at its first pass of `point`, at its second, and so on until it passes no more.
void only_its_client_goes(const std::string& point, const std::string& deed = "kill",
                          const std::string& end = "killed by signal 9",
                          Where where = Where::here()) {
    const Caller caller(where);
    int pass = 0;
    for (bool fired = true; fired && pass < kPassesMax;) {
        Daemon daemon(with_strangers(point + ':' + std::to_string(++pass) + ':' + deed));
        Watcher watcher(daemon, "bob");
        const std::string read = visit(daemon);
        const std::string ended = daemon.wait_log(" ended, pid ");
        fired = ended.find(end) != std::string::npos;

        const Deeds deeds = deeds_of_alice(watcher);
        EXPECT_EQ(deeds.left, deeds.joined ? 1 : 0);
        const std::vector<std::string> all = {"one", "two"};
        EXPECT_LE(deeds.said.size(), all.size());
        EXPECT_TRUE(std::equal(deeds.said.begin(), deeds.said.end(), all.begin()));
        // This answer came after the line before it was in the log.
        if (read.find(" here:\n") != std::string::npos) EXPECT_GE(deeds.said.size(), 1U);
        if (!fired) EXPECT_EQ(deeds.said, all);
        if (fired && deeds.joined && deeds.said.size() < 2) {
            EXPECT_EQ(static_cast<int>(deeds.reason),
                      static_cast<int>(deed == "kill" ? chatd::LeaveReason::Killed
                                                      : chatd::LeaveReason::Failed));
        }
        if (fired) expect_room_and_name_are_there(daemon);
        EXPECT_EQ(daemon.logged("broker ended"), 0);
        watcher.close();
        daemon.finish();
    }
    EXPECT_GT(pass, 1);  // it did happen
}

// A worker is stopped at each pass of `point`. Nobody else notices, and when the worker goes on,
// nothing is missing.
void nobody_notices_a_stop(const std::string& point, Where where = Where::here()) {
    const Caller caller(where);
    for (int pass = 1; pass <= 3; ++pass) {
        Daemon daemon(with_strangers(point + ':' + std::to_string(pass) + ":stop"));
        Watcher watcher(daemon, "bob");
        Client alice(daemon.port());
        alice.send("alice\none\n/who\ntwo\n/quit\n");
        // Her worker is stopped, or it passes there no more often and has ended.
        for (;;) {
            std::optional<Process> stopped;
            for (const Process& child : children(daemon.pid())) {
                if (child.state == 'T') stopped = child;
            }
            if (stopped) {
                (void)watcher.all();  // The room answers.
                (void)kill(stopped->pid, SIGCONT);
                break;
            }
            if (daemon.logged(" ended, pid ") != 0) break;
        }
        EXPECT_CONTAINS(alice.rest(), "Goodbye.\n");
        alice.close();
        daemon.wait_log(" ended, pid ");
        const Deeds deeds = deeds_of_alice(watcher);
        EXPECT_EQ(deeds.said, (std::vector<std::string>{"one", "two"}));
        EXPECT_EQ(deeds.left, 1);
        watcher.close();
        daemon.finish();
    }
}

// The parent dies of `fault` after `provoke` was done. No process outlives it, and the next server
// has its history.
void all_end_and_begin_anew(const std::string& fault,
                            const std::function<void(const Daemon&, Client&)>& provoke,
                            Where where = Where::here()) {
    const Caller caller(where);
    const Scratch scratch;
    const std::string history = scratch.path() + "/history";
    const std::string run_dir = scratch.path() + "/run";
    std::string port;
    {
        DaemonOptions options = failing(fault, {"--history", history});
        options.run_dir = run_dir;
        Daemon daemon(std::move(options));
        port = std::to_string(daemon.port());
        Client alice = join(daemon.port(), "alice");
        Client bob = join(daemon.port(), "bob");
        alice.send_line("kept");
        bob.expect_line("alice says: kept");
        provoke(daemon, bob);
        EXPECT_EQ(daemon.wait(), 128 + SIGKILL);
        EXPECT_TRUE(reap_strays(soon()).empty());
        (void)alice.rest();
        (void)bob.rest();
    }
    Daemon daemon(DaemonOptions{.args = {"--history", history}, .port = port, .run_dir = run_dir});
    Client carol = join(daemon.port(), "carol");
    carol.expect("] alice says: kept\n");
    daemon.finish();
}

}  // namespace

Test(fault_worker, dies_before_it_has_done_anything) {
    only_its_client_goes("worker:start");
}
Test(fault_worker, dies_with_a_line_read_and_not_handled) {
    only_its_client_goes("worker:after-read");
}
Test(fault_worker, dies_with_a_link_just_connected) {
    only_its_client_goes("worker:after-connect");
}
Test(fault_worker, dies_before_it_sends_to_the_broker) {
    only_its_client_goes("worker:before-send");
}
Test(fault_worker, dies_with_requests_sent_and_not_acknowledged) {
    only_its_client_goes("worker:after-send");
}
Test(fault_worker, dies_with_frames_received_and_not_looked_at) {
    only_its_client_goes("worker:before-taking");
}
Test(fault_worker, dies_with_frames_handled_and_not_shown) {
    only_its_client_goes("worker:before-screen");
}
Test(fault_worker, dies_before_it_says_goodbye) {
    only_its_client_goes("worker:before-goodbye");
}
Test(fault_worker, dies_after_it_has_said_goodbye) {
    only_its_client_goes("worker:before-exit");
}

Test(fault_worker, runs_out_of_memory_at_any_step) {
    for (const char* point : {"worker:start", "worker:after-read", "worker:after-connect",
                              "worker:before-taking", "worker:before-screen"}) {
        only_its_client_goes(point, "nomem", "exit status 71");
    }
}

Test(fault_worker, waits_for_the_news_of_its_birth_when_it_is_faster_than_that) {
    Daemon daemon(failing("parent:after-fork:2:stop"));
    Client alice = join(daemon.port(), "alice");
    Client bob(daemon.port());
    bob.send_line("bob");
    // Its link is open, and nobody has told the broker of it.
    bob.expect("the room is recovering, please wait");
    EXPECT_TRUE(alice.quiet());
    daemon.signal(SIGCONT);
    bob.expect("Welcome, bob.");
    alice.expect_line("bob entered the chat room");
    daemon.finish();
}

// Once it came in, and the room kept its member for ever.
Test(fault_worker, comes_not_in_when_it_lies_about_its_birth) {
    Daemon daemon(failing("worker:lies-about-birth:1:fail"));
    Client liar(daemon.port());
    liar.expect("Your name: ");
    liar.send_line("alice");
    Client bob = join(daemon.port(), "bob");
    Client alice = join(daemon.port(), "alice");
    bob.expect_line("alice entered the chat room");
    EXPECT_EQ(daemon.logged("alice joined"), 1);
    EXPECT_TRUE(bob.quiet());
    daemon.finish();
}

namespace {

// Lets the kernel give this pid to the next process, unless another process takes it first
// (pid_namespaces(7)). Returns false when that is not allowed.
bool ask_for_pid(pid_t pid) {
    std::ofstream last("/proc/sys/kernel/ns_last_pid");
    last << pid - 1 << std::flush;
    return last.good();
}

bool has_child(const Daemon& daemon, pid_t pid) {
    const std::vector<Process> all = children(daemon.pid());
    return std::any_of(all.begin(), all.end(), [&](const Process& p) { return p.pid == pid; });
}

}  // namespace

// Once the broker kept the link, and let no later process with that pid join.
Test(fault_worker, leaves_its_pid_to_the_next) {
    Daemon daemon;
    Client first = join(daemon.port(), "carol");
    first.reset();
    const std::string ended = daemon.wait_log(" ended, pid ");
    const pid_t pid = std::stoi(ended.substr(ended.find(", pid ") + 6));
    if (!ask_for_pid(pid)) cr_skip_test("only root can choose the pid of the next process");
    for (;;) {
        Client next(daemon.port());
        next.expect("Your name: ");
        if (!has_child(daemon, pid)) {
            ASSERT_TRUE(ask_for_pid(pid));
            continue;
        }
        next.send_line("alice");
        next.expect("Welcome, alice.");
        break;
    }
    daemon.finish();
}

Test(fault_worker, dies_while_it_loses_its_link_to_a_dying_broker) {
    Daemon daemon(failing("worker:after-losing-link:1:kill"));
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    (void)kill(daemon.broker(), SIGKILL);
    daemon.wait_log(" ended, pid ");
    // One of the two has lost the worker, and the other one is told so.
    const std::string ended = daemon.log();
    const bool it_was_alice = ended.find("alice ended") != std::string::npos;
    Client& left = it_was_alice ? bob : alice;
    left.expect_line(std::string(it_was_alice ? "alice" : "bob") +
                     " left the chat room (killed by signal 9)");
    EXPECT_TRUE(left.quiet());
    daemon.finish();
}

Test(fault_worker, stops_and_goes_on_at_any_step) {
    for (const char* point :
         {"worker:start", "worker:after-read", "worker:after-connect", "worker:before-send",
          "worker:after-send", "worker:before-taking", "worker:before-screen"}) {
        nobody_notices_a_stop(point);
    }
}

Test(fault_parent, dies_with_a_client_accepted_and_no_worker_for_it) {
    all_end_and_begin_anew("parent:after-accept:3:kill", [](const Daemon& daemon, Client&) {
        Client carol(daemon.port());
        EXPECT_EQ(carol.rest(), "");
    });
}

Test(fault_parent, dies_with_a_worker_just_forked) {
    all_end_and_begin_anew("parent:after-fork:3:kill", [](const Daemon& daemon, Client&) {
        Client carol(daemon.port());
        (void)carol.rest();
    });
}

Test(fault_parent, dies_with_a_worker_reaped_and_its_end_not_told) {
    all_end_and_begin_anew("parent:after-reap:1:kill",
                           [](const Daemon&, Client& bob) { bob.send_line("/quit"); });
}

Test(fault_parent, dies_before_it_forks_the_next_broker) {
    all_end_and_begin_anew("parent:before-broker-fork:2:kill", [](const Daemon& daemon, Client&) {
        (void)kill(daemon.broker(), SIGKILL);
    });
}

Test(fault_parent, dies_before_it_executes_the_next_program) {
    all_end_and_begin_anew("parent:before-exec:1:kill",
                           [](const Daemon& daemon, Client&) { daemon.signal(SIGHUP); });
}

Test(fault_parent, runs_out_of_memory_for_a_newcomer_and_the_room_goes_on) {
    Daemon daemon(failing("parent:after-accept:3:nomem"));
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    Client unlucky(daemon.port());
    EXPECT_EQ(unlucky.rest(), "");
    daemon.wait_log("memory: Cannot allocate memory; new clients wait");
    alice.send_line("still here");
    bob.expect_line("alice says: still here");
    const Client carol = join(daemon.port(), "carol");
    daemon.wait_log("new clients come in again");
    daemon.finish();
}
