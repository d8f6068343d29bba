// Specification of text/width: how many columns a terminal gives to a text.
#include "text/width.h"

#include <criterion/criterion.h>

#include <string>
#include <string_view>

#include "support/expect.h"

using chatd::columns_of;
using chatd::wrapped;

TestSuite(width, .timeout = 20);

Test(width, a_letter_takes_one_column) {
    EXPECT_EQ(columns_of(""), 0);
    EXPECT_EQ(columns_of("alice"), 5);
    EXPECT_EQ(columns_of("Ünïcödé жук אבג ไทย"), 19);
}

Test(width, a_character_of_China_Japan_or_Korea_takes_two) {
    EXPECT_EQ(columns_of("小明"), 4);
    EXPECT_EQ(columns_of("かな、カナ。"), 12);
    EXPECT_EQ(columns_of("한국"), 4);
    EXPECT_EQ(columns_of("\U00020000"), 2);
    EXPECT_EQ(columns_of("ＡＢＣ：（）"), 12);
    EXPECT_EQ(columns_of("ｶﾅ"), 2);  // half width
}

Test(width, a_mark_is_drawn_over_what_stands_before_it) {
    EXPECT_EQ(columns_of("e\u0301"), 1);
    EXPECT_EQ(columns_of("か\u3099"), 2);  // a wide mark, to East_Asian_Width
    EXPECT_EQ(columns_of("ก\u0E34\u0E48"), 1);
    EXPECT_EQ(columns_of("1\u20DD"), 1);
}

Test(width, a_vowel_sign_beside_its_letter_takes_a_column) {
    EXPECT_EQ(columns_of("क\u093F"), 2);
    EXPECT_EQ(columns_of("க\u0BBE"), 2);
}

Test(width, a_Hangul_syllable_in_letters_is_as_wide_as_in_one_piece) {
    EXPECT_EQ(columns_of("\u1112\u1161\u11AB"), columns_of("한"));
}

Test(width, what_is_not_drawn_takes_none) {
    EXPECT_EQ(columns_of("a\u200B\u200C\u200D\u2060\uFE0F\uFEFF\U000E0100z"), 2);
}

Test(width, fillers_and_the_soft_hyphen_are_drawn) {
    EXPECT_EQ(columns_of("\u115F"), 2);
    EXPECT_EQ(columns_of("\u3164"), 2);
    EXPECT_EQ(columns_of("\uFFA0"), 1);
    EXPECT_EQ(columns_of("\u00AD"), 1);
}

Test(width, what_may_be_wide_in_some_fonts_takes_one) {
    EXPECT_EQ(columns_of("·…—“”①"), 6);
}

Test(width, an_emoji_counts_by_its_parts) {
    EXPECT_EQ(columns_of("😀"), 2);
    EXPECT_EQ(columns_of("👍🏽"), 4);
    EXPECT_EQ(columns_of("👨\u200D👩\u200D👧"), 6);
    EXPECT_EQ(columns_of("🇨🇳"), 2);
    EXPECT_EQ(columns_of("❤\uFE0F"), 1);
}

Test(width, an_ill_formed_byte_is_a_replacement_character) {
    EXPECT_EQ(columns_of("\xFF"), columns_of("\uFFFD"));
    EXPECT_EQ(columns_of("a\xE4\xBDz\x80"), 4);
}

// So the widths of two texts side by side may be added.
Test(width, the_parts_of_a_text_are_together_as_wide_as_the_text) {
    const std::string text = "e\u0301小か\u3099😀\xFF한x";
    for (std::size_t at = 0; at <= text.size(); ++at) {
        if (at < text.size() && (text[at] & 0xC0) == 0x80) continue;
        const std::string_view whole = text;
        EXPECT_EQ(columns_of(whole.substr(0, at)) + columns_of(whole.substr(at)), columns_of(text));
    }
}

// --- Lines ---

Test(width, a_text_that_fits_stays_as_it_is) {
    for (const char* text : {"", "a", "  two  words ", "one\ntwo\n", "\n\n", "小明 你好"}) {
        EXPECT_EQ(wrapped(text, 20), text);
    }
    EXPECT_EQ(wrapped("12345 789", 9), "12345 789");
}

Test(width, a_text_is_cut_at_spaces) {
    EXPECT_EQ(wrapped("one two three", 8), "one two\nthree");
    EXPECT_EQ(wrapped("one two  three", 7), "one two\nthree");
    EXPECT_EQ(wrapped("one\ntwo three", 8), "one\ntwo\nthree");
    EXPECT_EQ(wrapped("e\u0301e\u0301 e\u0301 a", 4), "e\u0301e\u0301 e\u0301\na");
}

Test(width, a_text_is_cut_between_a_wide_character_and_a_narrow_one) {
    EXPECT_EQ(wrapped("有 3 人：alice、bob", 16), "有 3 人：alice、\nbob");
    EXPECT_EQ(wrapped("名字小明a", 8), "名字小明\na");
    EXPECT_EQ(wrapped("か\u3099か\u3099a", 4), "か\u3099か\u3099\na");
}

Test(width, a_word_that_is_too_long_has_a_line_of_its_own) {
    EXPECT_EQ(wrapped("a 123456789 b", 5), "a\n123456789\nb");
    EXPECT_EQ(wrapped("123456789", 5), "123456789");
}
