// Specification of text/command_parser: which command a line asks for, and what is in doubt.
#include "text/command_parser.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "support/escape.h"
#include "support/expect.h"
#include "support/where.h"

using chatd::Command;
using chatd::nearest_command;
using chatd::parse_command;
using chatd::take_word;
using chatd::Verb;
using chatd::test::escaped;

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
    {"/q", Verb::Quit},          {"/ps", Verb::Ps},     {"/tree", Verb::Tree},
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

// A line of the word and what follows.
void expect_in_doubt(const std::string& word, const std::string& rest,
                     chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    const std::string_view argument = std::string_view(rest).substr(rest.empty() ? 0 : 1);
    expect_command(word + rest, {Verb::InDoubt, word, argument});
    cr_expect(nearest_command(word).has_value(), "%s", escaped(word).c_str());
}

// Whatever the hint calls its command.
void expect_asked(const std::string& line, bool may_answer = false,
                  chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    cr_expect(parse_command(line, may_answer).verb == Verb::InDoubt, "%s", escaped(line).c_str());
}

void expect_said(const std::string& line, chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    expect_command(line, {Verb::Say, "", line});
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

TestSuite(command_parser, .timeout = 20);

// --- What a line asks for: text ---

Test(command_parser, a_line_that_does_not_begin_with_a_slash_is_said) {
    for (const char* line : {"",   "hello", "who",  "1/2",    "你好 /help",  "help me",  "ノ",
                             "丿", "7",     "who?", "ノート", "tell bob hi", "7 people", "7up",
                             ".",  "...",   "!?",   ":D",     ".net",        ":-)"}) {
        expect_command(line, {Verb::Say, "", line});
    }
}

Test(command_parser, what_is_said_keeps_its_spaces) {
    expect_command("  hello  world  ", {Verb::Say, "", "  hello  world  "});
    expect_command("\u3000hello\u3000", {Verb::Say, "", "\u3000hello\u3000"});
    expect_command("//x  y  ", {Verb::SaySlash, "//x", "/x  y"});
}

Test(command_parser, two_slashes_say_a_line_that_begins_with_one) {
    expect_command("//x", {Verb::SaySlash, "//x", "/x"});
    expect_command("//etc/passwd", {Verb::SaySlash, "//etc/passwd", "/etc/passwd"});
    expect_command("///x", {Verb::SaySlash, "///x", "//x"});
    expect_command("／／x", {Verb::SaySlash, "／／x", "／x"});
    expect_command(" //x", {Verb::SaySlash, "//x", "/x"});
}

Test(command_parser, slashes_that_stand_alone_are_said_as_they_are) {
    for (const char* line :
         {"//", "///", "// say hello", "/// what it does", "  // x", "//\u3000x"}) {
        expect_command(line, {Verb::Say, "", line});
    }
}

// --- What a line asks for: commands ---

Test(command_parser, every_command_is_known_by_its_name) {
    for (const auto& [word, verb] : kCommands) expect_command(word, {verb, word, ""});
}

Test(command_parser, a_command_is_known_whatever_its_case) {
    for (const auto& [word, verb] : kCommands) {
        const std::string loud = upper(word);
        expect_command(loud, {verb, loud, ""});
    }
    expect_command("/WhO al", {Verb::Who, "/WhO", "al"});
}

Test(command_parser, the_argument_comes_without_the_spaces_around_it) {
    for (const auto& [word, verb] : kCommands) {
        expect_command(std::string(word) + " two  words", {verb, word, "two  words"});
        expect_command(std::string(word) + "   two  words   ", {verb, word, "two  words"});
        expect_command(std::string(word) + "   ", {verb, word, ""});
    }
}

Test(command_parser, the_argument_keeps_its_case) {
    expect_command("/ME Waves", {Verb::Me, "/ME", "Waves"});
}

Test(command_parser, a_command_ends_at_a_space_only) {
    for (const char* word : {"/who,", "/who/al", "/who.", "/who你", "/whoal"}) {
        expect_command(word, {Verb::Unknown, word, ""});
    }
}

Test(command_parser, any_other_word_is_an_unknown_command) {
    expect_command("/dance", {Verb::Unknown, "/dance", ""});
    expect_command("/Dance all night", {Verb::Unknown, "/Dance", "all night"});
    expect_command("/", {Verb::Unknown, "/", ""});
    expect_command("/ who", {Verb::Unknown, "/ who", ""});
    expect_command("/你好 x", {Verb::Unknown, "/你好", "x"});
    expect_command("/etc/passwd", {Verb::Unknown, "/etc/passwd", ""});
}

Test(command_parser, a_command_is_not_known_by_its_beginning) {
    for (const auto& [word, verb] : kCommands) {
        const std::string_view begun = std::string_view(word).substr(0, 2);
        if (begun == word || begun == "/r" || begun == "/q") continue;
        expect_command(begun, {Verb::Unknown, begun, ""});
    }
}

// --- What a line asks for: however it is typed ---

Test(command_parser, spaces_of_all_kinds_may_stand_around_every_word) {
    for (const std::string space :
         {" ", "\u3000", "\u00A0", "\u2003", "\u200B", "\u3164", "\u2800"}) {
        for (const auto& [word, verb] : kCommands) {
            expect_command(space + word + space + "two words" + space, {verb, word, "two words"});
            expect_command(space + space + word + space + " two", {verb, word, "two"});
        }
    }
}

Test(command_parser, what_cannot_be_seen_before_a_command_or_in_it_does_not_hide_it) {
    expect_command("\u200D\u2060/who", {Verb::Who, "/who", ""});
    expect_command("/w\u200Dho", {Verb::Who, "/w\u200Dho", ""});
    expect_command("\uFFFD\uFFFD /who", {Verb::Who, "/who", ""});
}

Test(command_parser, what_looks_like_a_slash_is_one) {
    for (const std::string slash :
         {"／", "\u1735", "\u2044", "\u2215", "\u2571", "\u27CB", "\u29F8", "\u2F03"}) {
        expect_command(slash + "who al", {Verb::Who, slash + "who", "al"});
        expect_command(slash + "zzz", {Verb::Unknown, slash + "zzz", ""});
    }
}

Test(command_parser, a_command_may_be_typed_in_full_width) {
    expect_command("／ｗｈｏ　ａｌ", {Verb::Who, "／ｗｈｏ", "ａｌ"});
    expect_command("／ＱＵＩＴ", {Verb::Quit, "／ＱＵＩＴ", ""});
    expect_command("／ＭｓＧ　bob　hi", {Verb::Msg, "／ＭｓＧ", "bob　hi"});
}

// --- In doubt ---

Test(command_parser, a_command_behind_what_is_typed_for_a_slash_is_in_doubt) {
    for (const std::string slip :
         {"ノ", "ﾉ",  "丿", "〳", "Ⳇ", "⫽", "÷",  "\\", "＼", "∖",  "丶", "、",
          "､",  "﹑", "・", "･",  "·", "¥", "￥", "₩",  "ㄥ", "め", "ظ",  "ฝ"}) {
        expect_in_doubt(slip + "msg", " bob psst");
        expect_in_doubt(slip + "MGS", " bob psst");
        expect_in_doubt(slip + slip + "msg", " bob psst");
        expect_in_doubt(slip + " msg", " bob psst");
        for (const char* word : {"msg", "ｍｓｇ", "r", "w", "whisper", "help", "hlep"}) {
            expect_in_doubt(slip + word, "");
        }
        expect_said(slip + "你们好 bob psst");
    }
}

Test(command_parser, a_command_s_own_word_behind_a_key_beside_the_slash_is_in_doubt) {
    for (const std::string key :
         {".", "。", "．", ",", "，", ";", ":", "：", "!", "！", "?", "？", "&", "7", "|", "｜"}) {
        for (const char* word : {"msg", "mgs", "r", "w", "whisper", "HELP", "ｗｈｏ", "quit"}) {
            expect_in_doubt(key + word, " bob psst");
        }
        expect_in_doubt(key + " msg", " bob psst");
        expect_said(key + "hello bob psst");
        expect_said(key + " who is there");
    }
}

Test(command_parser, msg_with_one_typing_error_is_in_doubt_when_somebody_and_words_follow) {
    for (const std::string word : {"msg", "MSG", "#msg", "(msg", "'msg", "*msg", "-msg", "×msg",
                                   "…msg", "qmsg", "q/msg", "m/sg", "- msg"}) {
        expect_in_doubt(word, " bob psst");
        expect_in_doubt(word, " @bob: psst");
        expect_said(word + " = recv(fd);");
    }
    for (const char* line :
         {"msg", "msg bob", "msg: the server is down", "mug of tea please",
          "messages for bob please", "a msg from bob came", "1. msg bob about it"}) {
        expect_said(line);
    }
}

Test(command_parser, a_command_s_own_word_behind_two_slashes_is_in_doubt) {
    for (const std::string slashes : {"//", "///", "／／"}) {
        for (const char* word : {"msg", "mgs", "MSG", "r", "whisper", "quit"}) {
            expect_in_doubt(slashes + word, " bob psst");
        }
    }
    expect_in_doubt("// msg", " bob psst");
    expect_said("// message for bob");
    expect_command("//hello", {Verb::SaySlash, "//hello", "/hello"});
}

Test(command_parser, r_without_a_slash_is_in_doubt_for_who_may_answer_somebody) {
    EXPECT_TRUE(parse_command("r secret", true).verb == Verb::InDoubt);
    EXPECT_TRUE(parse_command("Ｒ secret", true).verb == Verb::InDoubt);
    EXPECT_TRUE(parse_command("r", true).verb == Verb::Say);
    expect_said("r secret");
    EXPECT_EQ(nearest_command("r").value_or(""), "/r");
}

Test(command_parser, an_addressee_that_is_glued_on_hides_no_command) {
    for (const std::string word : {"、msg：bob：secret", "\\msg:bob", ".msg:bob", "、msg,bob",
                                   "、msg小明明", "、r：secret", "//msg:bob", "//r:secret"}) {
        expect_in_doubt(word, " psst");
    }
    for (const std::string line : {"、r我爱你", ".r我爱你", "\\r我", "。r：我们走吧"})
        expect_in_doubt(line, "");
    for (const std::string word : {"、w小明", "、tell小明", "、msg@小明", "。msg小明"}) {
        expect_in_doubt(word, " 秘密");
    }
    const std::string much = "我们今天晚上八点在学校门口见面，不要告诉别人";
    for (const std::string word :
         {"、msg小明", "。msg小明", "、MSG：小明：", "、msg@小明", "、r"}) {
        expect_asked(word + much + much);
    }
    expect_said("msg: the server is down");
    expect_said("、" + much + much);
    expect_said("……and " + much);
}

Test(command_parser, msg_behind_a_few_stray_characters_is_in_doubt) {
    for (const std::string strays : {"PP", "AA", ">> ", "1. ", "``", "\uFFFC\uFFFC",
                                     "\uFFFD@\uFFFD@", "\U0001D159\U0001D159", "./", "- "}) {
        expect_asked(strays + "/msg bob psst");
        expect_asked(strays + "／tell bob psst");
    }
    expect_asked(">> /r psst", true);
    // Somebody explains it, or says something else.
    expect_said("use /msg bob hello to whisper");
    expect_said("a /me does not tell bob");
    expect_said("1. /msg");
    expect_said(">> /r psst");
}

// The key of the slash gives a full stop in Russian and Hebrew.
Test(command_parser, msg_on_a_keyboard_of_another_script_is_in_doubt) {
    for (const char* word :
         {".ьып", ".ЬЫП", ".ьіп", ".צדע", "ظةسل", "ฝทหเ", "めもとき", "ㄥㄩㄋㄕ", ".к"}) {
        expect_in_doubt(word, " иван тайна");
    }
    expect_nearest("/ьып", "/msg");
    expect_nearest("/ㅡㄴㅎ", "/msg");
    expect_nearest(".ר", "/r");
}

Test(command_parser, a_line_in_quotes_is_said) {
    for (const char* line : {"\"/msg bob hi\"", "\"//msg …\"", "“、msg bob hi”", "「／msg bob」",
                             "\".msg bob hi", "\"msg bob hi\""}) {
        expect_said(line);
    }
}

// --- The nearest command ---

Test(command_parser, a_slip_of_the_finger_finds_the_command) {
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

Test(command_parser, every_beginning_finds_a_command_that_begins_so) {
    for (const auto& [word, verb] : kCommands) {
        const std::string_view whole(word);
        for (std::size_t bytes = 2; bytes <= whole.size(); ++bytes) {
            const std::string_view begun = whole.substr(0, bytes);
            if (begun == "/w") continue;  // whispers, elsewhere
            const auto nearest = nearest_command(begun);
            cr_expect(nearest && nearest->starts_with(begun), "%s", escaped(begun).c_str());
        }
    }
    expect_nearest("/wh", "/who");
    expect_nearest("/h", "/help");
    expect_nearest("/hi", "/history");
    expect_nearest("/ms", "/msg");
}

Test(command_parser, a_word_of_another_chat_finds_the_command) {
    expect_nearest("/whisper", "/msg");
    expect_nearest("/w", "/msg");
    expect_nearest("/reply", "/r");
    expect_nearest("/list", "/who");
    expect_nearest("/name", "/nick");
    expect_nearest("/?", "/help");
}

Test(command_parser, what_stands_for_the_slash_makes_no_difference_to_the_nearest_command) {
    for (const char* word :
         {"ノmgs", "//mgs", "、mgs", ".mgs", "msg", "x/msg", "/ msg", "// msg"}) {
        expect_nearest(word, "/msg");
    }
}

Test(command_parser, every_swap_of_two_neighbours_finds_the_command) {
    for (const auto& [word, verb] : kCommands) {
        const std::string whole(word);
        for (std::size_t at = 1; whole.size() > 3 && at + 1 < whole.size(); ++at) {
            std::string slipped = whole;
            std::swap(slipped[at], slipped[at + 1]);
            expect_nearest(slipped, word);
        }
    }
}

Test(command_parser, the_nearest_command_is_found_whatever_the_case) {
    expect_nearest("/HLEP", "/help");
    expect_nearest("/Wh", "/who");
}

Test(command_parser, a_word_that_is_like_no_command_finds_none) {
    for (const char* word : {"/zzz", "/", "/x", "/xy", "/dance", "/join", "/你好", "/etc/passwd"}) {
        expect_nearest(word, std::nullopt);
    }
}

Test(command_parser, a_very_long_word_finds_none) {
    expect_nearest("/" + std::string(4095, 'h'), std::nullopt);
    expect_nearest("/history-of-the-w", std::nullopt);
}

// --- Words ---

Test(command_parser, the_first_word_is_cut_off_with_the_spaces_after_it) {
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

Test(command_parser, the_first_word_of_a_text_that_begins_with_a_space_is_empty) {
    std::string_view text = " bob";
    EXPECT_EQ(take_word(text), "");
    EXPECT_EQ(text, "bob");
}
