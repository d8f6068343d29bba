// Specification of text/clean: what may stand in a chat line, and what cleaning does with the rest.

#include "text/clean.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bounds.h"
#include "support/escape.h"
#include "support/expect.h"
#include "support/random.h"
#include "support/where.h"
#include "text/unicode.h"
#include "text/utf8.h"

using chatd::append_utf8;
using chatd::clean_text;
using chatd::is_blank;
using chatd::is_clean_text;
using chatd::kTextMarksMax;
using chatd::trim;
using chatd::test::escaped;
using chatd::test::Random;

namespace {

void expect_cleaned(std::string_view line, std::string_view expected,
                    chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    const std::string clean = clean_text(line);
    cr_expect(clean == expected, "%s became %s", escaped(line).c_str(), escaped(clean).c_str());
}

void expect_kept(std::string_view line, chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    expect_cleaned(line, line);
    cr_expect(is_clean_text(line), "%s", escaped(line).c_str());
}

void expect_blank(std::string_view line, bool expected,
                  chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    cr_expect(is_blank(line) == expected, "%s", escaped(line).c_str());
}

std::string encode(char32_t code) {
    std::string text;
    append_utf8(text, code);
    return text;
}

// Returns true when no clean line may have this character. These are the rules once more, written
// in another way than in the code.
bool is_forbidden(char32_t code) {
    const bool control = code < 0x20 || (code >= 0x7F && code <= 0x9F);
    const bool separator = code == 0x2028 || code == 0x2029;
    const bool bidi = code == 0x061C || code == 0x200E || code == 0x200F ||
                      (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    const bool hidden = code == 0xFEFF || (code >= 0xFFF9 && code <= 0xFFFB) ||
                        (code >= 0xE0000 && code <= 0xE007F);
    const bool noncharacter = (code >= 0xFDD0 && code <= 0xFDEF) || code % 0x10000 >= 0xFFFE;
    return control || separator || bidi || hidden || noncharacter;
}

bool holds_nothing_forbidden(std::string_view text) {
    while (!text.empty()) {
        const chatd::Decoded next = chatd::decode_utf8(text);
        if (!next.valid || is_forbidden(next.code)) return false;
        text.remove_prefix(next.bytes);
    }
    return true;
}

bool is_mark(char32_t code) {
    return chatd::is_combining_mark(code) || chatd::is_enclosing_mark(code);
}

// The rules for marks once more: a character carries each mark, and none carries too many.
bool marks_fit(std::string_view text) {
    bool carried = false;
    std::size_t in_a_row = 0;
    while (!text.empty()) {
        const char32_t code = chatd::decode_utf8(text).code;
        text.remove_prefix(chatd::decode_utf8(text).bytes);
        if (is_mark(code)) {
            if (!carried || ++in_a_row > kTextMarksMax) return false;
        } else if (!chatd::is_default_ignorable(code)) {
            carried = code != ' ';
            in_a_row = 0;
        }
    }
    return true;
}

bool stays_clean_after_every_space(std::string_view text) {
    for (std::size_t at = text.find(' '); at != std::string_view::npos; at = text.find(' ', at)) {
        if (!is_clean_text(text.substr(++at))) return false;
    }
    return true;
}

// The promises that hold for any bytes. Millions of assertions would take minutes, so only a broken
// promise makes one.
void expect_promises(std::string_view line, chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    const std::string clean = clean_text(line);
    const bool kept = holds_nothing_forbidden(clean) && marks_fit(clean) && is_clean_text(clean) &&
                      clean_text(clean) == clean && is_clean_text(line) == (clean == line) &&
                      stays_clean_after_every_space(clean) && clean.size() <= 3 * line.size();
    if (!kept) cr_expect(false, "%s became %s", escaped(line).c_str(), escaped(clean).c_str());
}

// Everything that has a meaning to the cleaner, whole and in pieces.
constexpr std::string_view kPieces[] = {
    "\033",   "\033[",      "\033]",      "\033P",  "\033X",  "\033^",
    "\033_",  "\033\\",     "\a",         "\u009B", "\u009D", "\u0090",
    "\u009C", "\u0085",     "[",          "]",      "\\",     "0",
    ";",      "?",          " ",          "#",      "(",      "m",
    "B",      "~",          "\t",         "\r",     "\x7F",   "\x9B",
    "\x9C",   "\xC2",       "\xE4\xBD",   "\xA0",   "\xF0",   "\xFF",
    "é",      "你",         "😀",          "\u202E", "\u2066", "\u2028",
    "\uFEFF", "\uFFFA",     "\uFFFF",     "\uFFFD", "\u200D", "\u00AD",
    "\uFE0F", "\U000E0041", "\U0010FFFE", "\u0301", "\u20DD", "\u0301\u0302\u0303\u0304",
};

}  // namespace

TestSuite(clean, .timeout = 20);

// --- What is kept ---

Test(clean, printable_ASCII_is_kept) {
    std::string line;
    for (char byte = 0x20; byte < 0x7F; ++byte) line += byte;
    expect_kept(line);
    expect_kept("");
    expect_kept("  spaces at the ends are kept  ");
}

Test(clean, all_scripts_are_kept) {
    expect_kept("你好，世界　全角");
    expect_kept("مرحبا بالعالم");
    expect_kept("สวัสดีชาวโลก");
    expect_kept("नमस्ते दुनिया");
    expect_kept("Γειά σου Κόσμε");
    expect_kept("Привет, мир");
    expect_kept("e\u0301 stays decomposed");
}

Test(clean, joiners_that_scripts_need_are_kept) {
    expect_kept("می\u200Cخواهم");                // ZWNJ in Persian
    expect_kept("ක්\u200Dෂ");                     // ZWJ in Sinhala
    expect_kept("ภาษา\u200Bไทย");                // zero-width space between Thai words
    expect_kept("co\u00ADop\u00ADer\u00ADate");  // soft hyphens
    expect_kept("1\u00A0000\u202F000");          // spaces that do not break
}

Test(clean, emoji_sequences_are_kept) {
    expect_kept("👩\u200D👩\u200D👧\u200D👦");
    expect_kept("❤\uFE0F 1\uFE0F\u20E3 👍🏽 🇨🇳");
}

Test(clean, the_replacement_character_itself_is_kept) {
    expect_kept("\uFFFD");
}

// --- What is replaced ---

Test(clean, ill_formed_bytes_become_the_replacement_character) {
    expect_cleaned("\xFF", "\uFFFD");
    expect_cleaned("a\xE4\xBD", "a\uFFFD");
    expect_cleaned("\344\275a", "\uFFFDa");
    expect_cleaned("\xC0\xAF", "\uFFFD\uFFFD");
    expect_cleaned("\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD");
}

Test(clean, bytes_of_Latin_1_do_not_act_as_controls) {
    expect_cleaned("\23331m", "\uFFFD31m");
    expect_cleaned("\x85", "\uFFFD");
}

Test(clean, noncharacters_become_the_replacement_character) {
    expect_cleaned("\uFDD0\uFDEF", "\uFFFD\uFFFD");
    expect_cleaned("a\uFFFE\uFFFF", "a\uFFFD\uFFFD");
    expect_cleaned("\U0001FFFE\U0010FFFF", "\uFFFD\uFFFD");
    expect_kept("\uFDCF\uFDF0");
}

Test(clean, a_tab_becomes_one_space) {
    expect_cleaned("a\tb\t\tc", "a b  c");
}

Test(clean, line_and_paragraph_separators_become_a_space) {
    expect_cleaned("a\u2028b\u2029c", "a b c");
}

// --- What is dropped ---

Test(clean, every_other_C0_control_is_dropped) {
    for (char byte = 0; byte < 0x20; ++byte) {
        if (byte == '\t' || byte == 0x1B) continue;
        expect_cleaned(std::string("a") + byte + "b", "ab");
    }
    expect_cleaned("a\177b", "ab");
}

Test(clean, every_C1_control_that_introduces_nothing_is_dropped) {
    for (char32_t code = 0x80; code < 0xA0; ++code) {
        if (code == 0x8F || code == 0x9B) continue;  // would take the "b" for their letter
        expect_cleaned("a" + encode(code) + "b", "ab");
    }
}

Test(clean, bidi_controls_are_dropped) {
    expect_cleaned("a\u061C\u200E\u200Fb", "ab");
    expect_cleaned("\u202A\u202B\u202C\u202D\u202Eevil", "evil");
    expect_cleaned("\u2066\u2067\u2068\u2069evil", "evil");
}

Test(clean, marks_that_only_hide_are_dropped) {
    expect_cleaned("\uFEFFhello", "hello");
    expect_cleaned("a\uFFF9b\uFFFAc\uFFFB", "abc");
    expect_cleaned("hi\U000E0001\U000E0041\U000E007F", "hi");
}

// --- Escape sequences ---

Test(clean, an_escape_sequence_is_removed_whole) {
    expect_cleaned("\033[31mred\033[0m", "red");
    expect_cleaned("\033[2J\033[1;1Hgone", "gone");
    expect_cleaned("\033[?25lcursor", "cursor");
    expect_cleaned("\033[38:2::255:0:0mcolon", "colon");
    expect_cleaned("\033[4 qintermediate", "intermediate");
    expect_cleaned("a\033[mb\033[@c\033[~d", "abcd");
}

Test(clean, the_C1_form_of_a_control_sequence_is_removed_whole) {
    expect_cleaned("\u009B31mred\u009B0m", "red");
}

Test(clean, a_two_byte_escape_is_removed_whole) {
    expect_cleaned("\033creset", "reset");
    expect_cleaned("\0337saved\0338", "saved");
    expect_cleaned("\033Mup", "up");
    expect_cleaned("\033=keypad\033>", "keypad");
    expect_cleaned("\033\\stray terminator", "stray terminator");
}

Test(clean, the_keys_of_a_terminal_leave_no_letters) {
    expect_cleaned("\033OP\033OQ/msg bob psst", "/msg bob psst");    // F1, F2
    expect_cleaned("\033OA\033Oo\u008FP/msg", "/msg");               // up, and the keypad
    expect_cleaned("\033[[A\033[[E/msg bob psst", "/msg bob psst");  // F1, F5 of the Linux console
    expect_cleaned("\033O/msg bob psst", "/msg bob psst");
    expect_cleaned("\033[[/msg bob psst", "/msg bob psst");
    expect_cleaned("\033[[", "");
}

Test(clean, an_escape_with_intermediates_is_removed_whole) {
    expect_cleaned("\033(Bascii", "ascii");
    expect_cleaned("\033#8align", "align");
    expect_cleaned("\033$(Dkanji", "kanji");
    expect_cleaned("\033 F7-bit", "7-bit");
}

Test(clean, every_escape_of_ISO_2022_is_removed_whole) {
    constexpr std::string_view kIntroducers = "[]PX^_";
    for (char final_byte = 0x30; final_byte < 0x7F; ++final_byte) {
        if (kIntroducers.find(final_byte) == std::string_view::npos) {
            expect_cleaned(std::string("a\033") + final_byte + "…", "a…");
        }
        for (char intermediate = 0x20; intermediate < '/'; ++intermediate) {
            expect_cleaned(std::string("a\033") + intermediate + final_byte + "b", "ab");
        }
    }
}

// Otherwise a stray Esc before "/msg bob" would say "sg bob" to everybody.
Test(clean, a_slash_is_no_part_of_an_escape_sequence) {
    for (const char* stray : {"\033", "\033\033", "\033[", "\u009B", "\033]", "\033O"}) {
        expect_cleaned(std::string(stray) + "/msg bob psst", "/msg bob psst");
    }
    expect_cleaned("\033 /msg bob psst", " /msg bob psst");
}

Test(clean, a_control_string_is_removed_up_to_its_terminator) {
    expect_cleaned("\033]0;title\aafter", "after");
    expect_cleaned("\033]0;title\033\\after", "after");
    expect_cleaned("\033]0;title\u009Cafter", "after");
    expect_cleaned("\033]8;;http://evil/\033\\link\033]8;;\033\\", "link");
    for (const char* introducer : {"\033P", "\033X", "\033^", "\033_", "\033]", "\u0090", "\u0098",
                                   "\u009D", "\u009E", "\u009F"}) {
        expect_cleaned(std::string("a") + introducer + "secret 你\xFF\033\\b", "ab");
    }
}

Test(clean, a_control_string_ends_at_its_first_terminator) {
    expect_cleaned("\033]0;t\astays\a", "stays");
}

Test(clean, a_control_string_without_terminator_loses_only_its_introducer) {
    expect_cleaned("\033]0;title", "0;title");
    expect_cleaned("\u009D0;title", "0;title");
    expect_cleaned("a\033]b\033Pc\033_d", "abcd");
    expect_cleaned("\033]x\033", "x");
    expect_cleaned("\033]x\xC2", "x\uFFFD");
}

Test(clean, an_unfinished_sequence_loses_only_its_introducer) {
    expect_cleaned("\033[31", "31");
    expect_cleaned("\033[", "");
    expect_cleaned("\033[31你", "31你");
    expect_cleaned("\u009B31\xFF", "31\uFFFD");
    expect_cleaned("\033(", "(");
    expect_cleaned("\033", "");
    expect_cleaned("\033你", "你");
}

Test(clean, an_escape_begins_anew_inside_another) {
    expect_cleaned("\033\033[31mred", "red");
    expect_cleaned("\033[\033[31mred", "red");
    expect_cleaned("\033[3\033[31mred", "3red");
}

Test(clean, removing_a_sequence_never_makes_another_one) {
    expect_cleaned("\033\033[m[31m", "[31m");
    expect_cleaned("\033\u202E[31m", "[31m");
    expect_cleaned("\302\033[m\23331m", "\uFFFD\uFFFD31m");
    expect_cleaned("\xE4\033[m\xBD\xA0", "\uFFFD\uFFFD\uFFFD");
}

Test(clean, a_line_of_nothing_but_open_strings_takes_linear_time) {
    std::string line;
    for (int count = 0; count < 500000; ++count) line += "\033P";
    EXPECT_TRUE(clean_text(line).empty());
}

// --- Marks ---

Test(clean, as_many_marks_as_scripts_need_are_kept) {
    expect_kept("\u0F67\u0F90\u0FB5\u0FA8\u0FB3\u0FBA\u0FBC\u0FBB\u0F82");  // Tibetan, the tallest
    expect_kept("\u05E9\u05C1\u05BC\u05B8\u05BD\u0591\u05DC");  // Hebrew with all it can have
    expect_kept("မြို့");                                          // Burmese
    expect_kept("مُحَمَّد");
    expect_kept("ที่รัก");
    expect_kept("a\u0302\u0301\u0323\u0330e\u0301");
    expect_kept("\u25CC\u0301 is an accent, and so is \u00A0\u0301");
}

Test(clean, marks_beyond_eight_in_a_row_are_dropped) {
    const auto row = [](std::size_t count) {
        std::string marks;
        for (; count > 0; --count) marks += "\u0489";
        return marks;
    };
    EXPECT_EQ(kTextMarksMax, 8);
    expect_kept("e" + row(8));
    expect_cleaned("e" + row(9), "e" + row(8));
    expect_cleaned("e" + row(1000) + "f" + row(9), "e" + row(8) + "f" + row(8));
    expect_cleaned("你" + row(9) + "!", "你" + row(8) + "!");
}

Test(clean, characters_without_width_begin_no_new_row_of_marks) {
    const std::string four = "\u0301\u0302\u0303\u0304";
    for (const char* nothing : {"\u200D", "\u034F", "\uFE0F", "\u200B", "\u00AD"}) {
        const std::string row = "e" + four + nothing + four;
        expect_kept(row);
        expect_cleaned(row + nothing + "\u0301", row + nothing);
    }
    expect_cleaned("e" + four + "\033[m" + four + "\u202E" + four, "e" + four + four);
}

Test(clean, a_mark_that_nothing_carries_is_dropped) {
    expect_cleaned("\u0301", "");
    expect_cleaned("\u0301\u20DDhello", "hello");
    expect_cleaned("a \u0301b", "a b");
    expect_cleaned("a\t\u0301b", "a b");
    expect_cleaned("a\u2028\u0301b", "a b");
    expect_cleaned("\u200D\u0301a", "\u200Da");
    expect_cleaned("\033[m\u0301a", "a");
    expect_cleaned("\xFF\u0301", "\uFFFD\u0301");
}

Test(clean, a_line_of_nothing_but_marks_takes_linear_time) {
    std::string line = "a";
    for (int count = 0; count < 500000; ++count) line += "\u0301";
    EXPECT_EQ(clean_text(line).size(), 1 + 2 * kTextMarksMax);
}

// --- Promises for any bytes ---

Test(clean, the_promises_hold_for_every_byte_and_every_two_bytes) {
    expect_promises("");
    std::string line(2, '\0');
    for (unsigned value = 0; value < 0x10000; ++value) {
        line[0] = static_cast<char>(value >> 8);
        line[1] = static_cast<char>(value);
        expect_promises(line);
        expect_promises(std::string_view(line).substr(1));
    }
}

Test(clean, the_promises_hold_for_every_character) {
    for (char32_t code = 0; code <= 0x10FFFF; ++code) {
        const std::string line = encode(code);
        expect_promises(line);
        if (code >= 0xD800 && code <= 0xDFFF) continue;
        expect_promises("a" + line);
        if (is_clean_text("a" + line) == is_forbidden(code) ||
            is_clean_text(line) == (is_forbidden(code) || is_mark(code))) {
            cr_expect(false, "U+%04X", static_cast<unsigned>(code));
        }
    }
}

Test(clean, the_promises_hold_for_every_three_pieces_with_a_meaning) {
    for (const std::string_view first : kPieces) {
        for (const std::string_view second : kPieces) {
            for (const std::string_view third : kPieces) {
                std::string line(first);
                line += second;
                line += third;
                expect_promises(line);
            }
        }
    }
}

Test(clean, the_promises_hold_for_generated_lines_and_all_their_truncations) {
    Random random(20250101);
    for (int count = 0; count < 10000; ++count) {
        std::string line;
        for (std::size_t pieces = 1 + random.below(12); pieces > 0; --pieces) {
            line += random.pick(kPieces);
        }
        for (std::size_t bytes = 0; bytes <= line.size(); ++bytes) {
            expect_promises(std::string_view(line).substr(0, bytes));
        }
    }
}

Test(clean, the_promises_hold_for_random_bytes) {
    Random random(20250102);
    for (int count = 0; count < 100000; ++count) {
        expect_promises(random.bytes(random.below(24)));
    }
}

// --- Blank lines and trimming ---

Test(clean, a_line_of_spaces_and_shapeless_characters_is_blank) {
    for (const char* line :
         {"", " ", "   ", "\t", "\u00A0", "\u3000", "\u2003\u202F", "\u200B", "\u200D\u200C",
          "\u2060", "\u00AD", "\uFE0F", "\u3164", "\u115F", "\u2800", " \u00A0\u3164\u200B "}) {
        expect_blank(line, true);
    }
}

Test(clean, a_line_with_anything_to_see_is_not_blank) {
    for (const char* line : {"a", " . ", "\u3000你", "👍", "\uFFFD", "\xFF", "\u200B\u0301"}) {
        expect_blank(line, false);
    }
}

Test(clean, trimming_takes_spaces_of_all_kinds_from_both_ends) {
    for (const char* space :
         {" ", "\t", "\u00A0", "\u3000", "\u2003", "\u200B", "\u2800", "\u3164"}) {
        const std::string one(space);
        EXPECT_EQ(trim(one + "a b" + one), "a b");
        EXPECT_EQ(trim(one + one + " 你" + one + " " + one), "你");
        EXPECT_EQ(trim("a" + one + "b"), "a" + one + "b");
        EXPECT_EQ(trim(one + one), "");
    }
    EXPECT_EQ(trim("\t \t"), "");
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(trim("a"), "a");
    EXPECT_EQ(trim("a\n"), "a\n");
}

Test(clean, trimming_takes_shapeless_characters_from_the_front_and_leaves_an_emoji_whole) {
    EXPECT_EQ(trim("\u200D\u2060 \uFE0Fa"), "a");
    EXPECT_EQ(trim("\u3000\u0301a\u0301"), "a\u0301");
    EXPECT_EQ(trim(" \u2764\uFE0F "), "\u2764\uFE0F");
}

Test(clean, trimming_takes_any_bytes) {
    for (const char* bytes : {"\x80", "a\x80\x80\x80\x80\x80", "\xE3\x80", "\xFF\xBF", "a\xC2"}) {
        EXPECT_EQ(trim(bytes), bytes);
        EXPECT_EQ(trim(std::string(bytes) + " "), bytes);
    }
    EXPECT_EQ(trim("\x80\u3000"), "\x80");
}
