// --sync: a message counts as said only when it is on the disk.
#include <criterion/criterion.h>
#include <signal.h>

#include <string>

#include "support/client.h"
#include "support/daemon.h"
#include "support/expect.h"

using namespace chatd::test;

TestSuite(sync, .timeout = 60);

namespace {

// A server with a disk that fails as `fault` says.
DaemonOptions syncing(const Scratch& scratch, const std::string& fault = {}) {
    return failing(fault, {"--history", scratch.path() + "/history", "--sync"});
}

}  // namespace

Test(sync, messages_are_heard_and_kept) {
    const Scratch scratch;
    {
        Daemon daemon(syncing(scratch));
        Client alice = join(daemon.port(), "alice");
        Client bob = join(daemon.port(), "bob");
        for (int i = 0; i < 1000; ++i) bob.send_line(std::to_string(i));
        alice.expect_line("bob entered the chat room");
        for (int i = 0; i < 1000; ++i) alice.expect_line("bob says: " + std::to_string(i));
        daemon.finish();
    }
    Daemon daemon(syncing(scratch));
    Client carol = join(daemon.port(), "carol");
    carol.expect("] bob says: 999\n");
    daemon.finish();
}

// The first three entries are the Joins and one message.
Test(sync, nothing_is_heard_while_the_disk_fails_and_then_everything_once) {
    const Scratch scratch;
    Daemon daemon(syncing(scratch, "broker:sync:3:fail"));
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    bob.send_line("hello");
    daemon.wait_log("the history cannot be put on the disk");
    EXPECT_TRUE(alice.quiet());
    daemon.wait_log("the disk takes the history again");
    alice.expect_line("bob says: hello");
    bob.send_line("again");
    alice.expect_line("bob says: again");
    daemon.finish();
}

Test(sync,
     a_broker_that_dies_before_the_disk_has_a_message_acknowledges_nothing_and_loses_nothing) {
    const Scratch scratch;
    Daemon daemon(syncing(scratch, "broker:sync:3+:fail"));
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    bob.send_line("hello");
    for (int i = 0; i < 3; ++i) {
        daemon.wait_log("the history cannot be put on the disk");
        EXPECT_TRUE(alice.quiet());
        (void)kill(daemon.broker(), SIGKILL);
    }
    daemon.wait_log("the history cannot be put on the disk");
    EXPECT_TRUE(alice.quiet());
    alice.send_line("still here?");
    alice.expect_line("… the room is recovering, please wait; what you said is not lost");
    (void)daemon.stop();
}
