// Specification of worker/commands: what a line asks for, and what the client reads and the room is
// sent then.
#include "worker/commands.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "support/conversation_client.h"
#include "support/escape.h"
#include "support/expect.h"
#include "support/where.h"

using chatd::Command;
using chatd::Done;
using chatd::EntryKind;
using chatd::nearest_command;
using chatd::parse_command;
using chatd::People;
using chatd::Person;
using chatd::Refusal;
using chatd::Replay;
using chatd::take_word;
using chatd::Verb;
using chatd::test::escaped;
using chatd::test::kBob;
using chatd::test::kNow;
using chatd::test::kYesterday;
using chatd::test::Sent;
using Client = chatd::test::ConversationClient;
using Stage = Client::Stage;

namespace {

struct Named {
    const char* word;
    Verb verb;
};

constexpr Named kCommands[] = {
    {"/help", Verb::Help},       {"/who", Verb::Who},   {"/me", Verb::Me},
    {"/msg", Verb::Msg},         {"/r", Verb::Reply},   {"/nick", Verb::Nick},
    {"/history", Verb::History}, {"/time", Verb::Time}, {"/lang", Verb::Lang},
    {"/quit", Verb::Quit},       {"/exit", Verb::Quit}, {"/bye", Verb::Quit},
    {"/q", Verb::Quit},
};

void expect_command(std::string_view line, const Command& expected,
                    chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    const Command command = parse_command(line);
    cr_expect(command.verb == expected.verb && command.word == expected.word &&
                  command.argument == expected.argument,
              "%s: verb %d, word %s, argument %s", escaped(line).c_str(),
              static_cast<int>(command.verb), escaped(command.word).c_str(),
              escaped(command.argument).c_str());
}

void expect_nearest(std::string_view word, std::optional<std::string_view> expected,
                    chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    const auto nearest = nearest_command(word);
    cr_expect(nearest == expected, "%s: %s", escaped(word).c_str(),
              chatd::test::shown(nearest).c_str());
}

std::string upper(std::string text) {
    for (char& c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

}  // namespace

TestSuite(commands, .timeout = 20);

// --- What a line asks for: text ---

Test(commands, a_line_that_does_not_begin_with_a_slash_is_said) {
    for (const char* line : {"", "hello", "who", "1/2", "你好 /help", "help me", "ノ", "丿"}) {
        expect_command(line, {Verb::Say, "", line});
    }
}

Test(commands, what_is_said_keeps_its_spaces) {
    expect_command("  hello  world  ", {Verb::Say, "", "  hello  world  "});
    expect_command("\u3000hello\u3000", {Verb::Say, "", "\u3000hello\u3000"});
    expect_command("//x  y  ", {Verb::SaySlash, "//x", "/x  y"});
}

Test(commands, two_slashes_say_a_line_that_begins_with_one) {
    expect_command("//x", {Verb::SaySlash, "//x", "/x"});
    expect_command("//quit now", {Verb::SaySlash, "//quit", "/quit now"});
    expect_command("///x", {Verb::SaySlash, "///x", "//x"});
    expect_command("／／x", {Verb::SaySlash, "／／x", "／x"});
    expect_command(" //x", {Verb::SaySlash, "//x", "/x"});
}

Test(commands, slashes_that_stand_alone_are_said_as_they_are) {
    for (const char* line :
         {"//", "///", "// say hello", "/// what it does", "  // x", "//\u3000x"}) {
        expect_command(line, {Verb::Say, "", line});
    }
}

Test(commands, nobody_loses_a_slash_silently) {
    Client client(Stage::Talking);
    client.types("//etc/passwd\n");
    EXPECT_EQ(client.sent(), Sent{"1 say: /etc/passwd"});
    EXPECT_EQ(client.screen(), "That was said with one / less.\n");
    EXPECT_EQ(client.sent_for("// say hello\n"), Sent{"2 say: // say hello"});
}

// --- What a line asks for: commands ---

Test(commands, every_command_is_known_by_its_name) {
    for (const auto& [word, verb] : kCommands) expect_command(word, {verb, word, ""});
}

Test(commands, a_command_is_known_whatever_its_case) {
    for (const auto& [word, verb] : kCommands) {
        const std::string loud = upper(word);
        expect_command(loud, {verb, loud, ""});
    }
    expect_command("/WhO al", {Verb::Who, "/WhO", "al"});
}

Test(commands, the_argument_comes_without_the_spaces_around_it) {
    for (const auto& [word, verb] : kCommands) {
        expect_command(std::string(word) + " two  words", {verb, word, "two  words"});
        expect_command(std::string(word) + "   two  words   ", {verb, word, "two  words"});
        expect_command(std::string(word) + "   ", {verb, word, ""});
    }
}

Test(commands, the_argument_keeps_its_case) {
    expect_command("/ME Waves", {Verb::Me, "/ME", "Waves"});
}

Test(commands, a_command_ends_at_a_space_only) {
    for (const char* word : {"/who,", "/who/al", "/who.", "/who你", "/whoal"}) {
        expect_command(word, {Verb::Unknown, word, ""});
    }
}

Test(commands, any_other_word_is_an_unknown_command) {
    expect_command("/dance", {Verb::Unknown, "/dance", ""});
    expect_command("/Dance all night", {Verb::Unknown, "/Dance", "all night"});
    expect_command("/", {Verb::Unknown, "/", ""});
    expect_command("/ who", {Verb::Unknown, "/", "who"});
    expect_command("/你好 x", {Verb::Unknown, "/你好", "x"});
    expect_command("/etc/passwd", {Verb::Unknown, "/etc/passwd", ""});
}

Test(commands, a_command_is_not_known_by_its_beginning) {
    for (const auto& [word, verb] : kCommands) {
        const std::string_view begun = std::string_view(word).substr(0, 2);
        if (begun == word || begun == "/r" || begun == "/q") continue;
        expect_command(begun, {Verb::Unknown, begun, ""});
    }
}

// --- What a line asks for: however it is typed ---

Test(commands, spaces_of_all_kinds_may_stand_around_every_word) {
    for (const std::string space :
         {" ", "\u3000", "\u00A0", "\u2003", "\u200B", "\u3164", "\u2800"}) {
        for (const auto& [word, verb] : kCommands) {
            expect_command(space + word + space + "two words" + space, {verb, word, "two words"});
            expect_command(space + space + word + space + " two", {verb, word, "two"});
        }
    }
}

Test(commands, what_cannot_be_seen_before_a_command_or_in_it_does_not_hide_it) {
    expect_command("\u200D\u2060/who", {Verb::Who, "/who", ""});
    expect_command("/w\u200Dho", {Verb::Who, "/w\u200Dho", ""});
    expect_command("\uFFFD\uFFFD /who", {Verb::Who, "/who", ""});
}

Test(commands, what_looks_like_a_slash_is_one) {
    for (const std::string slash : {"／", "\u2044", "\u2215", "\u2571", "\u27CB", "\u29F8"}) {
        expect_command(slash + "who al", {Verb::Who, slash + "who", "al"});
        expect_command(slash + "zzz", {Verb::Unknown, slash + "zzz", ""});
    }
}

Test(commands, a_command_may_be_typed_in_full_width) {
    expect_command("／ｗｈｏ　ａｌ", {Verb::Who, "／ｗｈｏ", "ａｌ"});
    expect_command("／ＱＵＩＴ", {Verb::Quit, "／ＱＵＩＴ", ""});
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("／history　２０\n"), Sent{"past 20"});
    client.broker(Done{});
    EXPECT_EQ(client.shown_for("/time　ｏｎ\n"), "What happens is now shown with its time.\n");
    EXPECT_EQ(client.shown_for("／lang　ｅｎ\n"), "The language is English.\n");
}

Test(commands, in_doubt_nothing_is_said_and_the_writer_is_asked) {
    Client client(Stage::Talking);
    for (const std::string key : {"、", "､", "\\", "＼", "・", "･"}) {
        EXPECT_EQ(client.shown_for(key + "msg bob psst\n"),
                  "There is no command " + key + "msg. Did you mean /msg?\n");
        EXPECT_EQ(client.shown_for(key + "mgs bob psst\n"),
                  "There is no command " + key + "mgs. Did you mean /msg?\n");
        EXPECT_EQ(client.sent_for(key + "你们好\n").size(), 1);
    }
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

// --- The nearest command ---

Test(commands, a_slip_of_the_finger_finds_the_command) {
    expect_nearest("/hlep", "/help");
    expect_nearest("/hepl", "/help");
    expect_nearest("/helpp", "/help");
    expect_nearest("/hwo", "/who");
    expect_nearest("/whoo", "/who");
    expect_nearest("/quti", "/quit");
    expect_nearest("/eixt", "/exit");
    expect_nearest("/qiut", "/quit");
    expect_nearest("/histroy", "/history");
    expect_nearest("/nikc", "/nick");
    expect_nearest("/mgs", "/msg");
    expect_nearest("/tmie", "/time");
    expect_nearest("/lnag", "/lang");
}

Test(commands, every_beginning_finds_a_command_that_begins_so) {
    for (const auto& [word, verb] : kCommands) {
        const std::string_view whole(word);
        for (std::size_t bytes = 2; bytes <= whole.size(); ++bytes) {
            const std::string_view begun = whole.substr(0, bytes);
            const auto nearest = nearest_command(begun);
            cr_expect(nearest && nearest->starts_with(begun), "%s", escaped(begun).c_str());
        }
    }
    expect_nearest("/wh", "/who");
    expect_nearest("/h", "/help");
    expect_nearest("/hi", "/history");
    expect_nearest("/ms", "/msg");
}

Test(commands, every_swap_of_two_neighbours_finds_the_command) {
    for (const auto& [word, verb] : kCommands) {
        const std::string whole(word);
        for (std::size_t at = 1; whole.size() > 3 && at + 1 < whole.size(); ++at) {
            std::string slipped = whole;
            std::swap(slipped[at], slipped[at + 1]);
            expect_nearest(slipped, word);
        }
    }
}

Test(commands, the_nearest_command_is_found_whatever_the_case) {
    expect_nearest("/HLEP", "/help");
    expect_nearest("/Wh", "/who");
}

Test(commands, a_word_that_is_like_no_command_finds_none) {
    for (const char* word : {"/zzz", "/", "/x", "/xy", "/dance", "/join", "/你好", "/etc/passwd"}) {
        expect_nearest(word, std::nullopt);
    }
}

Test(commands, a_very_long_word_finds_none) {
    expect_nearest("/" + std::string(4095, 'h'), std::nullopt);
    expect_nearest("/history-of-the-w", std::nullopt);
}

// --- Words ---

Test(commands, the_first_word_is_cut_off_with_the_spaces_after_it) {
    std::string_view text = "bob   hello  world";
    EXPECT_EQ(take_word(text), "bob");
    EXPECT_EQ(text, "hello  world");
    EXPECT_EQ(take_word(text), "hello");
    EXPECT_EQ(text, "world");
    EXPECT_EQ(take_word(text), "world");
    EXPECT_EQ(text, "");
    EXPECT_EQ(take_word(text), "");
    EXPECT_EQ(text, "");
}

Test(commands, the_first_word_of_a_text_that_begins_with_a_space_is_empty) {
    std::string_view text = " bob";
    EXPECT_EQ(take_word(text), "");
    EXPECT_EQ(text, "bob");
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
