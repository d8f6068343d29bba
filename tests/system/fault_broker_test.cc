// The broker dies at each step of its work, at each pass there: nobody is disconnected, and
// everybody reads everything once, in order.
#include <criterion/criterion.h>
#include <signal.h>

#include <string>

#include "base/settings.h"
#include "support/client.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/where.h"

using namespace chatd::test;

TestSuite(fault_broker, .timeout = 120);

namespace {

// Enough passes to reach each point in every state. Only the fan-out is passed more often. Under
// sanitizers a scene takes several times as long, and the first passes run all of the code.
constexpr int kPassesMax = chatd::kSanitized ? 3 : 12;

// Everything that goes through the broker. Checks each line of everybody's screen, in order.
void play_a_scene(Daemon& daemon, Where where = Where::here()) {
    const Caller caller(where);
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    alice.send_line("one");
    bob.expect_line("alice says: one");

    Client carol(daemon.port());
    carol.send_line("carol");
    carol.expect("Your name: Welcome, carol.");
    carol.expect("3 people are here: alice, bob, carol.\n");
    carol.expect("] alice says: one\n");
    alice.expect_line("carol entered the chat room");
    bob.expect_line("carol entered the chat room");

    bob.send_line("/msg carol psst");
    carol.expect_line("bob tells you: psst");
    carol.send_line("/nick caro");
    carol.expect_line("You are now called caro.");
    alice.expect_line("carol is now called caro");
    bob.expect_line("carol is now called caro");
    bob.send_line("/nick ALICE");
    bob.expect_line("The name ALICE is taken, or looks like one that is.");

    carol.send_line("/who");
    carol.expect_line("3 people are here:");
    for (const char* name : {"  name ", "  alice ", "  bob ", "  caro "}) {
        EXPECT_CONTAINS(carol.line(), name);
    }
    carol.send_line("/history");
    carol.expect("] alice says: one\n");
    carol.expect("] bob tells you: psst\n");

    carol.send_line("/quit bye");
    carol.expect_line("Goodbye.");
    carol.expect_eof();
    alice.expect_line("caro left the chat room: bye");
    bob.expect_line("caro left the chat room: bye");
    alice.send_line("two");
    bob.expect_line("alice says: two");
    bob.send_line("/quit");
    bob.expect_line("Goodbye.");
    bob.expect_eof();
    alice.expect_line("bob left the chat room");
    EXPECT_TRUE(alice.quiet());
}

// Plays the scene with a broker that does `deed` at its first pass of `point`, at its second, and
// so on until it passes there no more often.
void survive(const std::string& point, const std::string& deed = "kill",
             const std::string& end = "killed by signal 9", Where where = Where::here()) {
    const Caller caller(where);
    int pass = 0;
    for (bool fired = true; fired && pass < kPassesMax;) {
        const std::string fault = point + ':' + std::to_string(++pass) + ':' + deed;
        Daemon daemon(failing(fault));
        play_a_scene(daemon);
        daemon.finish();
        fired = daemon.logged("broker ended: " + end) == 1;
        if (!fired) EXPECT_EQ(daemon.logged("broker ended: "), 0);
    }
    EXPECT_GT(pass, 1);  // it did happen
}

}  // namespace

Test(fault_broker, dies_before_it_has_read_the_log) {
    survive("broker:start");
}
Test(fault_broker, dies_with_a_link_just_accepted) {
    survive("broker:after-accept");
}
Test(fault_broker, dies_before_a_newcomer_is_in) {
    survive("broker:before-join");
}
Test(fault_broker, dies_with_a_newcomer_in_the_table_and_not_in_the_log) {
    survive("broker:after-row");
}
Test(fault_broker, dies_with_a_newcomer_in_the_log_and_not_welcomed) {
    survive("broker:after-join");
}
Test(fault_broker, dies_before_it_handles_a_request) {
    survive("broker:while-handling");
}
Test(fault_broker, dies_with_an_entry_half_appended) {
    survive("broker:in-append");
}
Test(fault_broker, dies_with_an_entry_in_the_log_and_not_in_the_table) {
    survive("broker:after-append");
}
Test(fault_broker, dies_with_a_request_done_and_not_acknowledged) {
    survive("broker:after-apply");
}
Test(fault_broker, dies_before_a_welcome_or_an_answer_is_sent) {
    survive("broker:before-answer");
}
Test(fault_broker, dies_with_a_welcome_or_an_answer_sent) {
    survive("broker:after-answer");
}
Test(fault_broker, dies_before_a_replay_is_sent) {
    survive("broker:before-replay");
}
Test(fault_broker, dies_with_a_replay_sent_and_not_its_end) {
    survive("broker:in-replay");
}
Test(fault_broker, dies_before_a_fan_out) {
    survive("broker:before-fan-out");
}
Test(fault_broker, dies_in_the_middle_of_a_fan_out) {
    survive("broker:in-fan-out");
}
Test(fault_broker, dies_after_a_fan_out) {
    survive("broker:after-fan-out");
}
Test(fault_broker, dies_with_the_end_of_a_worker_handled_and_not_taken_off_the_link) {
    survive("broker:after-control");
}

Test(fault_broker, dies_of_a_fault_of_its_own_code) {
    survive("broker:after-append", "segv", "killed by signal 11");
    survive("broker:after-append", "abort", "killed by signal 6");
}

Test(fault_broker, runs_out_of_memory_at_any_step) {
    for (const char* point : {"broker:start", "broker:after-accept", "broker:after-row",
                              "broker:while-handling", "broker:before-answer"}) {
        survive(point, "nomem", "exit status 71");
    }
}

Test(fault_broker, dies_before_and_after_the_disk_has_the_entries) {
    for (const char* point : {"broker:sync", "broker:after-sync"}) {
        for (int pass = 1; pass <= 4; ++pass) {
            const Scratch scratch;
            Daemon daemon(failing(std::string(point) + ':' + std::to_string(pass) + ":kill",
                                  {"--history", scratch.path() + "/history", "--sync"}));
            play_a_scene(daemon);
            EXPECT_EQ(daemon.logged("broker ended: killed by signal 9"), 1);
            daemon.finish();
        }
    }
}

// The broker dies again while the members come back to it.
Test(fault_broker, dies_while_members_come_back) {
    for (const std::string point : {"broker:before-resume", "broker:after-resume"}) {
        for (int pass = 1; pass <= 2; ++pass) {
            Daemon daemon(failing(point + ':' + std::to_string(pass) + ":kill"));
            Client alice = join(daemon.port(), "alice");
            Client bob = join(daemon.port(), "bob");
            alice.expect_line("bob entered the chat room");
            (void)kill(daemon.broker(), SIGKILL);
            alice.send_line("hello");
            bob.expect_line("alice says: hello");
            bob.send_line("hi");
            alice.expect_line("bob says: hi");
            EXPECT_EQ(daemon.logged("broker ended: killed by signal 9"), 2);
            EXPECT_TRUE(alice.quiet() && bob.quiet());
            daemon.finish();
        }
    }
}
