// Clients that people use besides nc: ncat, socat and GNU telnet, in pipes and at terminals.
#include <criterion/criterion.h>

#include <csignal>
#include <string>
#include <vector>

#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/terminal.h"
#include "support/where.h"

using namespace chatd::test;

TestSuite(clients, .timeout = 30);

namespace {

const std::string kCtrlC = "\x03";
const std::string kCtrlD = "\x04";
const std::string kCtrlRightBracket = "\x1d";

std::vector<std::string> to(const Daemon& daemon, std::vector<std::string> program) {
    program.insert(program.end(), {"127.0.0.1", std::to_string(daemon.port())});
    return program;
}

std::vector<std::string> socat(const Daemon& daemon, const std::string& here) {
    // By default it waits half a second for what is still to come, which may be too short.
    return {"socat", "-t", "10", here, "TCP:127.0.0.1:" + std::to_string(daemon.port())};
}

// Two lines through a pipe: the room reads them, and their sender reads what there is.
void expect_a_pipe_to_work(const std::vector<std::string>& program, Daemon& daemon,
                           Where where = Where::here()) {
    const Caller caller(where);
    Client alice = join(daemon.port(), "alice");
    const Command::Result result = Command::run(program, "bob\nhi\n");
    EXPECT_EQ(result.status, 0);
    EXPECT_CONTAINS(result.out, "Your name: Welcome, bob.");
    EXPECT_CONTAINS(result.out, "2 people are here: alice, bob.");
    alice.expect_line("bob entered the chat room");
    alice.expect_line("bob says: hi");
    alice.expect_line("bob left the chat room");
    daemon.finish();
}

void come_in(Terminal& bob, Client& alice, Where where = Where::here()) {
    const Caller caller(where);
    bob.expect("Your name: ");
    bob.type("bob\n");
    bob.expect("Welcome, bob.");
    alice.expect_line("bob entered the chat room");
}

void expect_them_to_talk(Terminal& bob, Client& alice, Where where = Where::here()) {
    const Caller caller(where);
    bob.type("h\xC3\xA9llo\n");
    alice.expect_line("bob says: h\xC3\xA9llo");
    alice.send_line("hello yourself");
    bob.expect("\nalice says: hello yourself\r\n");
}

}  // namespace

Test(clients, a_pipe_into_nc_that_waits_a_second_delivers_its_lines) {
    Daemon daemon;
    expect_a_pipe_to_work(to(daemon, {"nc", "-q", "1"}), daemon);
}

Test(clients, a_pipe_into_ncat_delivers_its_lines) {
    Daemon daemon;
    expect_a_pipe_to_work(to(daemon, {"ncat"}), daemon);
}

Test(clients, a_pipe_into_ncat_with_carriage_returns_delivers_its_lines) {
    Daemon daemon;
    expect_a_pipe_to_work(to(daemon, {"ncat", "-C"}), daemon);
}

Test(clients, a_pipe_into_socat_delivers_its_lines) {
    Daemon daemon;
    expect_a_pipe_to_work(socat(daemon, "STDIO"), daemon);
}

Test(clients, a_pipe_into_socat_with_carriage_returns_delivers_its_lines) {
    Daemon daemon;
    expect_a_pipe_to_work(socat(daemon, "STDIO,crnl"), daemon);
}

Test(clients, a_client_that_only_sends_is_heard) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    const auto ncat = Command::run(to(daemon, {"ncat", "--send-only"}), "bob\nhi\n");
    EXPECT_EQ(ncat.status, 0);
    alice.expect_line("bob entered the chat room");
    alice.expect_line("bob says: hi");
    alice.expect("bob left the chat room");
    daemon.finish();
}

Test(clients, at_a_terminal_nc_talks_and_ctrl_d_leaves_when_asked_to) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Terminal bob(to(daemon, {"nc", "-N"}));
    come_in(bob, alice);
    expect_them_to_talk(bob, alice);
    bob.type(kCtrlD);
    alice.expect_line("bob left the chat room");
    EXPECT_EQ(bob.wait(), 0);
    daemon.finish();
}

Test(clients, at_a_terminal_ctrl_c_ends_nc_and_its_user_leaves) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Terminal bob(to(daemon, {"nc"}));
    come_in(bob, alice);
    bob.type(kCtrlC);
    EXPECT_EQ(bob.wait(), 128 + SIGINT);
    alice.expect_line("bob left the chat room");
    daemon.finish();
}

Test(clients, at_a_terminal_ncat_talks_and_ctrl_d_leaves) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Terminal bob(to(daemon, {"ncat"}));
    come_in(bob, alice);
    expect_them_to_talk(bob, alice);
    bob.type(kCtrlD);
    alice.expect_line("bob left the chat room");
    EXPECT_EQ(bob.wait(), 0);
    daemon.finish();
}

Test(clients, at_a_terminal_ncat_ends_with_the_next_line_after_quit) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Terminal bob(to(daemon, {"ncat"}));
    come_in(bob, alice);
    bob.type("/quit\n");
    bob.expect("Goodbye.\r\n");
    (void)daemon.wait_log("bob ended");
    bob.type("\n");
    EXPECT_EQ(bob.wait(), 1);  // It reports a broken pipe.
    daemon.finish();
}

Test(clients, at_a_terminal_socat_talks_and_ctrl_d_leaves) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Terminal bob(socat(daemon, "STDIO"));
    come_in(bob, alice);
    expect_them_to_talk(bob, alice);
    bob.type(kCtrlD);
    alice.expect_line("bob left the chat room");
    EXPECT_EQ(bob.wait(), 0);
    daemon.finish();
}

Test(clients, backspace_at_a_terminal_in_raw_mode_edits_the_line) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Terminal bob(socat(daemon, "STDIO,raw,icrnl"));
    bob.expect("Your name: ");
    bob.type("bib\x7F\bob\n");
    bob.expect("Welcome, bob.");
    alice.expect_line("bob entered the chat room");
    bob.type("secret\x15helo\x7Flo wrld\x17world\n");
    alice.expect_line("bob says: hello world");
    daemon.finish();
}

Test(clients, at_a_terminal_socat_ends_by_itself_after_quit) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Terminal bob({"socat", "STDIO", "TCP:127.0.0.1:" + std::to_string(daemon.port())});
    come_in(bob, alice);
    bob.type("/quit\n");
    bob.expect("Goodbye.\r\n");
    EXPECT_EQ(bob.wait(), 0);
    daemon.finish();
}

Test(clients, at_a_terminal_telnet_talks_and_ends_by_itself_after_quit) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Terminal bob(to(daemon, {"telnet"}));
    come_in(bob, alice);
    bob.type("hello\n");
    alice.expect_line("bob says: hello");
    alice.send_line("h\xC3\xA9llo yourself");
    bob.expect("\nalice says: h\xC3\xA9llo yourself\r\n");
    bob.type("/quit\n");
    bob.expect("Goodbye.\r\nConnection closed by foreign host.\r\n");
    (void)bob.wait();
    alice.expect_line("bob left the chat room");
    daemon.finish();
}

// telnet drops all output until its question is answered.
Test(clients, ctrl_c_in_telnet_is_answered_and_its_user_reads_on) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Terminal bob(to(daemon, {"telnet"}));
    come_in(bob, alice);
    for (int i = 0; i < 3; ++i) {
        bob.type(kCtrlC);
        bob.expect("^C");
        bob.type("still here\n");
        alice.expect_line("bob says: still here");
        alice.send_line("so I see");
        bob.expect("\nalice says: so I see\r\n");
    }
    bob.type("/quit\n");
    bob.expect("Goodbye.\r\n");
    (void)bob.wait();
    daemon.finish();
}

Test(clients, ctrl_d_in_telnet_changes_nothing) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Terminal bob(to(daemon, {"telnet"}));
    bob.expect("Your name: ");
    bob.type(kCtrlD);
    bob.type("bob\n");
    bob.expect("Welcome, bob.");
    alice.expect_line("bob entered the chat room");
    bob.type(kCtrlD);
    bob.type("hello\n");
    alice.expect_line("bob says: hello");
    bob.type("/quit\n");
    bob.expect("Goodbye.\r\n");
    (void)bob.wait();
    daemon.finish();
}

Test(clients, a_user_who_closes_telnet_leaves) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Terminal bob(to(daemon, {"telnet"}));
    come_in(bob, alice);
    bob.type(kCtrlRightBracket);
    bob.expect("telnet> ");
    bob.type("quit\n");
    (void)bob.wait();
    alice.expect_line("bob left the chat room");
    daemon.finish();
}

Test(clients, the_end_of_the_server_ends_telnet_and_socat_at_their_terminals) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Terminal bob(to(daemon, {"telnet"}));
    come_in(bob, alice);
    Terminal carol({"socat", "STDIO", "TCP:127.0.0.1:" + std::to_string(daemon.port())});
    carol.type("carol\n");
    carol.expect("Welcome, carol.");
    daemon.finish();
    bob.expect("The server is shutting down. Goodbye.\r\n");
    carol.expect("The server is shutting down. Goodbye.\r\n");
    (void)bob.wait();
    (void)carol.wait();
}
