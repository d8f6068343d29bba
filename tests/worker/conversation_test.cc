// Specification of the conversation: how a client comes in, what it says, and what it reads of
// others.
#include <criterion/criterion.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/bounds.h"
#include "support/conversation_client.h"
#include "support/expect.h"
#include "text/encoding.h"

using chatd::advice_in;
using chatd::AskReplay;
using chatd::AskWho;
using chatd::Attach;
using chatd::CloseRoom;
using chatd::Done;
using chatd::Encoding;
using chatd::Ended;
using chatd::EntryKind;
using chatd::kLineBytesMax;
using chatd::kNameBytesMax;
using chatd::Language;
using chatd::LeaveReason;
using chatd::People;
using chatd::Person;
using chatd::Post;
using chatd::Replay;
using chatd::WorkerExit;
using chatd::test::crowd;
using chatd::test::kBob;
using chatd::test::kMe;
using chatd::test::kNothing;
using chatd::test::kNow;
using chatd::test::kYesterday;
using chatd::test::Sent;
using chatd::test::welcome_to;
using Client = chatd::test::ConversationClient;
using Stage = Client::Stage;

TestSuite(conversation, .timeout = 20);

// --- Coming in ---

Test(conversation, a_client_that_comes_in_is_welcomed) {
    Client client(Stage::Entering);
    client.broker(welcome_to(3), {}, "alice bob eve");
    EXPECT_EQ(client.screen(),
              "Welcome, alice. /help lists the commands; leave with /quit, not Ctrl-D.\n"
              "3 people are here: alice, bob, eve.\n");
    EXPECT_EQ(client.conversation.name(), "alice");
    EXPECT_EQ(client.sent(), kNothing);
    EXPECT_TRUE(client.conversation.wants_link());
}

Test(conversation, a_newcomer_is_shown_what_was_said_before_with_its_time) {
    Client client(Stage::Entering);
    client.broker(welcome_to(1), {}, "alice");
    (void)client.screen();
    client.replays("bob", "yesterday", kYesterday);
    client.replays("bob", "hello", kNow);
    client.broker(Done{});
    EXPECT_EQ(client.screen(), "[11-19 14:02] bob says: yesterday\n[14:02] bob says: hello\n");
}

Test(conversation, lines_typed_before_the_welcome_wait_and_go_out_in_order) {
    Client client;
    client.types("alice\none\n");
    client.conversation.link_opened();
    client.types("two\n/me waves\n");
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
    client.welcome();
    EXPECT_EQ(client.sent(), (Sent{"1 say: one", "2 say: two", "3 emote: waves"}));
}

Test(conversation, a_link_that_breaks_before_the_welcome_is_opened_again) {
    Client client(Stage::Entering);
    client.conversation.link_closed();
    EXPECT_TRUE(client.conversation.wants_link());
    client.types("hello\n");
    EXPECT_EQ(client.sent(), kNothing);
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
    client.welcome();
    EXPECT_EQ(client.sent(), Sent{"1 say: hello"});
}

Test(conversation, a_client_that_is_gone_before_the_welcome_leaves_after_it) {
    Client client(Stage::Entering);
    client.types("hello\n");
    client.conversation.client_lost();
    EXPECT_FALSE(client.end().has_value());
    EXPECT_TRUE(client.conversation.wants_link());
    client.welcome();
    EXPECT_EQ(client.sent(), (Sent{"1 say: hello", "2 leave lost"}));
    client.has_left(2, LeaveReason::Lost);
    EXPECT_EQ(client.end(), WorkerExit::Lost);
}

Test(conversation, a_client_that_sends_everything_at_once_and_closes_says_it_and_leaves) {
    Client client;
    client.types("alice\nhello\nbye");
    client.conversation.client_finished();
    client.conversation.link_opened();
    (void)client.sent();
    client.welcome();
    EXPECT_EQ(client.sent(), (Sent{"1 say: hello", "2 say: bye", "3 leave quit"}));
}

Test(conversation, the_version_of_the_broker_is_known_from_its_welcome) {
    Client client(Stage::Entering);
    EXPECT_EQ(client.conversation.broker_version(), "");
    client.broker(welcome_to(1), "0.2.0", "alice");
    EXPECT_EQ(client.conversation.broker_version(), "0.2.0");
}

// --- Saying ---

Test(conversation, a_line_is_said) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("hello\n"), Sent{"1 say: hello"});
    EXPECT_EQ(client.sent_for("你好\r\n"), Sent{"2 say: 你好"});
    EXPECT_EQ(client.sent_for("小明\x7F红\r\n"), Sent{"3 say: 小红"});
}

Test(conversation, the_client_s_own_line_does_not_come_back_on_its_screen) {
    Client client(Stage::Talking);
    client.types("hello\n/me waves\n");
    client.comes_back(EntryKind::Say, 1, "hello");
    client.comes_back(EntryKind::Emote, 2, "waves");
    EXPECT_EQ(client.screen(), "");
}

Test(conversation, what_is_said_is_cleaned) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("\033[31mred\033[0m\tand \x01\x1Fplain\n"),
              Sent{"1 say: red and plain"});
    client.types("bad \xE4\xBD bytes\n");
    EXPECT_EQ(client.sent(), Sent{"2 say: bad \uFFFD bytes"});
    (void)client.screen();
    EXPECT_EQ(client.sent_for("/me \033]0;title\awaves\n"), Sent{"3 emote: waves"});
    EXPECT_EQ(client.sent_for("/quit \u202Ebye\n"), Sent{"4 leave quit: bye"});
}

Test(conversation, a_line_with_nothing_to_see_is_not_said) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("\n   \n\t\r\n\u3000\u200B\n\033[31m\n"), kNothing);
}

Test(conversation, no_combining_mark_begins_what_is_said) {
    Client client(Stage::Talking);
    client.types("\u0301\n\u0301hi\n/me \u0301waves\n/msg bob \u0301 \u0301psst\n//\u0301x\n");
    EXPECT_EQ(client.sent(),
              (Sent{"1 say: hi", "2 emote: waves", "3 tell bob: psst", "4 say: /\u0301x"}));
    client.types(
        "/me\u3000\u0301waves\n/msg bob:\u0301psst\n/r\u3000\u20DDyes\n/quit\u3000\u0301bye\n");
    EXPECT_EQ(client.sent(), (Sent{"5 emote: waves", "6 tell bob: psst", "7 leave quit: bye"}));
}

Test(conversation, a_mark_alone_is_nothing_to_do) {
    Client client(Stage::Talking);
    client.types("/me \u0301\n");
    EXPECT_EQ(client.sent(), kNothing);
    EXPECT_EQ(client.screen(), "Say what you do: /me waves\n");
}

Test(conversation, a_line_is_said_however_it_is_cut) {
    const std::string stream = "hello 你好\r\n/me waves\n//x\r\n";
    for (std::size_t at = 0; at <= stream.size(); ++at) {
        Client client(Stage::Talking);
        client.types(stream.substr(0, at));
        client.types(stream.substr(at));
        EXPECT_EQ(client.sent(), (Sent{"1 say: hello 你好", "2 emote: waves", "3 say: /x"}));
    }
}

Test(conversation, a_line_that_is_too_long_is_refused_and_the_next_is_said) {
    Client client(Stage::Talking);
    client.types(std::string(kLineBytesMax + 1, 'x') + "\nafter\n");
    EXPECT_EQ(client.screen(), "That line was too long and was not sent: 4096 bytes at most.\n");
    EXPECT_EQ(client.sent(), Sent{"1 say: after"});
}

Test(conversation, the_longest_line_that_triples_when_cleaned_is_said) {
    Client client(Stage::Talking);
    client.types(std::string(kLineBytesMax, '\xC1') + "\n");
    EXPECT_EQ(client.sent().at(0).size(), 3 * kLineBytesMax + std::string_view("1 say: ").size());
}

Test(conversation, a_terminal_that_does_not_send_utf8_is_told_so_once) {
    constexpr std::string_view kTold =
        "This room speaks UTF-8, and that was not. Is your terminal set to UTF-8?\n";
    const std::string gbk = advice_in(Encoding::Gbk);
    const std::string big5 = advice_in(Encoding::Big5);
    const std::pair<std::string, std::string> cases[] = {
        {"\xD0\xA1\xBA\xEC\n", gbk},                 // 小红
        {"\xA4\x6A\xAE\x61\xA6\x6E\n", big5},        // 大家好
        {"\xB4\xF3\xBC\xD2\xBA\xC3\n", gbk + big5},  // 大家好, or 湮模疑
        {"caf\xE9\n", ""},
    };
    for (const auto& [line, advice] : cases) {
        for (const Language language : {Language::English, Language::Chinese}) {
            Client client(Stage::Talking, language);
            client.types(line + line);
            EXPECT_EQ(client.screen(), std::string(kTold) + advice);
            EXPECT_EQ(client.sent().size(), 2);
        }
        Client login;
        login.types(line);
        EXPECT_CONTAINS(login.screen(), std::string(kTold) + advice + "A name is made of");
    }
}

Test(conversation, telnet_options_are_answered_and_not_said) {
    Client client(Stage::Talking);
    client.types("hel\xFF\xF4\xFF\xFD\x06lo\r\n");
    EXPECT_EQ(client.screen(), "\xFF\xFC\x06");
    EXPECT_EQ(client.sent(), Sent{"1 say: hello"});
    Client login;
    (void)login.screen();
    EXPECT_EQ(login.shown_for("\xFF\xFB\x1F"), "\xFF\xFE\x1F");
}

// --- Others ---

Test(conversation, what_another_member_does_is_shown) {
    Client client(Stage::Talking);
    client.happens(EntryKind::Join, kBob, "bob");
    client.happens(EntryKind::Say, kBob, "bob", "hello");
    client.happens(EntryKind::Emote, kBob, "bob", "waves");
    client.happens(EntryKind::Rename, kBob, "bob", "rob");
    client.happens(EntryKind::Leave, kBob, "rob", "bye");
    EXPECT_EQ(client.screen(),
              "bob entered the chat room\n"
              "bob says: hello\n"
              "* bob waves\n"
              "bob is now called rob\n"
              "rob left the chat room: bye\n");
    EXPECT_EQ(client.sent(), kNothing);
}

Test(conversation, a_crowd_is_shown_as_one_line) {
    Client client(Stage::Talking);
    client.broker(crowd(client.last_seq() + 9, 9, 0), {}, "bob carol dave");
    EXPECT_EQ(client.screen(), "bob, carol, dave and 6 others entered the chat room\n");
}

Test(conversation, an_entry_of_an_unknown_kind_shows_nothing) {
    Client client(Stage::Talking);
    client.happens(static_cast<EntryKind>(200), kBob, "bob", "hello");
    EXPECT_EQ(client.screen(), "");
    EXPECT_FALSE(client.end().has_value());
}

Test(conversation, a_frame_that_no_broker_sends_is_refused) {
    Client client(Stage::Talking);
    EXPECT_FALSE(client.takes(Attach{}, "bob", "peer"));
    EXPECT_FALSE(client.takes(
        Post{.counter = 1, .kind = EntryKind::Say, .reason = LeaveReason::Quit}, {}, "hello"));
    EXPECT_FALSE(client.takes(AskWho{}));
    EXPECT_FALSE(client.takes(AskReplay{5}));
    EXPECT_FALSE(client.takes(Ended{}));
    EXPECT_FALSE(client.takes(CloseRoom{}));
    EXPECT_EQ(client.screen(), "");
    EXPECT_EQ(client.sent(), kNothing);
}

// The new name goes back to the broker in the Attach of the next link, or as the name of the member
// that /r answers. A name longer than a frame can hold would end the worker there.
Test(conversation, a_new_name_that_is_too_long_for_a_name_is_refused) {
    const std::string longest(kNameBytesMax, 'x');
    for (const std::uint64_t who : {kMe, kBob}) {
        Client client(Stage::Talking);
        client.hears(kBob, "bob", "psst");
        EXPECT_FALSE(client.takes(client.entry(EntryKind::Rename, who), "bob", longest + 'x'));
        client.happens(EntryKind::Rename, who, "bob", longest);
        client.types("/r yes\n");
        EXPECT_EQ(client.sent().size(), 1);
        client.relinks();
    }
}

// --- One thing at a time ---

Test(conversation, a_line_after_a_question_waits_for_the_answer) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/who\n/quit\n"), Sent{"who []"});
    client.broker(People{.now_ms = kNow, .members = 1, .matching = 1});
    client.broker(Person{.since_ms = kNow, .idle_ms = 0, .pid = 11}, "alice", "peer");
    EXPECT_EQ(client.sent(), kNothing);
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"1 leave quit"});
}

Test(conversation, questions_are_asked_one_after_the_other) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/who\n/history 3\n/who al\nhello\n"), Sent{"who []"});
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"past 3"});
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"who [al]"});
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"1 say: hello"});
}

Test(conversation, others_are_shown_while_a_question_waits) {
    Client client(Stage::Talking);
    client.types("/who\n");
    client.happens(EntryKind::Say, kBob, "bob", "hello");
    EXPECT_EQ(client.screen(), "bob says: hello\n");
}

Test(conversation, the_replay_to_a_newcomer_does_not_answer_a_question) {
    Client client;
    client.types("alice\n/history\n/quit\n");
    client.conversation.link_opened();
    (void)client.sent();
    client.broker(welcome_to(1), {}, "alice");
    client.replays("bob", "hello");
    EXPECT_EQ(client.sent(), Sent{"past 20"});
    client.broker(Done{});  // The replay to the newcomer ends.
    EXPECT_EQ(client.sent(), kNothing);
    client.broker(Replay{.now_ms = kNow, .messages = 0});
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"1 leave quit"});
}
