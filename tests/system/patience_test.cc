// Clients that are too fast or too slow, that are too many, that make trouble, or that speak
// another protocol.
#include <criterion/criterion.h>
#include <signal.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "support/client.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/process.h"

using namespace chatd::test;

TestSuite(patience, .timeout = 60);

namespace {

pid_t worker_of(const Daemon& chatd, const std::string& name) {
    for (const Process& child : children(chatd.pid())) {
        if (child.comm == "chatd:" + name) return child.pid;
    }
    throw std::runtime_error("no worker of " + name);
}

}  // namespace

Test(patience, a_paste_of_200_lines_arrives_whole_and_its_sender_is_told_once) {
    Daemon chatd(DaemonOptions{.rate = "100:20"});
    Client bob = join(chatd.port(), "bob");
    Client alice = join(chatd.port(), "alice");
    bob.expect_line("alice entered the chat room");

    std::string paste;
    for (int i = 1; i <= 200; ++i) paste += "line " + std::to_string(i) + '\n';
    alice.send(paste);
    for (int i = 1; i <= 200; ++i) bob.expect_line("alice says: line " + std::to_string(i));
    bob.send_line("done?");
    alice.expect_line(
        "You are faster than the room: from here on 100 of your lines go out a second.");
    alice.expect_line("bob says: done?");
}

Test(patience, a_client_that_is_reset_while_its_lines_wait_is_gone_at_once) {
    Daemon chatd(DaemonOptions{.rate = "1:2"});
    Client bob = join(chatd.port(), "bob");
    Client alice = join(chatd.port(), "alice");
    bob.expect_line("alice entered the chat room");
    std::string paste;
    for (int i = 1; i <= 20'000; ++i) paste += "a\n";  // more than the worker holds
    alice.send(paste);
    alice.reset();
    bob.expect_line("alice says: a");
    bob.expect_line("alice says: a");
    std::string line = bob.line();
    while (line == "alice says: a") line = bob.line();  // what the rate had allowed by then
    EXPECT_EQ(line, "alice left the chat room (connection lost)");
    (void)join(chatd.port(), "alice");
}

Test(patience, clients_that_are_gone_while_their_lines_wait_leave_names_and_places_free) {
    Daemon chatd(DaemonOptions{.args = {"--max-per-ip", "5"}, .rate = "1:2"});
    std::string paste;
    for (int i = 1; i <= 20'000; ++i) paste += "a\n";  // more than the worker holds
    std::vector<Client> gone;
    for (int i = 0; i < 5; ++i) {
        gone.push_back(join(chatd.port(), "mallory" + std::to_string(i)));
        gone.back().send(paste);
    }
    for (Client& client : gone) client.reset();
    for (int i = 0; i < 5; ++i) (void)chatd.wait_log("connection lost");
    for (int i = 0; i < 5; ++i) gone[i] = join(chatd.port(), "mallory" + std::to_string(i));
    chatd.finish();
}

// A client that has closed looks like one that only sends no more.
Test(patience, a_client_that_has_closed_while_its_lines_wait_is_gone_once_something_is_sent_to_it) {
    Daemon chatd(DaemonOptions{.rate = "1:2"});
    Client bob = join(chatd.port(), "bob");
    Client alice = join(chatd.port(), "alice");
    bob.expect_line("alice entered the chat room");
    std::string paste;
    for (int i = 1; i <= 1000; ++i) paste += "a\n";
    alice.send(paste);
    alice.expect("You are faster than the room");
    alice.expect("\n");
    alice.close();
    bob.expect("alice says: a");
    bob.send_line("are you there?");
    bob.expect("alice left the chat room (connection lost)");
    chatd.finish();
}

Test(patience, an_address_that_comes_again_and_again_has_one_budget) {
    const DaemonOptions options{.args = {"--rate-per-ip", "2:5"}, .rate = "100:100"};
    Daemon chatd(options);
    Client mallory(chatd.port());
    mallory.send("mallory\n" + std::string(4000, 'x') + '\n');
    (void)chatd.wait_log("mallory joined");
    mallory.reset();
    (void)chatd.wait_log("mallory ended");
    Client eve(chatd.port());
    eve.send_line("eve");
    eve.expect("Many lines come from your address: yours wait for their turn.");
    eve.expect("Welcome, eve");
    chatd.finish();
}

Test(patience, an_exempt_network_has_no_budget) {
    const DaemonOptions options{.args = {"--rate-per-ip", "1:1", "--no-penalty", "127.0.0.0/8"},
                                .rate = "100:100"};
    Daemon chatd(options);
    for (int i = 0; i < 10; ++i) {
        Client mallory(chatd.port());
        mallory.send("mallory\na\na\na\n/quit\n");
        mallory.expect("Goodbye.");
    }
    chatd.finish();
}

Test(patience, a_client_that_tells_no_name_is_told_so_and_closed) {
    Daemon chatd({"--login-timeout", "1"});
    Client silent(chatd.port());
    silent.expect("Your name: ");
    silent.expect_line("");
    silent.expect_line("No name within 1 seconds. Goodbye.");
    silent.expect_eof();
    EXPECT_CONTAINS(chatd.wait_log("(login) ended, pid"), "told no name in time");
}

Test(patience, a_member_that_says_nothing_is_told_so_and_leaves) {
    Daemon chatd({"--idle-timeout", "1"});
    Client alice = join(chatd.port(), "alice");
    alice.expect_line("You have said nothing for 1 seconds. Goodbye.");
    alice.expect_eof();
    (void)chatd.wait_log("said nothing for too long");
}

Test(patience, an_address_with_all_its_clients_here_is_told_so) {
    Daemon chatd({"--max-per-ip", "2"});
    Client alice = join(chatd.port(), "alice");
    Client bob = join(chatd.port(), "bob");
    Client(chatd.port())
        .expect_line("2 people from your address are here, which is the most. Please come later.");
    bob.send_line("/quit");
    bob.expect("Goodbye.");
    alice.expect_line("bob entered the chat room");
    alice.expect_line("bob left the chat room");
    // The parent knows of the end when the journal says that the process has ended.
    (void)chatd.wait_log("bob ended");
    (void)join(chatd.port(), "carol");
}

Test(patience, an_address_whose_workers_crash_has_to_wait) {
    // With a sanitizer the signal would be an exit status.
    Daemon chatd(DaemonOptions{.penalties = true, .env = {{"ASAN_OPTIONS", "handle_segv=0"}}});
    for (int i = 0; i < 3; ++i) {
        Client alice = join(chatd.port(), "alice");
        (void)kill(worker_of(chatd, "alice"), SIGSEGV);
        alice.expect_eof();
        (void)chatd.wait_log("alice ended");
    }
    Client alice(chatd.port());
    alice.expect_line("Many connect from your address. Please stay: you are in within 5 seconds.");
    alice.expect("Your name: ");
}

// So that nobody locks neighbours out, not even who connects again and again for ever.
Test(patience, who_stays_comes_in_though_others_of_the_address_connect_in_a_loop) {
    Daemon chatd(DaemonOptions{.address = std::nullopt, .penalties = true});
    const auto connect_and_close = [&] { (void)Client(chatd.port()); };
    for (int i = 0; i < 300; ++i) connect_and_close();
    Client neighbour(chatd.port());
    neighbour.expect("Please stay: you are in within");
    for (const Deadline deadline = soon(); !neighbour.pending().ends_with("Your name: ");) {
        ASSERT_TRUE(Clock::now() < deadline);
        connect_and_close();
    }
    Client elsewhere(chatd.port(), Family::V6);
    elsewhere.expect("Your name: ");
    chatd.finish();
}

Test(patience, who_waits_is_told_when_the_server_closes) {
    Daemon chatd(DaemonOptions{.penalties = true});
    for (int i = 0; i < 300; ++i) (void)Client(chatd.port());
    Client neighbour(chatd.port());
    neighbour.expect("Please stay");
    chatd.finish();
    EXPECT_CONTAINS(neighbour.rest(), "The server is shutting down. Goodbye.\n");
}

Test(patience, too_many_logins_turn_newcomers_away_until_names_are_told) {
    Daemon chatd({"--max-logins", "1"});
    Client alice = join(chatd.port(), "alice");
    alice.send_line("/who");
    alice.expect("You are the only one here:");  // the broker has counted her by now
    Client first(chatd.port());
    first.expect("Your name: ");
    Client second(chatd.port());
    second.expect("Your name: ");
    Client third(chatd.port());
    third.expect_line(
        "Too many people are at the door right now. Please try again in a few seconds.");
    third.expect_eof();
    first.send_line("bob");
    first.expect("Welcome, bob.");
    alice.send_line("/who");
    alice.expect("2 people are here:");
    Client fourth = join(chatd.port(), "carol");
}
