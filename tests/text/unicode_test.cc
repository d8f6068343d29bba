// Specification of text/unicode: the properties by which names and chat text are judged.

#include "text/unicode.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "support/expect.h"
#include "support/where.h"

using chatd::append_prototype;
using chatd::fold_case;
using chatd::is_combining_mark;
using chatd::is_default_ignorable;
using chatd::is_digit;
using chatd::is_enclosing_mark;
using chatd::is_letter;
using chatd::is_space;
using chatd::is_space_like;
using chatd::is_wide;
using chatd::is_zero_width;

namespace {

using Property = bool (*)(char32_t);

constexpr char32_t kBeyondUnicode = 0x120000;

void expect_each(Property property, std::u32string_view codes, bool expected,
                 chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    for (const char32_t code : codes) {
        cr_expect(property(code) == expected, "U+%04X", static_cast<unsigned>(code));
    }
}

void expect_all(Property property, std::u32string_view codes,
                chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    expect_each(property, codes, true);
}

void expect_none(Property property, std::u32string_view codes,
                 chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    expect_each(property, codes, false);
}

// Counts the code points that have the property. Numbers beyond the last code point are asked too.
std::size_t count_codes(Property property) {
    std::size_t count = 0;
    for (char32_t code = 0; code < kBeyondUnicode; ++code) count += property(code) ? 1 : 0;
    return count;
}

std::u32string prototype(char32_t code) {
    std::u32string text;
    append_prototype(text, code);
    return text;
}

bool is_letter_or_digit(char32_t code) {
    return is_letter(code) || is_digit(code);
}

bool may_stand_in_a_name(char32_t code) {
    return chatd::systems_of(code) != 0;
}

bool changes_case(char32_t code) {
    return fold_case(code) != code;
}

}  // namespace

TestSuite(unicode, .timeout = 20);

Test(unicode, letters_of_all_scripts_are_letters) {
    expect_all(is_letter, U"aZµßéŁжЯλΩאبकกあア한中龍𠀀ꮿǅʰ");
}

Test(unicode, large_blocks_that_the_data_abbreviates_are_letters_to_both_ends) {
    expect_all(is_letter, U"\u3400\u4000\u4DBF");              // CJK extension A
    expect_all(is_letter, U"\u4E00\u8000\u9FFF");              // CJK
    expect_all(is_letter, U"\uAC00\uC000\uD7A3");              // Hangul
    expect_all(is_letter, U"\U00017000\U00018000\U000187F7");  // Tangut
    expect_all(is_letter, U"\U00020000\U00021000\U0002A6DF");  // CJK extension B
    expect_all(is_letter, U"\U00031350\U00032000\U000323AF");  // CJK extension H
    expect_none(is_letter, U"\uD7A4\U000187F8\U0002A6E0\U000323B0");
}

Test(unicode, digits_of_all_scripts_are_digits_and_no_letters) {
    constexpr std::u32string_view kDigits = U"09٠۹०๙０９𝟘";
    expect_all(is_digit, kDigits);
    expect_all(is_letter_or_digit, kDigits);
    expect_none(is_letter, kDigits);
}

Test(unicode, numbers_that_are_no_decimal_digits_are_neither) {
    expect_none(is_letter_or_digit, U"²½ⅷ①〇");
}

Test(unicode, ASCII_has_52_letters_10_digits_and_one_space) {
    for (char32_t code = 0; code < 0x80; ++code) {
        const bool letter = (code >= U'A' && code <= U'Z') || (code >= U'a' && code <= U'z');
        const bool digit = code >= U'0' && code <= U'9';
        EXPECT_EQ(is_letter(code), letter);
        EXPECT_EQ(is_digit(code), digit);
        EXPECT_EQ(is_letter_or_digit(code), letter || digit);
        EXPECT_EQ(is_space(code), code == U' ');
        EXPECT_FALSE(is_combining_mark(code));
        EXPECT_FALSE(is_default_ignorable(code));
    }
}

Test(unicode, a_filler_is_a_letter_to_the_database_but_not_to_chatd) {
    constexpr std::u32string_view kFillers = U"\u115F\u1160\u3164\uFFA0";
    expect_none(is_letter, kFillers);
    expect_all(is_default_ignorable, kFillers);
}

Test(unicode, accents_vowel_signs_and_tones_are_combining_marks) {
    constexpr std::u32string_view kMarks = U"\u0301\u0345\u0591\u064B\u093F\u094D\u0E31\u0E48";
    expect_all(is_combining_mark, kMarks);
    expect_none(is_letter_or_digit, kMarks);
}

Test(unicode, invisible_and_enclosing_marks_are_no_combining_marks) {
    expect_none(is_combining_mark, U"\u034F\u17B4\u180B\uFE00\uFE0F\U000E0100\u20DD\u20E3");
}

Test(unicode, spaces_are_the_nineteen_of_the_database) {
    expect_all(is_space,
               U"\u0020\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
               U"\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000");
    EXPECT_EQ(count_codes(is_space), 19);
}

Test(unicode, what_is_drawn_as_an_empty_place_is_like_a_space) {
    expect_all(is_space_like, U" \t\u00A0\u2003\u3000\u200B\u2800\u3164\uFFA0\U00013442");
    expect_none(is_space_like, U"a_\u200C\u200D\u2060\uFE0F\uFFFD");
    EXPECT_EQ(count_codes(is_space_like), 19 + 7);
}

Test(unicode, invisible_characters_are_default_ignorable) {
    expect_all(is_default_ignorable, U"\u00AD\u061C\u200B\u200C\u200D\u200E\u202E\u2060\u2069");
    expect_all(is_default_ignorable, U"\uFE0F\uFEFF\U000E0001\U000E0041\U000E0FFF");
    expect_none(is_default_ignorable, U"\u0600");  // the Arabic number sign is a visible format
}

// The counts are those that DerivedGeneralCategory.txt and DerivedCoreProperties.txt state.
Test(unicode, the_tables_hold_as_many_characters_as_Unicode_15_0_has) {
    constexpr std::size_t kLu = 1831, kLl = 2233, kLt = 31, kLm = 397, kLo = 131612;
    constexpr std::size_t kFillers = 4;
    EXPECT_EQ(count_codes(is_letter), kLu + kLl + kLt + kLm + kLo - kFillers);
    EXPECT_EQ(count_codes(is_digit), 680);

    constexpr std::size_t kMn = 1985, kMc = 452;
    constexpr std::size_t kIgnorable = 1 + 2 + 4 + 16 + 240;  // U+034F, Khmer, the selectors
    EXPECT_EQ(count_codes(is_combining_mark), kMn + kMc - kIgnorable);
    EXPECT_EQ(count_codes(is_default_ignorable), 4174);
    EXPECT_EQ(count_codes(is_enclosing_mark), 13);
}

// The counts are those that DerivedEastAsianWidth.txt, HangulSyllableType.txt and the files above
// state.
Test(unicode, the_tables_of_widths_hold_as_many_characters_as_Unicode_15_0_has) {
    constexpr std::size_t kWide = 182'412, kFullWidth = 104;
    constexpr std::size_t kWideMarks = 7;  // Chinese tones, Japanese voice marks, a Khitan filler
    EXPECT_EQ(count_codes(is_wide), kWide + kFullWidth - kWideMarks);

    constexpr std::size_t kMn = 1985, kMe = 13, kIgnorable = 4174;
    constexpr std::size_t kIgnorableMarks = 1 + 2 + 4 + 16 + 240;
    constexpr std::size_t kVowels = 95, kTails = 137;
    constexpr std::size_t kDrawn = 4;         // the soft hyphen, three fillers
    constexpr std::size_t kVowelFillers = 1;  // ignorable, and counted as a vowel too
    EXPECT_EQ(count_codes(is_zero_width),
              kMn + kMe + kIgnorable - kIgnorableMarks + kVowels + kTails - kDrawn - kVowelFillers);
}

Test(unicode, no_character_is_wide_and_of_no_width) {
    EXPECT_EQ(count_codes([](char32_t code) { return is_wide(code) && is_zero_width(code); }), 0);
}

Test(unicode, no_character_is_two_things) {
    constexpr Property kProperties[] = {is_letter,         is_digit, is_combining_mark,
                                        is_enclosing_mark, is_space, is_default_ignorable};
    for (char32_t code = 0; code < kBeyondUnicode; ++code) {
        int things = 0;
        for (const Property property : kProperties) things += property(code) ? 1 : 0;
        if (things > 1) cr_expect(false, "U+%04X", static_cast<unsigned>(code));
    }
}

Test(unicode, surrogates_noncharacters_and_what_is_beyond_have_no_property) {
    const std::u32string nothing{0xD800, 0xDFFF, 0xFDD0, 0xFFFF, 0x10FFFF, 0x110000, 0xFFFFFFFF};
    expect_none(is_letter_or_digit, nothing);
    expect_none(is_combining_mark, nothing);
    expect_none(is_space, nothing);
    expect_none(is_default_ignorable, nothing);
    expect_none(changes_case, nothing);
}

Test(unicode, capitals_fold_to_small_letters) {
    std::u32string letters = U"AZÀÞĀŁŸΑΩАЯЁԱႠḀẞΆⰀꙀＡ𐐀𞤀";
    for (char32_t& letter : letters) letter = fold_case(letter);
    EXPECT_EQ(letters, U"azàþāłÿαωаяёաⴀḁßάⰰꙁａ𐐨𞤢");
}

Test(unicode, variants_of_one_letter_fold_together) {
    EXPECT_EQ(fold_case(U'ς'), U'σ');
    EXPECT_EQ(fold_case(U'ſ'), U's');
    EXPECT_EQ(fold_case(U'\u212A'), U'k');       // Kelvin sign
    EXPECT_EQ(fold_case(U'\u212B'), U'\u00E5');  // Angstrom sign
    EXPECT_EQ(fold_case(U'\u00B5'), U'\u03BC');  // micro sign and mu
    EXPECT_EQ(fold_case(U'Ǆ'), U'ǆ');
    EXPECT_EQ(fold_case(U'ǅ'), U'ǆ');
    EXPECT_EQ(fold_case(U'\uAB70'), U'\u13A0');  // Cherokee folds to its capitals
}

Test(unicode, folding_depends_on_no_language_and_never_makes_two_of_one) {
    EXPECT_EQ(fold_case(U'I'), U'i');
    EXPECT_EQ(fold_case(U'ß'), U'ß');  // "ss" is full folding
    expect_none(changes_case, U"İı");  // only Turkic and full folding would
}

Test(unicode, where_the_cases_alternate_every_second_code_folds) {
    for (char32_t code = 0x0100; code < 0x0130; code += 2) {
        EXPECT_EQ(fold_case(code), code + 1);
        EXPECT_EQ(fold_case(code + 1), code + 1);
    }
}

Test(unicode, folding_changes_1454_codes) {
    EXPECT_EQ(count_codes(changes_case), 1454);  // the rows of CaseFolding.txt marked C or S
}

Test(unicode, folding_twice_changes_nothing_and_a_letter_stays_a_letter) {
    for (char32_t code = 0; code < kBeyondUnicode; ++code) {
        const char32_t folded = fold_case(code);
        const bool same_kind = is_letter(folded) || !is_letter(code);
        if (changes_case(folded) || !same_kind) {
            cr_expect(false, "U+%04X", static_cast<unsigned>(code));
        }
    }
}

// --- For names alone

Test(unicode, names_have_the_characters_that_UTS_39_recommends) {
    expect_all(may_stand_in_a_name,
               U"aZéßŁжЯλאبकกあア한中龍𠀀々ー09٠१_-.'·・Ａｱ１\u200C\u200D\u0301");
    expect_none(may_stand_in_a_name,
                U" :@/*\u00A0\u3000\u200B\u1100\u11A8\u3131😀①ªﬁ𝐚ᚠ\U00013442：");
}

// The bits are those of scripts/unicode-tables; only what they have in common matters.
Test(unicode, Latin_is_written_with_Chinese_Japanese_and_Korean) {
    const auto together = [](std::u32string_view codes) {
        std::uint32_t systems = chatd::kAllSystems;
        for (const char32_t code : codes) systems &= chatd::systems_of(code);
        return systems != 0;
    };
    for (const char32_t* codes : {U"aé", U"a中ㄅ", U"a中あア", U"a中한", U"я1_", U"س٣", U"क४"}) {
        EXPECT_TRUE(together(codes));
    }
    for (const char32_t* codes : {U"aя", U"aα", U"яα", U"aא", U"a٣", U"あ한", U"ㄅあ", U"中я"}) {
        EXPECT_FALSE(together(codes));
    }
}

Test(unicode, every_digit_has_the_zero_of_its_kind) {
    EXPECT_EQ(chatd::zero_of(U'7'), U'0');
    EXPECT_EQ(chatd::zero_of(U'\u0663'), U'\u0660');
    EXPECT_EQ(chatd::zero_of(U'\u06F3'), U'\u06F0');
    EXPECT_EQ(chatd::zero_of(U'\U0001D7D9'), U'\U0001D7D8');
    EXPECT_FALSE(chatd::is_digit(U'a'));
}

Test(unicode, letters_of_Arabic_join_as_ArabicShaping_says) {
    for (const char32_t code : std::u32string_view(U"بسی")) {
        EXPECT_TRUE(chatd::joins_next(code) && chatd::joins_previous(code));
    }
    for (const char32_t code : std::u32string_view(U"ادرو")) {
        EXPECT_TRUE(!chatd::joins_next(code) && chatd::joins_previous(code));
    }
    EXPECT_FALSE(chatd::joins_next(U'ء') || chatd::joins_previous(U'ء'));
    EXPECT_FALSE(chatd::joins_next(U'a') || chatd::joins_previous(U'a'));
    expect_all(chatd::is_virama, U"\u094D\u09CD\u0D4D\u0DCA\u17D2");
    expect_none(chatd::is_virama, U"a\u093F\u0301");
}

Test(unicode, every_syllable_of_Hangul_is_composed_of_its_parts) {
    for (char32_t syllable = 0xAC00; syllable <= 0xD7A3; ++syllable) {
        std::u32string parts;
        chatd::append_folding(parts, syllable);
        char32_t composed = parts[0];
        for (std::size_t at = 1; at < parts.size(); ++at) {
            EXPECT_TRUE(chatd::compose_syllable(composed, parts[at]));
        }
        EXPECT_EQ(composed, syllable);
    }
}

Test(unicode, what_is_no_part_of_a_syllable_composes_none) {
    constexpr struct {
        char32_t last;
        char32_t next;
    } kPairs[] = {{0x1100, 0x1100}, {0x1100, 0x11A8}, {0x1113, 0x1161}, {0x1100, 0x1176},
                  {0x10FF, 0x1161}, {0xAC00, 0x11A7}, {0xAC00, 0x11C3}, {0xAC01, 0x11A8},
                  {0xABE4, 0x11A8}, {0xD7A4, 0x11A8}, {U'a', 0x1161},   {0, 0}};
    for (const auto& [last, next] : kPairs) {
        char32_t code = last;
        EXPECT_FALSE(chatd::compose_syllable(code, next));
        EXPECT_EQ(code, last);
    }
}

Test(unicode, folding_for_names_is_full_and_decomposes) {
    const auto folding = [](char32_t code) {
        std::u32string text;
        chatd::append_folding(text, code);
        return text;
    };
    EXPECT_EQ(folding(U'A'), U"a");
    EXPECT_EQ(folding(U'É'), U"e\u0301");
    EXPECT_EQ(folding(U'ß'), U"ss");
    EXPECT_EQ(folding(U'ẞ'), U"ss");
    EXPECT_EQ(folding(U'İ'), U"i\u0307");
    EXPECT_EQ(folding(U'Ａ'), U"a");
    EXPECT_EQ(folding(U'ｱ'), U"ア");
    EXPECT_EQ(folding(U'\u2019'), U"'");
    EXPECT_EQ(folding(U'm'), U"m");
    EXPECT_EQ(folding(U'中'), U"中");
}

// --- Look-alikes

Test(unicode, the_prototype_of_a_letter_is_decomposed_and_folded) {
    EXPECT_EQ(prototype(U'a'), U"a");
    EXPECT_EQ(prototype(U'A'), U"a");
    EXPECT_EQ(prototype(U'\u0430'), U"a");  // Cyrillic
    EXPECT_EQ(prototype(U'\u0410'), U"a");  // and its capital
    EXPECT_EQ(prototype(U'Ａ'), U"a");
    EXPECT_EQ(prototype(U'\u01DE'), U"a\u0308\u0304");  // a capital with two marks
    EXPECT_EQ(prototype(U'm'), U"rn");
    EXPECT_EQ(prototype(U'\u039C'), U"rn");  // capital Mu
    EXPECT_EQ(prototype(U'0'), U"o");
    EXPECT_EQ(prototype(U'1'), U"l");
    EXPECT_EQ(prototype(U'한'), U"\u1112\u1161\u1102");  // the last letter looks like the first
    EXPECT_EQ(prototype(U'하'), U"\u1112\u1161");
    EXPECT_EQ(prototype(U'\u0416'), U"\u0436");  // what looks like nothing else
    EXPECT_EQ(prototype(U'中'), U"中");
}

Test(unicode, a_capital_I_of_any_script_is_left_to_the_caller) {
    for (const char32_t code : std::u32string_view(U"I\u0399\u0406Ｉ")) {
        EXPECT_EQ(prototype(code), U"I");
    }
    EXPECT_EQ(prototype(U'\u00CD'), U"I\u0301");
    for (const char32_t code : std::u32string_view(U"i\u03B9\u0456ｉ")) {
        EXPECT_EQ(prototype(code), U"i");
    }
    for (const char32_t code : std::u32string_view(U"lL1")) EXPECT_EQ(prototype(code), U"l");
}

Test(unicode, an_accent_stays_what_it_is) {
    EXPECT_EQ(prototype(U'\u0300'), U"\u0300");
    EXPECT_EQ(prototype(U'\u0301'), U"\u0301");
    EXPECT_EQ(prototype(U'\u0308'), U"\u0308");
}

Test(unicode, a_prototype_looks_like_itself_alone) {
    for (char32_t code = 0; code < kBeyondUnicode; ++code) {
        if (!may_stand_in_a_name(code)) continue;
        const std::u32string text = prototype(code);
        std::u32string again;
        for (const char32_t each : text) append_prototype(again, each);
        if (text.empty() || again != text) {
            cr_expect(false, "U+%04X", static_cast<unsigned>(code));
        }
    }
}
