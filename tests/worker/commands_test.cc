// Specification of worker/commands: what the client reads and the room is sent for a command.
#include "worker/commands.h"

#include <criterion/criterion.h>

#include <string>

#include "support/conversation_client.h"
#include "support/expect.h"

using chatd::Done;
using chatd::EntryKind;
using chatd::People;
using chatd::Person;
using chatd::Refusal;
using chatd::Replay;
using chatd::test::kBob;
using chatd::test::kNow;
using chatd::test::kYesterday;
using chatd::test::Sent;
using Client = chatd::test::ConversationClient;
using Stage = Client::Stage;

TestSuite(commands, .timeout = 20);

Test(commands, nobody_loses_a_slash_silently) {
    Client client(Stage::Talking);
    client.types("//etc/passwd\n");
    EXPECT_EQ(client.sent(), Sent{"1 say: /etc/passwd"});
    EXPECT_EQ(client.screen(), "That was said with one / less.\n");
    EXPECT_EQ(client.sent_for("// say hello\n"), Sent{"2 say: // say hello"});
}

// --- However a command is typed ---

Test(commands, the_words_behind_a_command_may_be_typed_in_full_width) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("／history　２０\n"), Sent{"past 20"});
    client.broker(Done{});
    EXPECT_EQ(client.shown_for("/time　ｏｎ\n"), "What happens is now shown with its time.\n");
    EXPECT_EQ(client.shown_for("／lang　ｅｎ\n"), "The language is English.\n");
}

Test(commands, in_doubt_nothing_is_said_and_the_writer_is_asked) {
    Client client(Stage::Talking);
    for (const std::string word : {"、msg", "ノmsg", ".msg", "msg", "//msg", "// msg"}) {
        EXPECT_EQ(
            client.shown_for(word + " bob psst\n"),
            "That was not said. Did you mean /msg? To say it, use quotes: \"" + word + " …\"\n");
    }
    EXPECT_EQ(client.shown_for("/ msg bob psst\n"),
              "There is no command / msg. Did you mean /msg?\n");
    EXPECT_EQ(client.sent_for("\"//msg bob psst\"\n"), Sent{"1 say: \"//msg bob psst\""});
}

Test(commands, a_stray_escape_does_not_say_a_command) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("\033/msg bob psst\n"), Sent{"1 tell bob: psst"});
    EXPECT_EQ(client.sent_for("\033[/msg bob psst\n"), Sent{"2 tell bob: psst"});
}

// A terminal that does not know UTF-8 erases one byte of three.
Test(commands, what_is_left_of_an_erased_character_does_not_say_a_command) {
    Client client(Stage::Talking);
    client.types("\xE5\xB0/msg bob psst\n\xE5\xB0 /msg bob psst\n");
    EXPECT_EQ(client.sent(), (Sent{"1 tell bob: psst", "2 tell bob: psst"}));
}

// --- Small commands ---

Test(commands, help_lists_the_commands) {
    Client client(Stage::Talking);
    const std::string help = client.shown_for("/help\n");
    EXPECT_CONTAINS(help, "/msg NAME text");
    EXPECT_TRUE(help.ends_with("\n"));
    EXPECT_FALSE(help.ends_with("\n\n"));
}

Test(commands, me_says_what_the_client_does) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/me waves at bob\n"), Sent{"1 emote: waves at bob"});
    EXPECT_EQ(client.shown_for("/me\n"), "Say what you do: /me waves\n");
    EXPECT_EQ(client.shown_for("/me  \u3000 \n"), "Say what you do: /me waves\n");
}

Test(commands, events_come_without_their_time_unless_the_client_asks_for_it) {
    Client client(Stage::Talking);
    client.happens(EntryKind::Say, kBob, "bob", "one");
    EXPECT_EQ(client.screen(), "bob says: one\n");
    EXPECT_EQ(client.shown_for("/time on\n"), "What happens is now shown with its time.\n");
    client.happens(EntryKind::Say, kBob, "bob", "two");
    EXPECT_EQ(client.screen(), "[14:02] bob says: two\n");
    EXPECT_EQ(client.shown_for("/time off\n"), "Times are no longer shown.\n");
    client.happens(EntryKind::Say, kBob, "bob", "three");
    EXPECT_EQ(client.screen(), "bob says: three\n");
    for (const char* line : {"/time\n", "/time now\n"}) {
        EXPECT_EQ(client.shown_for(line), "Say on or off: /time on\n");
    }
}

Test(commands, lang_changes_the_language) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.shown_for("/lang zh\n"), "语言已换成中文。\n");
    client.happens(EntryKind::Say, kBob, "bob", "hello");
    EXPECT_EQ(client.screen(), "bob 说： hello\n");
    EXPECT_EQ(client.shown_for("/lang en\n"), "The language is English.\n");
    for (const char* line : {"/lang\n", "/lang de\n"}) {
        EXPECT_EQ(client.shown_for(line), "Say en or zh: /lang zh\n");
    }
}

Test(commands, an_unknown_command_is_explained_and_not_said) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.shown_for("/hlep\n"), "There is no command /hlep. Did you mean /help?\n");
    EXPECT_EQ(client.shown_for("/zzz secret\n"),
              "There is no command /zzz. /help lists them; //text says /text.\n");
}

Test(commands, a_word_of_the_client_s_that_is_shown_again_is_clean) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.shown_for("/zzz\033[31m\u202E\n"),
              "There is no command /zzz. /help lists them; //text says /text.\n");
    EXPECT_EQ(client.shown_for("/msg b/\033[2Jb hello\n"), "Nobody here is called b/b.\n");
}

// --- A new name ---

Test(commands, nick_changes_the_name_once_the_room_agrees) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/nick alicia\n"), Sent{"1 rename alicia"});
    EXPECT_EQ(client.conversation.name(), "alice");
    client.comes_back(EntryKind::Rename, 1, "alicia");
    EXPECT_EQ(client.screen(), "You are now called alicia.\n");
    EXPECT_EQ(client.conversation.name(), "alicia");
}

Test(commands, nick_may_be_refused_by_the_room) {
    Client client(Stage::Talking);
    client.types("/nick bob\n");
    client.is_refused(1, Refusal::NameTaken, "bob");
    EXPECT_EQ(client.screen(), "The name bob is taken, or looks like one that is.\n");
    EXPECT_EQ(client.conversation.name(), "alice");
}

Test(commands, a_bad_new_name_is_refused_at_once) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.shown_for("/nick\n"), "Say the new name: /nick bob\n");
    EXPECT_EQ(client.shown_for("/nick alice\n"), "You are called alice already.\n");
    EXPECT_EQ(client.shown_for("/nick a b\n"),
              "A name is made of letters and digits, with _ - . ' or · inside; no spaces.\n");
    EXPECT_EQ(client.shown_for("/nick " + std::string(21, 'x') + "\n"),
              "That name is too long: 20 characters at most.\n");
    EXPECT_EQ(client.shown_for("/nick " + std::string(4000, 'x') + "\n"),
              "That name is too long: 20 characters at most.\n");
    EXPECT_EQ(client.shown_for("/nick /x\n"),
              "A name is made of letters and digits, with _ - . ' or · inside; no spaces.\n");
}

Test(commands, nick_may_change_the_case_of_letters) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/nick Alice\n"), Sent{"1 rename Alice"});
    EXPECT_EQ(client.sent_for("/nick \u3000ALICE\u00AD\n"), Sent{"2 rename ALICE"});
}

Test(commands, of_several_requests_the_one_that_is_refused_is_named) {
    Client client(Stage::Talking);
    client.types("/msg bob hello\n/nick eve\n/msg dan hello\n");
    client.is_refused(1, Refusal::NobodyThere, "bob");
    client.is_refused(2, Refusal::NameTaken, "eve");
    client.is_refused(3, Refusal::NobodyThere, "dan");
    EXPECT_EQ(client.screen(),
              "Nobody here is called bob.\n"
              "The name eve is taken, or looks like one that is.\n"
              "Nobody here is called dan.\n");
}

// --- Questions ---

Test(commands, who_shows_who_is_here) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/who\n"), Sent{"who []"});
    client.broker(People{.now_ms = kNow, .members = 2, .matching = 2});
    client.broker(Person{.since_ms = kNow, .idle_ms = 0, .pid = 11}, "alice", "192.0.2.7:51234");
    client.broker(Person{.since_ms = kYesterday, .idle_ms = 3000, .pid = 12}, "bob", "192.0.2.8:1");
    client.broker(Done{});
    EXPECT_EQ(client.screen(),
              "2 people are here:\n"
              "  name   pid        since  idle  address\n"
              "  alice   11        14:02   0 s  192.0.2.7:51234\n"
              "  bob     12  11-19 14:02   3 s  192.0.2.8:1\n");
}

Test(commands, who_may_ask_for_names_with_a_prefix) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/who al\n"), Sent{"who [al]"});
    client.broker(People{.now_ms = kNow, .members = 200, .matching = 60}, "al");
    client.broker(Person{.since_ms = kNow, .idle_ms = 0, .pid = 11}, "alice", "peer");
    client.broker(Done{59});
    EXPECT_EQ(client.screen(),
              "Names that begin with al, 60 of 200:\n"
              "  name   pid  since  idle  address\n"
              "  alice   11  14:02   0 s  peer\n"
              "  … and 59 more. /who al shows those whose name begins with al.\n");
    EXPECT_EQ(client.shown_for("/who " + std::string(4000, 'x') + "\n"),
              "That name is too long: 20 characters at most.\n");
}

Test(commands, history_shows_what_was_said_with_its_time) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/history\n"), Sent{"past 20"});
    client.broker(Replay{.now_ms = kNow, .messages = 2});
    client.replays("bob", "one", kYesterday);
    client.replays("alice", "two", kNow);
    client.broker(Done{});
    EXPECT_EQ(client.screen(), "[11-19 14:02] bob says: one\n[14:02] alice says: two\n");
    EXPECT_EQ(client.sent_for("/history 5\n"), Sent{"past 5"});
    client.broker(Replay{.now_ms = kNow, .messages = 0});
    client.broker(Done{});
    EXPECT_EQ(client.screen(), "Nobody has said anything yet.\n");
}

Test(commands, history_shows_at_most_a_thousand_messages) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/history 1000\n"), Sent{"past 1000"});
    client.broker(Done{});
    EXPECT_EQ(client.sent_for("/history 1\n"), Sent{"past 1"});
    client.broker(Done{});
    for (const char* many :
         {"0", "1001", "-1", "+5", "all", "5 6", "1.5", "99999999999999999999"}) {
        EXPECT_EQ(client.shown_for("/history " + std::string(many) + "\n"),
                  "Say how many, from 1 to 1000: /history 20\n");
    }
}

Test(commands, a_question_asked_the_next_day_is_answered_with_dates) {
    constexpr std::int64_t kTomorrow = kNow + 24 * 60 * 60 * 1000;
    Client client(Stage::Talking);
    client.types("/history\n");
    client.broker(Replay{.now_ms = kTomorrow, .messages = 1});
    client.replays("bob", "one", kNow);
    EXPECT_EQ(client.screen(), "[11-20 14:02] bob says: one\n");
    client.broker(Done{});
    client.types("/who\n");
    client.broker(People{.now_ms = kTomorrow, .members = 2, .matching = 2});
    client.broker(Person{.since_ms = kNow, .idle_ms = 0, .pid = 12}, "bob", "peer");
    client.broker(Done{});
    EXPECT_CONTAINS(client.screen(), "  11-20 14:02  ");
}
