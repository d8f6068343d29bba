// Specification of chat/keys: which keys the bytes of a terminal are.
#include "chat/keys.h"

#include <criterion/criterion.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "support/expect.h"
#include "support/where.h"

using chatd::Key;
using chatd::KeyPress;
using chatd::KeyReader;
using chatd::test::Where;

TestSuite(keys, .timeout = 20);

namespace {

using Keys = std::vector<KeyPress>;

void take(KeyReader& reader, Keys& keys) {
    while (auto press = reader.next()) {
        const bool goes_on =
            !keys.empty() && keys.back().key == Key::Text && press->key == Key::Text;
        if (goes_on) {
            keys.back().text += press->text;
        } else {
            keys.push_back(std::move(*press));
        }
    }
}

// All keys of these bytes. After them nothing comes.
Keys keys_of(std::string_view bytes) {
    KeyReader reader;
    Keys keys;
    reader.add(bytes);
    take(reader, keys);
    reader.give_up_waiting();
    take(reader, keys);
    EXPECT_FALSE(reader.is_waiting());
    return keys;
}

Keys keys_byte_by_byte(std::string_view bytes) {
    KeyReader reader;
    Keys keys;
    for (const char& byte : bytes) {
        reader.add({&byte, 1});
        take(reader, keys);
    }
    reader.give_up_waiting();
    take(reader, keys);
    return keys;
}

// These bytes are these keys, however they are cut, and between other text.
void expect_keys(const std::string& bytes, const Keys& keys, Where where = Where::here()) {
    const chatd::test::Caller caller(where);
    EXPECT_TRUE(keys_of(bytes) == keys);
    EXPECT_TRUE(keys_byte_by_byte(bytes) == keys);
}

// The bytes are one key, and belong to it alone.
void expect_key(const std::string& bytes, Key key, Where where = Where::here()) {
    const chatd::test::Caller caller(where);
    const Keys keys = keys_of("a" + bytes + "z");
    ASSERT_EQ(keys.size(), 3);
    EXPECT_EQ(keys[1].key, key);
    EXPECT_TRUE(keys.back() == (KeyPress{Key::Text, "z"}));
    EXPECT_TRUE(keys_byte_by_byte("a" + bytes + "z") == keys);
}

void expect_each(const std::vector<std::string>& forms, Key key, Where where = Where::here()) {
    const chatd::test::Caller caller(where);
    for (const std::string& bytes : forms) expect_key(bytes, key);
}

}  // namespace

// --- Text

Test(keys, text_comes_as_it_is_typed) {
    expect_keys("", {});
    expect_keys("hello", {{Key::Text, "hello"}});
    expect_keys("你好 😀e\u0301", {{Key::Text, "你好 😀e\u0301"}});
    expect_keys("a\rb", {{Key::Text, "a"}, {Key::Enter}, {Key::Text, "b"}});
}

Test(keys, a_character_comes_when_it_is_whole) {
    KeyReader reader;
    reader.add("a\xE4\xBD");
    EXPECT_TRUE(reader.next() == (KeyPress{Key::Text, "a"}));
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_TRUE(reader.is_waiting());
    reader.add("\xA0");
    EXPECT_TRUE(reader.next() == (KeyPress{Key::Text, "你"}));
    EXPECT_FALSE(reader.is_waiting());
}

Test(keys, bytes_that_are_no_character_are_dropped) {
    expect_keys("\xFF", {});
    expect_keys("a\xFF\xC0z\x80", {{Key::Text, "az"}});
    expect_keys("\xE4\xBD\r", {{Key::Enter}});
    expect_keys("\xE4\xBD", {});
    expect_keys("\x80\x80\033[A", {{Key::Up}});
}

// --- Keys that are one byte

Test(keys, a_control_character_is_a_key) {
    const std::vector<std::pair<char, Key>> controls = {
        {'A', Key::Home},          {'B', Key::Left},      {'C', Key::Interrupt},
        {'D', Key::EndOfInput},    {'E', Key::End},       {'F', Key::Right},
        {'G', Key::Cancel},        {'H', Key::Backspace}, {'I', Key::Tab},
        {'J', Key::Enter},         {'K', Key::KillToEnd}, {'L', Key::Redraw},
        {'M', Key::Enter},         {'N', Key::Down},      {'P', Key::Up},
        {'R', Key::SearchBack},    {'T', Key::Transpose}, {'U', Key::KillToStart},
        {'W', Key::DeleteToSpace}, {'Y', Key::Yank},      {'Z', Key::Suspend},
        {'_', Key::Undo},          {'@', Key::Unknown},   {'O', Key::Unknown},
        {'\\', Key::Unknown}};
    for (const auto& [letter, key] : controls) {
        expect_key(std::string(1, static_cast<char>(letter & 0x1F)), key);
    }
    expect_key("\x7F", Key::Backspace);
}

Test(keys, undo_is_also_Ctrl_X_Ctrl_U) {
    expect_key("\x18\x15", Key::Undo);
    expect_key("\x18", Key::Unknown);
    expect_keys("\x18\x01", {{Key::Unknown}, {Key::Home}});
    KeyReader reader;
    reader.add("\x18");
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_FALSE(reader.is_waiting());  // a person may take time between the two
}

// --- Escape sequences

Test(keys, the_arrows_of_all_terminals_are_known) {
    expect_each({"\033[A", "\033OA"}, Key::Up);
    expect_each({"\033[B", "\033OB"}, Key::Down);
    expect_each({"\033[C", "\033OC"}, Key::Right);
    expect_each({"\033[D", "\033OD"}, Key::Left);
}

Test(keys, the_keys_above_the_arrows_are_known) {
    expect_each({"\033[H", "\033OH", "\033[1~", "\033[7~"}, Key::Home);
    expect_each({"\033[F", "\033OF", "\033[4~", "\033[8~"}, Key::End);
    expect_key("\033[3~", Key::Delete);
    expect_key("\033[5~", Key::PageUp);
    expect_key("\033[6~", Key::PageDown);
    expect_key("\033[Z", Key::BackTab);
    expect_key("\033OM", Key::Enter);
}

Test(keys, Ctrl_and_Alt_make_an_arrow_go_by_words) {
    expect_each({"\033[1;5D", "\033[1;3D", "\033[1;7D", "\033[5D", "\033O5D", "\033Od",
                 "\033\033[D", "\033\033OD", "\033b", "\033B"},
                Key::WordLeft);
    expect_each({"\033[1;5C", "\033[1;3C", "\033[1;9C", "\033[5C", "\033Oc", "\033\033[C", "\033f",
                 "\033F"},
                Key::WordRight);
    expect_each({"\033[3;5~", "\033[3;3~", "\033[3^", "\033\033[3~", "\033d", "\033D"},
                Key::DeleteWordAfter);
    expect_each({"\033\x7F", "\033\b"}, Key::DeleteWordBefore);
}

Test(keys, Shift_changes_no_key) {
    expect_each({"\033[1;2D", "\033[d"}, Key::Left);
    expect_each({"\033[3;2~", "\033[3$"}, Key::Delete);
    expect_each({"\033[1;2H", "\033[7$"}, Key::Home);
    expect_each({"\033[1;5A", "\033[a", "\033Oa"}, Key::Up);
}

Test(keys, an_unknown_sequence_is_one_unknown_key) {
    for (const char* bytes :
         {"\033[15~", "\033[2~", "\033OP", "\033[[A", "\033[1;5P", "\033[27;5;9~", "\033[97;5u",
          "\033[?1;2c", "\033[>41;354;0c", "\033[?2026;2$y", "\033[12;40R", "\033[201~", "\033[I",
          "\033]10;rgb:0000/0000/0000\a", "\033]4;1;rgb:0/0/0\033\\", "\033P1$r0m\033\\", "\033x",
          "\033_ok\033\\"}) {
        expect_key(bytes, Key::Unknown);
    }
}

Test(keys, a_terminal_says_what_its_background_is) {
    expect_keys("\033]11;rgb:0000/0000/0000\a", {{Key::Background, "rgb:0000/0000/0000"}});
    expect_keys("a\033]11;rgb:ff/ff/ff\033\\",
                {{Key::Text, "a"}, {Key::Background, "rgb:ff/ff/ff"}});
    for (const char* light : {"rgb:ffff/ffff/ffff", "rgb:f/f/f", "rgb:fdfd/f6f6/e3e3"}) {
        EXPECT_TRUE(chatd::is_light(light));
    }
    for (const char* dark : {"rgb:0000/0000/0000", "rgb:00/2b/36", "", "rgb:", "rgb:ffff/ffff",
                             "rgb:fffff/fffff/fffff", "rgb:ff/ff/gg", "#ffffff"}) {
        EXPECT_FALSE(chatd::is_light(dark));
    }
}

Test(keys, a_paste_whose_end_is_lost_can_be_dropped) {
    KeyReader reader;
    reader.add("\033[200~lost\n");
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_TRUE(reader.is_in_paste());
    reader.drop_paste();
    reader.add("z");
    EXPECT_TRUE(reader.next() == (KeyPress{Key::Text, "z"}));
}

Test(keys, what_breaks_a_sequence_off_is_a_key_itself) {
    expect_keys("\033[1;\r", {{Key::Unknown}, {Key::Enter}});
    expect_keys("\033[1\033[A", {{Key::Unknown}, {Key::Up}});
    expect_keys("\033[你", {{Key::Unknown}, {Key::Text, "你"}});
    expect_keys("\033O\x03", {{Key::Unknown}, {Key::Interrupt}});
    expect_keys("\033]0;x\x03", {{Key::Unknown}, {Key::Interrupt}});
}

Test(keys, a_sequence_without_an_end_is_given_up) {
    const std::string endless = "\033[" + std::string(2 * chatd::kSequenceBytesMax, '1');
    const Keys keys = keys_of(endless);
    ASSERT_EQ(keys.size(), 2);
    EXPECT_EQ(keys[0].key, Key::Unknown);
    EXPECT_EQ(keys[1].text.size(), endless.size() - chatd::kSequenceBytesMax);
    EXPECT_TRUE(keys_byte_by_byte(endless) == keys);
}

// --- Escape

Test(keys, a_lone_ESC_is_Escape_after_a_moment) {
    KeyReader reader;
    EXPECT_FALSE(reader.is_waiting());
    reader.add("\033");
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_TRUE(reader.is_waiting());
    reader.give_up_waiting();
    EXPECT_TRUE(reader.next() == KeyPress{Key::Escape});
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_FALSE(reader.is_waiting());
    reader.add("[A");
    EXPECT_TRUE(reader.next() == (KeyPress{Key::Text, "[A"}));
}

Test(keys, a_sequence_that_goes_on_in_time_is_whole) {
    KeyReader reader;
    reader.add("\033[1;");
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_TRUE(reader.is_waiting());
    reader.add("5D");
    EXPECT_TRUE(reader.next() == KeyPress{Key::WordLeft});
}

Test(keys, a_part_of_a_sequence_is_unknown_after_a_moment) {
    expect_keys("\033[", {{Key::Unknown}});
    expect_keys("\033O", {{Key::Unknown}});
    expect_keys("\033]", {{Key::Unknown}});
    expect_keys("\033[1;5", {{Key::Unknown}});
}

Test(keys, Escape_with_another_key_behind_it_is_both) {
    expect_keys("\033\r", {{Key::Escape}, {Key::Enter}});
    expect_keys("\033\x03", {{Key::Escape}, {Key::Interrupt}});
    expect_keys("\033ü", {{Key::Escape}, {Key::Text, "ü"}});
    expect_keys("\033\033", {{Key::Escape}, {Key::Escape}});
    expect_keys("\033\033\033", {{Key::Escape}, {Key::Escape}, {Key::Escape}});
}

// --- Paste

Test(keys, what_stands_between_the_brackets_is_pasted) {
    expect_keys("\033[200~hello\033[201~", {{Key::Paste, "hello"}});
    expect_keys("a\033[200~\033[201~b", {{Key::Text, "a"}, {Key::Paste, ""}, {Key::Text, "b"}});
    expect_keys("\033[200~\x03\033[A\xFF\t\033[20\033[201~\r",
                {{Key::Paste, "\x03\033[A\xFF\t\033[20"}, {Key::Enter}});
}

Test(keys, a_pasted_line_ends_with_LF) {
    expect_keys("\033[200~a\rb\r\nc\n\r\rd\r\033[201~", {{Key::Paste, "a\nb\nc\n\n\nd\n"}});
    expect_keys("\033[200~a\r\033[201~\033[200~\nb\033[201~",
                {{Key::Paste, "a\n"}, {Key::Paste, "\nb"}});
}

Test(keys, a_paste_may_take_its_time) {
    KeyReader reader;
    reader.add("\033[200~hel\033[201");
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_FALSE(reader.is_waiting());
    reader.give_up_waiting();
    EXPECT_FALSE(reader.next().has_value());
    reader.add("~");
    EXPECT_TRUE(reader.next() == (KeyPress{Key::Paste, "hel"}));
}

Test(keys, of_a_paste_that_is_too_long_one_byte_too_many_is_kept) {
    const std::string longest(chatd::kPasteBytesMax, 'x');
    expect_keys("\033[200~" + longest + "\033[201~", {{Key::Paste, longest}});
    const Keys keys = keys_of("\033[200~" + longest + "yz\033[201~\r");
    ASSERT_EQ(keys.size(), 2);
    EXPECT_EQ(keys[0].text.size(), chatd::kPasteBytesMax + 1);
    EXPECT_EQ(keys[1].key, Key::Enter);
}
