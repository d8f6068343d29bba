// Specification of worker/command: what a line asks for.

#include "worker/command.h"

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
    {"/quit", Verb::Quit},
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

TestSuite(command, .timeout = 20);

// --- Text ---

Test(command, a_line_that_does_not_begin_with_a_slash_is_said) {
    for (const char* line : {"", "hello", "who", " /who", "1/2", "你好 /help", "\\help"}) {
        expect_command(line, {Verb::Say, "", line});
    }
}

Test(command, what_is_said_keeps_its_spaces) {
    expect_command("  hello  world  ", {Verb::Say, "", "  hello  world  "});
    expect_command("//  x  ", {Verb::Say, "", "/  x  "});
}

Test(command, two_slashes_say_a_line_that_begins_with_one) {
    expect_command("//x", {Verb::Say, "", "/x"});
    expect_command("//quit now", {Verb::Say, "", "/quit now"});
    expect_command("//", {Verb::Say, "", "/"});
    expect_command("///", {Verb::Say, "", "//"});
}

// --- Commands ---

Test(command, every_command_is_known_by_its_name) {
    for (const auto& [word, verb] : kCommands) expect_command(word, {verb, word, ""});
}

Test(command, a_command_is_known_whatever_its_case) {
    for (const auto& [word, verb] : kCommands) {
        const std::string loud = upper(word);
        expect_command(loud, {verb, loud, ""});
    }
    expect_command("/WhO al", {Verb::Who, "/WhO", "al"});
}

Test(command, the_argument_comes_without_the_spaces_around_it) {
    for (const auto& [word, verb] : kCommands) {
        expect_command(std::string(word) + " two  words", {verb, word, "two  words"});
        expect_command(std::string(word) + "   two  words   ", {verb, word, "two  words"});
        expect_command(std::string(word) + "   ", {verb, word, ""});
    }
}

Test(command, the_argument_keeps_its_case) {
    expect_command("/ME Waves", {Verb::Me, "/ME", "Waves"});
}

Test(command, a_command_ends_at_a_space_only) {
    for (const char* word : {"/who,", "/who/al", "/who.", "/who你", "/whoal", "/me\u3000waves"}) {
        expect_command(word, {Verb::Unknown, word, ""});
    }
}

Test(command, any_other_word_is_an_unknown_command) {
    expect_command("/dance", {Verb::Unknown, "/dance", ""});
    expect_command("/Dance all night", {Verb::Unknown, "/Dance", "all night"});
    expect_command("/", {Verb::Unknown, "/", ""});
    expect_command("/ who", {Verb::Unknown, "/", "who"});
    expect_command("/你好 x", {Verb::Unknown, "/你好", "x"});
    expect_command("/etc/passwd", {Verb::Unknown, "/etc/passwd", ""});
}

Test(command, a_command_is_not_known_by_its_beginning) {
    for (const auto& [word, verb] : kCommands) {
        const std::string_view begun = std::string_view(word).substr(0, 2);
        if (begun == word || begun == "/r") continue;
        expect_command(begun, {Verb::Unknown, begun, ""});
    }
}

// --- The nearest command ---

Test(command, a_slip_of_the_finger_finds_the_command) {
    expect_nearest("/hlep", "/help");
    expect_nearest("/hepl", "/help");
    expect_nearest("/helpp", "/help");
    expect_nearest("/hwo", "/who");
    expect_nearest("/whoo", "/who");
    expect_nearest("/quti", "/quit");
    expect_nearest("/exit", std::nullopt);
    expect_nearest("/bye", std::nullopt);
    expect_nearest("/qiut", "/quit");
    expect_nearest("/histroy", "/history");
    expect_nearest("/nikc", "/nick");
    expect_nearest("/mgs", "/msg");
    expect_nearest("/tmie", "/time");
    expect_nearest("/lnag", "/lang");
}

Test(command, every_beginning_finds_a_command_that_begins_so) {
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

Test(command, every_swap_of_two_neighbours_finds_the_command) {
    for (const auto& [word, verb] : kCommands) {
        const std::string whole(word);
        for (std::size_t at = 1; whole.size() > 3 && at + 1 < whole.size(); ++at) {
            std::string slipped = whole;
            std::swap(slipped[at], slipped[at + 1]);
            expect_nearest(slipped, word);
        }
    }
}

Test(command, the_nearest_command_is_found_whatever_the_case) {
    expect_nearest("/HLEP", "/help");
    expect_nearest("/Wh", "/who");
}

Test(command, a_word_that_is_like_no_command_finds_none) {
    for (const char* word : {"/zzz", "/", "/x", "/xy", "/dance", "/join", "/你好", "/etc/passwd"}) {
        expect_nearest(word, std::nullopt);
    }
}

Test(command, a_very_long_word_finds_none) {
    expect_nearest("/" + std::string(4095, 'h'), std::nullopt);
    expect_nearest("/history-of-the-w", std::nullopt);
}

// --- Words ---

Test(command, the_first_word_is_cut_off_with_the_spaces_after_it) {
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

Test(command, the_first_word_of_a_text_that_begins_with_a_space_is_empty) {
    std::string_view text = " bob";
    EXPECT_EQ(take_word(text), "");
    EXPECT_EQ(text, "bob");
}
