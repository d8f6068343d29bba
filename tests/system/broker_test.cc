// What a worker that was taken over could send to the broker: it loses its own link, and nobody
// else anything.
#include <criterion/criterion.h>
#include <sys/socket.h>

#include <string>

#include "core/frame.h"
#include "support/client.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/fd.h"
#include "support/link.h"
#include "support/reader.h"

using namespace chatd::test;
using chatd::append_frame;

TestSuite(broker, .timeout = 30);

Test(broker, garbage_costs_its_sender_the_link_and_nobody_else_anything) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    const pid_t before = daemon.broker();
    std::string hostile[] = {
        std::string(64, '\xff'),
        attach("a name"),
        attach("bob") + attach("bob"),
        attach("bob").substr(0, 20) + std::string(4096, 'x'),
    };
    for (std::string& bytes : hostile) {
        Reader link = link_to(daemon);
        send_all(link, bytes);
        (void)link.rest();
    }
    alice.send_line("/who");
    alice.expect(" here:\n");
    EXPECT_EQ(daemon.broker(), before);
    daemon.finish();
}

Test(broker, a_request_that_no_honest_worker_makes_expels_its_sender) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Reader link = link_to(daemon);
    std::string frames = attach("mallory");
    append_frame(frames, chatd::Post{1, chatd::EntryKind::Say, chatd::LeaveReason::Quit, {}}, {},
                 "\x1b[31mred");
    send_all(link, frames);
    alice.expect_line("mallory entered the chat room");
    alice.expect_line("mallory left the chat room (its process broke the rules)");
    (void)link.rest();
    daemon.finish();
}

// It was a use after free, and an answer of 35 MB.
Test(broker, thousands_of_questions_at_once_expel_nobody_but_the_asker) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    const pid_t before = daemon.broker();
    {
        const Reader link = link_to(daemon);
        std::string frames = attach("mallory");
        for (int i = 0; i < 5000; ++i) append_frame(frames, chatd::AskWho{});
        send_all(link, frames);
    }
    alice.expect_line("mallory entered the chat room");
    alice.send_line("/who");
    alice.expect(" here:\n");
    EXPECT_EQ(daemon.broker(), before);
    daemon.finish();
}

// It stopped the room for as long as the worker liked.
Test(broker, a_worker_that_sends_without_end_and_never_reads_holds_up_nobody) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const Reader link = link_to(daemon);
    send_all(link, attach("mallory"));
    alice.expect_line("mallory entered the chat room");
    (void)shutdown(link.fd(), SHUT_RD);
    set_nonblocking(link.fd());
    std::string frames;
    for (int i = 0; i < 100; ++i) append_frame(frames, chatd::AskPast{1000});
    for (int i = 0; i < 200; ++i) {
        send_all(link, frames);
        bob.send_line(std::to_string(i));
        alice.expect("bob says: " + std::to_string(i) + "\n");
    }
    daemon.finish();
}
