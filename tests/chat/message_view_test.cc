// How what happens looks on a terminal.

#include "chat/message_view.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bounds.h"
#include "support/expect.h"
#include "worker/web_files.h"

using chatd::colour_of;
using chatd::Event;
using chatd::Language;
using chatd::mentions;
using chatd::MessageView;
using chatd::Paint;
using chatd::without_paint;

TestSuite(message_view);

namespace {

std::int64_t east(std::int64_t /*time_s*/) {
    return 8 * 60 * 60;
}

// What a client called alice is shown on a day that has begun already.
class Shown {
  public:
    explicit Shown(Language language = Language::English, Paint paint = Paint::None)
        : view(language, paint, east) {
        view.set_own_name("alice");
        (void)of(R"({"type":"join","time":"2026-11-26T06:00:00.000Z","name":"x"})");
    }

    std::string of(std::string_view object) {
        view.out.clear();
        view.event(*Event::parse(object));
        return view.out;
    }

    // Of what happened at 14:02 in local time.
    std::string at_two(std::string members) {
        return of("{\"time\":\"2026-11-26T06:02:31.204Z\"," + members + "}");
    }

    MessageView view;
};

}  // namespace

Test(message_view, a_message_has_the_local_time_and_a_name) {
    Shown shown;
    EXPECT_EQ(shown.at_two(R"("type":"say","name":"bob","text":"lunch?")"), "14:02 bob: lunch?\n");
    EXPECT_EQ(shown.at_two(R"("type":"emote","name":"bob","text":"waves")"), "14:02 * bob waves\n");
}

Test(message_view, private_words_say_who_reads_them) {
    Shown shown;
    EXPECT_EQ(shown.at_two(R"("type":"tell","name":"bob","to":"alice","text":"psst")"),
              "14:02 bob tells you: psst\n");
    EXPECT_EQ(shown.at_two(R"("type":"tell","own":true,"name":"alice","to":"bob","text":"?")"),
              "14:02 you tell bob: ?\n");
}

Test(message_view, comings_and_goings_have_their_reason) {
    Shown shown;
    EXPECT_EQ(shown.at_two(R"("type":"join","name":"bob")"), "14:02 bob entered the chat room\n");
    EXPECT_EQ(shown.at_two(R"("type":"leave","name":"bob","reason":"quit")"),
              "14:02 bob left the chat room\n");
    EXPECT_EQ(shown.at_two(R"("type":"leave","name":"bob","reason":"quit","words":"so long")"),
              "14:02 bob left the chat room: so long\n");
    EXPECT_EQ(shown.at_two(R"("type":"leave","name":"bob","reason":"killed","detail":9)"),
              "14:02 bob left the chat room (killed by signal 9)\n");
    EXPECT_EQ(shown.at_two(R"("type":"rename","name":"bob","to":"robert")"),
              "14:02 bob is now called robert\n");
}

Test(message_view, of_a_crowd_some_are_named_and_all_are_counted) {
    Shown shown;
    EXPECT_EQ(shown.at_two(R"("type":"crowd","joined":12,"names_joined":["dave","eve","frank"],)"
                           R"("left":1,"names_left":["carol"],"reason":"lost")"),
              "14:02 dave, eve, frank and 9 others entered the chat room\n"
              "14:02 carol left the chat room (connection lost)\n");
}

Test(message_view, a_new_day_is_shown_before_its_first_line) {
    Shown shown;
    EXPECT_EQ(
        shown.of(R"({"type":"say","time":"2026-11-26T16:00:00.000Z","name":"bob","text":"hi"})"),
        "— 2026-11-27 —\n00:00 bob: hi\n");
    EXPECT_EQ(
        shown.of(R"({"type":"say","time":"2026-11-26T16:01:00.000Z","name":"bob","text":"hi"})"),
        "00:01 bob: hi\n");
}

Test(message_view, the_user_reads_it_in_the_own_language) {
    Shown shown(Language::Chinese);
    EXPECT_EQ(shown.at_two(R"("type":"tell","name":"小明","to":"alice","text":"在吗")"),
              "14:02 小明 悄悄对你说： 在吗\n");
    EXPECT_EQ(shown.at_two(R"("type":"join","name":"小明")"), "14:02 小明 进入聊天室\n");
}

Test(message_view, what_speaks_to_the_user_rings_and_is_bold) {
    Shown shown(Language::English, Paint::Attributes);
    EXPECT_EQ(shown.at_two(R"("type":"say","name":"bob","text":"Alice: hi")"),
              "\x1b[2m14:02\x1b[0m bob: \x1b[1mAlice: hi\x1b[0m\n");
    EXPECT_TRUE(shown.view.rings);
}

Test(message_view, what_happened_before_and_what_the_user_says_does_not_ring) {
    Shown shown;
    (void)shown.at_two(R"("type":"say","past":true,"name":"bob","text":"alice?")");
    (void)shown.at_two(R"("type":"say","own":true,"name":"alice","text":"alice here")");
    (void)shown.at_two(R"("type":"say","name":"bob","text":"malice")");
    EXPECT_FALSE(shown.view.rings);
}

Test(message_view, a_name_is_mentioned_as_a_word_in_any_case) {
    EXPECT_TRUE(mentions("hi ALICE!", "alice"));
    EXPECT_TRUE(mentions("malice, alice", "alice"));
    EXPECT_TRUE(mentions("你好小明吗", "小明"));
    EXPECT_FALSE(mentions("alices", "alice"));
    EXPECT_FALSE(mentions("", "alice"));
    EXPECT_FALSE(mentions("alice", ""));
}

// The page in the browser has the same.
Test(message_view, the_colour_of_a_name_is_its_hash) {
    EXPECT_EQ(colour_of(""), 2166136261U % chatd::kNameColours);
    EXPECT_EQ(colour_of("a"), 0xE40C292CU % chatd::kNameColours);
    EXPECT_EQ(colour_of("foobar"), 0xBF9CF968U % chatd::kNameColours);
    EXPECT_EQ(colour_of("FooBar"), colour_of("foobar"));
}

// src/web/chat.css has lines such as ".hue-0 { color: light-dark(#870087, #ff5f87); }".
Test(message_view, a_name_has_the_same_colour_on_the_page) {
    const auto hexadecimal = [](std::uint8_t xterm) {  // of the cube of 6 x 6 x 6 colours
        constexpr std::array kLevels = {"00", "5f", "87", "af", "d7", "ff"};
        const int place = xterm - 16;
        return std::string("#") + kLevels.at(place / 36) + kLevels.at(place / 6 % 6) +
               kLevels.at(place % 6);
    };
    const std::string_view css = chatd::chat_css();
    for (std::size_t i = 0; i < chatd::kNameColours; ++i) {
        const std::string begin = ".hue-" + std::to_string(i) + " { ";
        const std::size_t at = std::min(css.find(begin), css.size());
        EXPECT_EQ(css.substr(at, css.find('\n', at) - at),
                  begin + "color: light-dark(" + hexadecimal(chatd::xterm_colour(i, true)) + ", " +
                      hexadecimal(chatd::xterm_colour(i, false)) + "); }");
    }
}

Test(message_view, names_have_colours_only_when_colours_are_wanted) {
    Shown shown(Language::English, Paint::Colours);
    const std::string line = shown.at_two(R"("type":"say","name":"bob","text":"hi")");
    EXPECT_CONTAINS(line, "\x1b[38;5;");
    EXPECT_EQ(without_paint(line), "14:02 bob: hi\n");
}

Test(message_view, the_rows_of_an_answer_are_one_table) {
    Shown shown;
    EXPECT_EQ(shown.of(R"({"type":"who","line":4,"prefix":"","members":2,"matching":2})"),
              "2 people are here:\n");
    EXPECT_EQ(shown.of(R"({"type":"person","line":4,"name":"bob","pid":4711,"since":)"
                       R"("2026-11-26T06:02:31.204Z","idle_ms":2500,"stopped":true,)"
                       R"("address":"192.0.2.7:51234"})"),
              "");
    EXPECT_EQ(shown.of(R"({"type":"end","line":4,"of":"who","left_out":0})"),
              "  name   pid  since          idle  address\n"
              "  bob   4711  14:02  2 s, stopped  192.0.2.7:51234\n");
}

Test(message_view, processes_are_a_table_too) {
    Shown shown;
    (void)shown.of(R"({"type":"ps","prefix":"","processes":90,"matching":90})");
    (void)shown.of(R"({"type":"process","pid":4711,"ppid":4700,"role":"worker","name":"bob",)"
                   R"("stat":"S","cpu_ms":1250,"memory_kib":128,"nice":0,"age_ms":60000})");
    EXPECT_EQ(shown.of(R"({"type":"end","of":"ps","left_out":89})"),
              "   pid  ppid  role    stat  cpu s  KiB  ni    age  name\n"
              "  4711  4700  worker  S      1.25  128   0  1 min  bob\n"
              "  … and 89 more. /ps al shows those whose name begins with al.\n");
}

Test(message_view, a_row_of_another_table_is_dropped) {
    Shown shown;
    (void)shown.of(R"({"type":"who","prefix":"","members":2,"matching":2})");
    (void)shown.of(R"({"type":"process","pid":4711,"role":"worker"})");
    EXPECT_EQ(shown.of(R"({"type":"end","of":"who"})"), "");
}

Test(message_view, nothing_unclean_is_shown) {
    Shown shown;
    EXPECT_EQ(shown.at_two(R"("type":"say","name":"b\u001b[31mob","text":"a\u0007\u202eb\nc")"),
              "14:02 bob: abc\n");
    EXPECT_EQ(shown.of(R"({"type":"notice","text":"one\ntwo\u001b[2J"})"), "one\ntwo\n");
}

Test(message_view, what_a_later_version_tells_is_not_shown) {
    Shown shown;
    EXPECT_EQ(shown.of(R"({"type":"poll","text":"lunch?"})"), "");
}
