// Specification of worker/inquiry: what a client that asks for processes reads, and when.
#include "worker/inquiry.h"

#include <criterion/criterion.h>

#include <string>
#include <string_view>

#include "base/bounds.h"
#include "support/conversation_client.h"
#include "support/expect.h"
#include "support/frames.h"

using namespace chatd;
using chatd::test::frame_of;
using chatd::test::framed;
using chatd::test::kBob;
using chatd::test::kNothing;
using chatd::test::Sent;
using Client = chatd::test::ConversationClient;
using Stage = Client::Stage;

TestSuite(inquiry, .timeout = 20);

namespace {

// The lookout sends this.
template <class Body>
bool takes(Client& client, const Body& body, std::string_view name = {},
           std::string_view text = {}) {
    const bool is_known = client.conversation.inquiry().take(frame_of(framed(body, name, text)),
                                                             {.pid = 4130, .links = 2});
    if (!client.conversation.inquiry().is_open()) client.conversation.inquiry_closed();
    return is_known;
}

ProcessRow worker(std::int32_t pid) {
    return {.age_ms = 0,
            .cpu_ms = 0,
            .memory_kib = 0,
            .pid = pid,
            .ppid = 4120,
            .nice = 0,
            .policy = 0,
            .role = ProcessRole::Worker,
            .stat = {'S'}};
}

std::string question_of(Client& client) {
    const std::string& question = client.conversation.inquiry().question();
    if (question.empty()) return "none";
    const Frame frame = frame_of(question);
    return frame.type == FrameType::AskProcesses ? '[' + std::string(frame.name) + ']' : "other";
}

}  // namespace

Test(inquiry, ps_and_tree_ask_the_lookout_and_nobody_else) {
    for (const char* const line : {"/ps", "/ps  ", "/PS", "/tree", "／ｐｓ"}) {
        Client client(Stage::Talking);
        client.types(std::string(line) + '\n');
        EXPECT_EQ(question_of(client), "[]");
        EXPECT_EQ(client.sent(), kNothing);
    }
    Client client(Stage::Talking);
    client.types("/ps 小\n");
    EXPECT_EQ(question_of(client), "[小]");
}

Test(inquiry, an_argument_that_can_be_no_name_is_too_long) {
    Client client(Stage::Talking);
    client.types("/ps " + std::string(kNameBytesMax + 1, 'x') + '\n');
    EXPECT_EQ(client.screen(), "That name is too long: 20 characters at most.\n");
    EXPECT_EQ(question_of(client), "none");
}

Test(inquiry, the_answer_is_shown_once_it_is_whole) {
    Client client(Stage::Talking);
    client.types("/ps\n");
    EXPECT_TRUE(takes(client, Processes{.processes = 60, .matching = 60}));
    EXPECT_TRUE(takes(client, worker(4130), "alice"));
    EXPECT_EQ(client.screen(), "");
    EXPECT_TRUE(takes(client, Done{.left_out = 7}));
    EXPECT_EQ(client.screen(),
              "The server has 60 processes:\n"
              "   pid  ppid  role    stat            cpu s  KiB  ni  age  name\n"
              "  4130  4120  worker  S     sleeping   0.00    0   0  0 s  alice\n"
              "  … and 7 more. /ps al shows those whose name begins with al.\n");
    EXPECT_EQ(question_of(client), "none");
}

Test(inquiry, only_a_whole_name_is_answered_with_details) {
    Client client(Stage::Talking);
    client.types("/ps Bob\n");
    (void)takes(client, Processes{.processes = 9, .matching = 2}, "Bob");
    (void)takes(client, worker(1), "bob", "ppoll");
    (void)takes(client, worker(2), "bobby");
    (void)takes(client, Done{.left_out = 0});
    const std::string screen = client.screen();
    EXPECT_CONTAINS(screen, "Workers whose client's name begins with Bob, 2 of 9:\n");
    EXPECT_CONTAINS(screen, "  bob:\n  scheduling policy SCHED_OTHER, waits in ppoll\n");
    EXPECT_EQ(screen.find("bobby:"), std::string::npos);
    EXPECT_EQ(screen.find("descriptors"), std::string::npos);
    client.types("/ps x\n");
    (void)takes(client, Processes{.processes = 9, .matching = 0}, "x");
    (void)takes(client, Done{.left_out = 0});
    EXPECT_EQ(client.screen(), "Nobody here has a name that begins with x.\n");
}

Test(inquiry, the_tree_has_no_heading) {
    Client client(Stage::Talking, Language::Chinese);
    client.types("/tree\n");
    ProcessRow parent = worker(4120);
    parent.role = ProcessRole::Parent;
    (void)takes(client, Processes{.processes = 2, .matching = 2});
    (void)takes(client, parent);
    (void)takes(client, worker(4130), "小明");
    (void)takes(client, Done{.left_out = 0});
    EXPECT_EQ(client.screen(), "chatd(4120)───chatd:小明(4130)\n");
}

Test(inquiry, meanwhile_the_client_reads_on_and_its_own_lines_wait) {
    Client client(Stage::Talking);
    client.types("/ps\n/ps al\nhello\n");
    client.happens(EntryKind::Say, kBob, "bob", "still here");
    EXPECT_EQ(client.screen(), "bob says: still here\n");
    EXPECT_EQ(client.sent(), kNothing);
    (void)takes(client, Done{.left_out = 0});
    EXPECT_EQ(question_of(client), "[al]");
    client.conversation.inquiry().fail();
    client.conversation.inquiry_closed();
    EXPECT_EQ(client.screen(), "The lookout does not answer. Please try again.\n");
    EXPECT_EQ(client.sent(), Sent{"1 say: hello"});
}

// A lookout that was taken over can send anything.
Test(inquiry, nothing_that_no_lookout_sends_is_taken) {
    Client client(Stage::Talking);
    EXPECT_FALSE(takes(client, Done{.left_out = 0}));
    client.types("/ps bo\n");
    EXPECT_FALSE(takes(client, Ping{}));
    (void)takes(client, worker(1), "\x1B[2Jbo", "\x1B[2J");
    std::size_t taken = 1;
    while (taken < kAnswerBytesMax && takes(client, worker(1))) ++taken;
    EXPECT_LT(taken, kAnswerBytesMax / sizeof(ProcessRow));
    (void)takes(client, Done{.left_out = 0});
    EXPECT_EQ(client.screen().find('\x1B'), std::string::npos);
}
