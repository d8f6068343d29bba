// Specification of core/name: who may be called what.

#include "core/name.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "bounds.h"
#include "core/unicode.h"
#include "core/utf8.h"
#include "support/escape.h"
#include "support/expect.h"

using chatd::check_name;
using chatd::fold_name;
using chatd::kNameBytesMax;
using chatd::kNameCharactersMax;
using chatd::NameFault;
using chatd::test::escaped;

namespace {

void expect_fault(std::string_view name, NameFault expected) {
    const NameFault fault = check_name(name);
    cr_expect(fault == expected, "%s: fault %d, not %d", escaped(name).c_str(),
              static_cast<int>(fault), static_cast<int>(expected));
}

void expect_good(std::string_view name) {
    expect_fault(name, NameFault::None);
}

void expect_bad_character(std::string_view name) {
    expect_fault(name, NameFault::BadCharacter);
}

std::string repeat(std::string_view text, std::size_t times) {
    std::string all;
    for (; times > 0; --times) all += text;
    return all;
}

std::string encode(char32_t code) {
    std::string text;
    chatd::append_utf8(text, code);
    return text;
}

}  // namespace

TestSuite(name, .timeout = 20);

Test(name, letters_digits_and_some_punctuation_make_a_name) {
    for (const char* name :
         {"a", "Z", "7", "alice", "Bob_42", "jean-luc", "r2.d2", "_x_", "-.-a"}) {
        expect_good(name);
    }
}

Test(name, names_of_all_scripts_are_good) {
    expect_good("龍馬");        // Chinese
    expect_good("サクラ");      // Japanese
    expect_good("김철수");      // Korean
    expect_good("محمد");        // Arabic
    expect_good("مُحَمَّد");        // Arabic with vowel marks, two on one letter
    expect_good("สมชาย");       // Thai
    expect_good("ที่รัก");         // Thai with a vowel and a tone on one letter
    expect_good("हिन्दी");       // Devanagari
    expect_good("Αλέξανδρος");  // Greek
    expect_good("Юрий");        // Cyrillic
    expect_good("Łukasz");
    expect_good("Nguye\u0302\u0303n");  // Vietnamese, decomposed
    expect_good("٠١٢");                 // Arabic digits
    expect_good("𠮷野");                // beyond the first plane
}

Test(name, the_empty_name_is_empty) {
    expect_fault("", NameFault::Empty);
}

Test(name, the_length_is_counted_in_characters) {
    for (const char* letter : {"a", "é", "你", "𠀀"}) {
        expect_good(repeat(letter, 1));
        expect_good(repeat(letter, kNameCharactersMax));
        expect_fault(repeat(letter, kNameCharactersMax + 1), NameFault::TooLong);
    }
    expect_fault(repeat("a", kNameBytesMax + 1), NameFault::TooLong);
    expect_fault(repeat("a", 1000000), NameFault::TooLong);
}

Test(name, a_mark_counts_as_a_character) {
    expect_good(repeat("e\u0301", kNameCharactersMax / 2));
    expect_fault(repeat("e\u0301", kNameCharactersMax / 2) + "e", NameFault::TooLong);
}

Test(name, too_long_is_said_before_bad_character) {
    expect_fault(repeat(" ", kNameCharactersMax + 1), NameFault::TooLong);
    expect_fault(repeat("\xFF", kNameCharactersMax + 1), NameFault::TooLong);
}

Test(name, all_other_ASCII_is_refused) {
    constexpr std::u32string_view kPunctuation = U"_-.";
    for (char32_t code = 0; code < 0x80; ++code) {
        const bool good =
            chatd::is_letter_or_digit(code) || kPunctuation.find(code) != std::u32string_view::npos;
        expect_fault("a" + encode(code) + "b", good ? NameFault::None : NameFault::BadCharacter);
    }
}

Test(name, what_cannot_be_seen_is_refused) {
    for (const char32_t code :
         {0x00A0, 0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x180E, 0x2000,  0x200B,
          0x200C, 0x200D, 0x200E, 0x200F, 0x2028, 0x202A, 0x202E, 0x2060,  0x2066,
          0x2069, 0x2800, 0x3000, 0x3164, 0xFE0F, 0xFEFF, 0xFFA0, 0xE0041, 0xE0100}) {
        expect_bad_character("a" + encode(code) + "b");
        expect_bad_character(encode(code));
    }
}

Test(name, emoji_symbols_and_private_characters_are_refused) {
    for (const char* text : {"😀", "❤", "©", "€", "×", "①", "½", "、", "·", "\uE000", "\uFFFD",
                             "\uFFFF", "\U0010FFFF", "１\u20E3"}) {
        expect_bad_character(std::string("a") + text);
    }
}

Test(name, a_mark_stands_only_after_a_letter_or_a_mark) {
    expect_good("e\u0301");
    expect_bad_character("\u0301");
    expect_bad_character("\u0301e");
    expect_bad_character("1\u0301");
    expect_bad_character("a_\u0301");
}

Test(name, at_most_four_marks_stand_in_a_row) {
    expect_good("e\u0302\u0301");
    expect_good("မြို့");  // Burmese, four on one letter
    expect_bad_character("e\u0302\u0301\u0323\u0301\u0302");
    expect_good("e\u0302\u0301\u0323\u0301e\u0302\u0301");
    expect_bad_character("ae\u0301-\u0301");
}

Test(name, punctuation_alone_is_no_name) {
    for (const char* name : {"_", "-", ".", "..", "-_-", "._."}) expect_bad_character(name);
}

Test(name, ill_formed_bytes_are_refused) {
    for (const char* bytes : {"\xFF", "\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
        expect_bad_character(bytes);
        expect_bad_character(std::string("a") + bytes + "b");
    }
}

Test(name, every_truncation_of_a_character_is_refused) {
    for (const std::string_view letter : {"é", "你", "𠀀"}) {
        for (std::size_t bytes = 1; bytes < letter.size(); ++bytes) {
            expect_bad_character(std::string("a").append(letter.substr(0, bytes)));
        }
    }
}

Test(name, names_that_differ_in_case_alone_are_the_same) {
    EXPECT_EQ(fold_name("Alice"), "alice");
    EXPECT_EQ(fold_name("ALICE"), fold_name("alice"));
    EXPECT_EQ(fold_name("ЮРИЙ"), fold_name("юрий"));
    EXPECT_EQ(fold_name("ΟΔΥΣΣΕΥΣ"), fold_name("Οδυσσευς"));  // both forms of the small sigma
    EXPECT_EQ(fold_name("ＡＢＣ"), fold_name("ａｂｃ"));
}

Test(name, names_without_case_are_their_own_key) {
    for (const char* name : {"", "r2-d2_.", "龍馬", "محمد", "สมชาย", "हिन्दी", "김철수"}) {
        EXPECT_EQ(fold_name(name), name);
    }
}

Test(name, other_differences_make_other_names) {
    EXPECT_NE(fold_name("alice"), fold_name("a1ice"));
    EXPECT_NE(fold_name("alice"), fold_name("alice_"));
    EXPECT_NE(fold_name("\u00E9"), fold_name("e\u0301"));  // nothing is normalized
    EXPECT_NE(fold_name("a"), fold_name("\u0430"));        // nor are look-alikes
}

Test(name, the_key_of_a_good_name_is_a_good_name_of_as_many_characters) {
    std::size_t wrong = 0;
    for (char32_t code = 0; code <= 0x10FFFF; ++code) {
        const std::string name = "a" + encode(code);
        if (check_name(name) != NameFault::None) continue;
        const std::string key = fold_name(name);
        const bool kept = check_name(key) == NameFault::None && chatd::count_utf8(key) == 2 &&
                          fold_name(key) == key;
        wrong += kept ? 0 : 1;
    }
    EXPECT_EQ(wrong, 0);
}
