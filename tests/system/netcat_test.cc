// The real nc (Debian's netcat-openbsd) as the client.
#include <criterion/criterion.h>

#include <string>

#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"

using namespace chatd::test;

TestSuite(netcat, .timeout = 30);

namespace {

std::vector<std::string> nc(const Daemon& daemon, std::vector<std::string> options = {}) {
    std::vector<std::string> argv = {"nc"};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.insert(argv.end(), {"127.0.0.1", std::to_string(daemon.port())});
    return argv;
}

}  // namespace

Test(netcat, two_people_talk) {
    Daemon daemon;
    Command alice(nc(daemon));
    alice.expect("Your name: ");
    alice.write_line("alice");
    alice.expect("Welcome, alice.");
    Command bob(nc(daemon));
    bob.write_line("bob");
    bob.expect("Welcome, bob.");
    bob.expect("2 people are here: alice, bob.");
    alice.expect("bob entered the chat room\n");
    bob.write_line("hello from nc");
    alice.expect_line("bob says: hello from nc");
    alice.write_line("hello yourself");
    bob.expect("alice says: hello yourself\n");
    alice.close_stdin();
    bob.close_stdin();
    daemon.finish();
}

Test(netcat, a_pipe_into_nc_delivers_its_lines_reads_what_there_is_and_exits_0) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client carol = join(daemon.port(), "carol");
    alice.expect_line("carol entered the chat room");
    alice.send_line("said before");
    carol.expect_line("alice says: said before");
    const Command::Result result = Command::run(nc(daemon, {"-N"}), "bob\nhi\n");
    EXPECT_EQ(result.status, 0);
    EXPECT_CONTAINS(result.out, "Your name: Welcome, bob.");
    EXPECT_CONTAINS(result.out, "3 people are here: alice, bob, carol.");
    EXPECT_CONTAINS(result.out, "] alice says: said before\n");
    alice.expect_line("bob entered the chat room");
    alice.expect_line("bob says: hi");
    alice.expect_line("bob left the chat room");
    daemon.finish();
}

Test(netcat, quit_ends_nc_though_its_input_stays_open) {
    Daemon daemon;
    Command alice(nc(daemon));
    alice.write_line("alice");
    alice.write_line("/quit");
    alice.expect("Goodbye.\n");
    EXPECT_EQ(alice.wait(), 0);
    daemon.finish();
}

Test(netcat, the_end_of_the_server_ends_nc_though_its_input_stays_open) {
    Daemon daemon;
    Command alice(nc(daemon));
    alice.write_line("alice");
    alice.expect("Welcome, alice.");
    daemon.finish();
    alice.expect("The server is shutting down. Goodbye.\n");
    EXPECT_EQ(alice.wait(), 0);
}

Test(netcat, carriage_returns_of_nc_C_are_no_part_of_the_line) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Command bob(nc(daemon, {"-C", "-N"}));
    bob.write("bob\nhi\n");
    alice.expect_line("bob entered the chat room");
    alice.expect_line("bob says: hi");
    bob.close_stdin();
    EXPECT_EQ(bob.wait(), 0);
    daemon.finish();
}
