// A worker that an attacker controls may send anything to the broker. The worker loses its own
// link, and nobody else loses anything.
#include <criterion/criterion.h>
#include <sys/socket.h>

#include <string>

#include "protocol/frame.h"
#include "support/client.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/fd.h"
#include "support/link.h"
#include "support/reader.h"
#include "support/where.h"

using namespace chatd::test;
using chatd::append_frame;

TestSuite(broker, .timeout = 30);

Test(broker, garbage_costs_its_sender_the_link_and_nobody_else_anything) {
    Daemon daemon(with_strangers());
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
    Daemon daemon(with_strangers());
    Client alice = join(daemon.port(), "alice");
    Reader link = link_to(daemon);
    std::string frames = attach("mallory");
    append_frame(frames, chatd::Post{.counter = 1, .kind = chatd::EntryKind::Say}, {},
                 "\x1b[31mred");
    send_all(link, frames);
    alice.expect_line("mallory entered the chat room");
    alice.expect_line("mallory left the chat room (its process broke the rules)");
    (void)link.rest();
    daemon.finish();
}

// Once this was a use after free, and an answer of 35 MB.
Test(broker, thousands_of_questions_at_once_expel_only_the_asker) {
    Daemon daemon(with_strangers());
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

// Once such a worker could stop the room for as long as it liked.
Test(broker, a_worker_that_sends_without_end_and_never_reads_holds_up_nobody) {
    Daemon daemon(with_strangers());
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const Reader link = link_to(daemon);
    send_all(link, attach("mallory"));
    alice.expect_line("mallory entered the chat room");
    (void)shutdown(link.fd(), SHUT_RD);
    set_nonblocking(link.fd());
    std::string frames;
    for (int i = 0; i < 100; ++i) append_frame(frames, chatd::AskReplay{1000});
    for (int i = 0; i < 200; ++i) {
        send_all(link, frames);
        bob.send_line(std::to_string(i));
        alice.expect("bob says: " + std::to_string(i) + "\n");
    }
    daemon.finish();
}

namespace {

std::string says(std::uint64_t counter, const std::string& text) {
    std::string frame;
    append_frame(frame, chatd::Post{.counter = counter, .kind = chatd::EntryKind::Say}, {}, text);
    return frame;
}

std::string leaves(std::uint64_t counter) {
    std::string frame;
    append_frame(frame, chatd::Post{.counter = counter, .kind = chatd::EntryKind::Leave});
    return frame;
}

// The most that the broker sends before it closes the link: a Denied.
constexpr std::size_t kRefusalBytes = sizeof(chatd::FrameHeader) + sizeof(chatd::Denied);

// The broker closes the link and lets nobody in.
void expect_turned_away(const Daemon& daemon, Client& alice, const std::string& frames,
                        Where where = Where::here()) {
    const Caller caller(where);
    Reader link = link_to(daemon);
    send_all(link, frames);
    EXPECT_LE(link.rest().size(), kRefusalBytes);
    alice.send_line("/who");
    alice.expect("You are the only one here:\n");
    alice.expect("\n");
}

}  // namespace

// More requests than an honest worker has saved up, however long it waited.
constexpr std::uint64_t kFlood = 2 * chatd::kRequestsSavedUp;

// An honest worker keeps to the rate; one that an attacker controls does not.
Test(broker, a_flood_of_requests_expels_its_sender_for_good) {
    DaemonOptions options = with_strangers();
    options.rate = "2:5";
    Daemon daemon(options);
    Client alice = join(daemon.port(), "alice");
    {
        Reader link = link_to(daemon);
        std::string frames = attach("mallory");
        for (std::uint64_t i = 1; i <= kFlood; ++i) frames += says(i, "flood");
        send_all(link, frames);
        alice.expect_line("mallory entered the chat room");
        alice.expect("mallory left the chat room (its process broke the rules)\n");
        (void)link.rest();
    }
    expect_turned_away(daemon, alice, attach("mallory"));
    expect_turned_away(daemon, alice, attach("oscar"));
    daemon.finish();
}

Test(broker, a_flood_of_names_that_are_taken_expels_its_sender_as_well) {
    DaemonOptions options = with_strangers();
    options.rate = "2:5";
    Daemon daemon(options);
    Client alice = join(daemon.port(), "alice");
    Reader link = link_to(daemon);
    std::string frames;
    for (std::uint64_t i = 0; i < kFlood; ++i) frames += attach("alice");
    send_all(link, frames);
    (void)link.rest();
    daemon.wait_log("broke the rules");
    daemon.finish();
}

// Otherwise it could fill the log with its Join and Leave entries.
Test(broker, a_process_that_has_left_cannot_join_again) {
    Daemon daemon(with_strangers());
    Client alice = join(daemon.port(), "alice");
    {
        Reader link = link_to(daemon);
        send_all(link, attach("mallory") + leaves(1));
        alice.expect_line("mallory entered the chat room");
        alice.expect_line("mallory left the chat room");
    }
    expect_turned_away(daemon, alice, attach("mallory"));
    std::string as_another;
    append_frame(as_another, chatd::Attach{.birth_ns = 2, .newcomer = 1}, "oscar", "nowhere");
    expect_turned_away(daemon, alice, as_another);
    daemon.finish();
}

// The worker reads on to the Leave of the session that it claims. Later entries are not for it.
Test(broker, a_worker_that_claims_a_session_that_has_left_reads_nothing_that_comes_later) {
    Daemon daemon(with_strangers());
    {
        Client carol = join(daemon.port(), "carol");
        carol.send_line("before");
        carol.send_line("/quit");
        (void)carol.rest();
    }
    Client alice = join(daemon.port(), "alice");
    Reader link = link_to(daemon);
    std::string frames;
    append_frame(frames, chatd::Attach{.birth_ns = 1, .session = 1, .newcomer = 1}, "carol",
                 "nowhere");
    send_all(link, frames);
    const std::string read = link.expect("carol");  // her Leave, or what came before it
    alice.send_line("later");
    alice.send_line("/who");
    alice.expect(" here:\n");
    std::string question;
    append_frame(question, chatd::AskReplay{1000});
    send_all(link, question);  // only members may ask
    const std::string all = read + link.rest();
    EXPECT_CONTAINS(all, "carol");
    EXPECT_EQ(all.find("later"), std::string::npos);
    daemon.finish();
}

// Once a worker whose client was slow to read was expelled, when the lines that it had saved up
// came at once.
Test(broker, a_worker_that_has_saved_up_as_much_as_it_may_is_not_expelled) {
    DaemonOptions options = with_strangers();
    options.rate = "2:5";
    Daemon daemon(options);
    Client alice = join(daemon.port(), "alice");
    Reader link = link_to(daemon);
    std::string frames = attach("bob");
    std::string saved_up;
    std::uint64_t counter = 0;
    while (saved_up.size() < chatd::kUnackedBytesMax) saved_up += says(++counter, "x");
    send_all(link, frames + saved_up);
    alice.expect_line("bob entered the chat room");
    for (std::uint64_t i = 0; i < counter; ++i) alice.expect_line("bob says: x");
    daemon.finish();
}

// Once such a worker kept the broker from everything else.
Test(broker, a_worker_that_connects_again_and_again_holds_up_nobody) {
    DaemonOptions options = with_strangers();
    options.rate = "2:5";
    Daemon daemon(options);
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    for (int i = 0; i < 5000; ++i) (void)link_to(daemon);
    bob.send_line("hello");
    alice.expect_line("bob says: hello");
    daemon.finish();
}
