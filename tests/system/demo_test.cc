// scripts/demo runs to its end and shows what it promises.
#include <criterion/criterion.h>

#include <string>

#include "support/command.h"
#include "support/expect.h"
#include "support/spawn.h"
#include "support/wait.h"

using namespace chatd::test;

TestSuite(demo, .timeout = 30);

Test(demo, the_demo_shows_a_conversation_the_processes_and_a_kill) {
    const Command::Result demo = Command::run({"scripts/demo", "--fast"});
    EXPECT_EQ(demo.status, 0);
    EXPECT_CONTAINS(demo.out, "bob   reads  alice says: hello bob\n");
    EXPECT_CONTAINS(demo.out, "alice reads  bob says: 你好，alice\n");
    EXPECT_CONTAINS(demo.out, "-chatd-broker(");
    EXPECT_CONTAINS(demo.out, "chatd: broker, 2 members, 2 messages\n");
    EXPECT_CONTAINS(demo.out, "chatd: worker alice 127.0.0.1:");
    EXPECT_CONTAINS(demo.out, "alice reads  bob left the chat room (killed by signal 9)\n");
    EXPECT_CONTAINS(demo.out, "bob   reads  alice says: are we still here?\n");
    EXPECT_CONTAINS(demo.out, "bob   reads  The server is shutting down. Goodbye.\n");
    EXPECT_CONTAINS(demo.out, "chatd ended with exit status 0\n");
    EXPECT_TRUE(reap_strays(soon()).empty());
}
