// Specification of text/name: which names are good, and which look alike.

#include "text/name.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "support/escape.h"
#include "support/expect.h"
#include "support/where.h"
#include "text/unicode.h"
#include "text/utf8.h"

using chatd::check_name;
using chatd::fold_name;
using chatd::kNameBytesMax;
using chatd::kNameCharactersMax;
using chatd::NameFault;
using chatd::skeletons_of;
using chatd::test::escaped;

namespace {

void expect_fault(std::string_view name, NameFault expected,
                  chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    const NameFault fault = check_name(name);
    cr_expect(fault == expected, "%s: fault %d, not %d", escaped(name).c_str(),
              static_cast<int>(fault), static_cast<int>(expected));
}

void expect_good(std::string_view name, chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    expect_fault(name, NameFault::None);
}

void expect_bad_character(std::string_view name,
                          chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
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

bool look_alike(std::string_view one, std::string_view other) {
    return std::ranges::any_of(skeletons_of(one), [&](const std::string& skeleton) {
        return std::ranges::count(skeletons_of(other), skeleton) != 0;
    });
}

// Two names that may be taken to look alike, in either order.
struct Pair {
    const char* one;
    const char* other;
};

void expect_alike(const Pair& pair, bool alike,
                  chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    for (const char* name : {pair.one, pair.other}) expect_good(name);
    cr_expect(look_alike(pair.one, pair.other) == alike, "%s and %s", escaped(pair.one).c_str(),
              escaped(pair.other).c_str());
    cr_expect(look_alike(pair.other, pair.one) == alike, "%s and %s", escaped(pair.other).c_str(),
              escaped(pair.one).c_str());
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
        const bool good = chatd::is_letter(code) || chatd::is_digit(code) ||
                          kPunctuation.find(code) != std::u32string_view::npos;
        expect_fault("a" + encode(code) + "b", good ? NameFault::None : NameFault::BadCharacter);
    }
}

Test(name, invisible_characters_are_refused) {
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
    EXPECT_NE(fold_name("a"), fold_name("\u0430"));        // look-alikes are not the same
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

// --- Look-alikes

Test(name, letters_of_another_script_look_alike) {
    constexpr Pair kPairs[] = {
        {"alice", "\u0430lice"},                      // Cyrillic a
        {"alice", "\u0251lice"},                      // the Latin alpha of phoneticians
        {"PAUL", "\u0420\u0410UL"},                   // Cyrillic er and a
        {"paul", "\u0420\u0410UL"},                   // the same in capitals
        {"Paul", "\u0440\u0430ul"},                   // and in small letters
        {"alice", "\u0410LICE"},                      // capitals, with an i among them
        {"alice", "\u0391L\u0399C\u0395"},            // Greek capitals
        {"max", "\u039CAX"},                          // a capital Mu, where the small m is r and n
        {"nora", "\u039DORA"},                        // a capital Nu, not its small one
        {"bob", "b\u03BFb"},                          // Greek omicron
        {"bob", "b\u0585b"},                          // Armenian o
        {"scope", "\u0455\u0441\u043E\u0440\u0435"},  // Cyrillic throughout
        {"\u0421\u0410\u0428\u0410", "CA\u0428A"},    // the other way round
        {"\u30ED\u30ED", "\u53E3\u53E3"},             // Katakana ro and the Chinese mouth
    };
    for (const Pair& pair : kPairs) expect_alike(pair, true);
}

Test(name, other_forms_of_the_same_letters_look_alike) {
    constexpr Pair kPairs[] = {
        {"alice", "alice"},
        {"alice", "ALICE"},
        {"alice", "ＡＬＩＣＥ"},  // wide
        {"alice", "ａｌｉｃｅ"},
        {"alice", "\U0001D41A\U0001D425\U0001D422\U0001D41C\U0001D41E"},  // mathematical bold
        {"MIKE", "\U0001D544\U0001D540\U0001D542\U0001D53C"},             // double-struck
        {"サクラ", "ｻｸﾗ"},                                                // narrow
        {"\u00E9va", "e\u0301va"},                                        // composed or not
        {"\u00C9VA", "e\u0301va"},
        {"\u1EC7", "e\u0323\u0302"},  // two marks, in the order of normalization
        {"\u1EC7", "\u00EA\u0323"},   // and in the other one
        {"\u1EC7", "e\u0302\u0323"},
        {"김철수", "\u1100\u1175\u11B7\u110E\u1165\u11AF\u1109\u116E"},  // letter by letter
        {"\u9F8D", "\uF9C4"},                                            // a compatibility form
        {"\u0645\u062D", "\uFEE3\uFEA2"},                                // Arabic, in shaped forms
        {"file", "\uFB01le"},                                            // a ligature
    };
    for (const Pair& pair : kPairs) expect_alike(pair, true);
}

Test(name, digits_look_like_letters) {
    constexpr Pair kPairs[] = {
        {"bob", "b0b"},     {"BOB", "b0b"},        {"lara", "1ara"},  {"Lara", "1ARA"},
        {"IAN", "1AN"},     {"Ian", "lan"},        {"Ian", "1an"},    {"alice", "aIice"},
        {"alice", "a1ice"}, {"r2d20", "R2D2O"},    {"10", "lO"},      {"10", "IO"},
        {"a5", "a\uFF15"},  {"a5", "a\U0001D7D3"}, {"bo", "b\u06F5"},  // the Persian five is a ring
    };
    for (const Pair& pair : kPairs) expect_alike(pair, true);
}

Test(name, an_m_looks_like_r_and_n) {
    constexpr Pair kPairs[] = {
        {"corn", "com"}, {"Corn", "COM"}, {"mom", "rnorn"}, {"rnax", "Max"}, {"CORN", "c\u043Ern"}};
    for (const Pair& pair : kPairs) expect_alike(pair, true);
}

Test(name, two_names_that_look_like_Ian_need_not_look_like_each_other) {
    expect_alike({"Ian", "ian"}, true);
    expect_alike({"Ian", "IAN"}, true);
    expect_alike({"Ian", "lan"}, true);
    expect_alike({"ian", "lan"}, false);
    expect_alike({"ian", "LAN"}, false);
}

Test(name, names_that_people_tell_apart_do_not_look_alike) {
    constexpr Pair kPairs[] = {
        {"user1", "user2"},    {"user1", "user11"},      {"user10", "user01"},   {"anna", "hanna"},
        {"anna", "anna_"},     {"anna", "an.na"},        {"anna", "an-na"},      {"an-na", "an_na"},
        {"王", "玉"},          {"小明", "小朋"},         {"小明", "小红"},       {"大", "太"},
        {"rose", "ros\u00E9"}, {"Zo\u00EB", "Zo\u00E9"}, {"e\u0301", "e\u0300"}, {"nina", "vina"},
        {"ivan", "inan"},      {"uta", "yta"},           {"kai", "kal"},         {"eli", "ell"},
        {"ben", "8en"},        {"5am", "Sam"},           {"2oe", "Zoe"},         {"Юрий", "Юлий"},
        {"Маша", "Миша"},      {"Νίκος", "Νίκη"},        {"김철수", "김철호"},   {"が", "か"},
        {"さくら", "サクラ"},  {"محمد", "محمود"},        {"हिन्दी", "हिन्दु"},
    };
    for (const Pair& pair : kPairs) expect_alike(pair, false);
}

Test(name, numbered_names_never_look_alike) {
    std::vector<std::string> keys;
    for (int number = 0; number < 20000; ++number) {
        keys.push_back(skeletons_of("user" + std::to_string(number)).front());
    }
    std::ranges::sort(keys);
    EXPECT_TRUE(std::ranges::adjacent_find(keys) == keys.end());
}

Test(name, a_longer_name_looks_like_its_parts_in_a_row) {
    const std::string name = repeat("\uFDFA", kNameCharactersMax);  // the ligature of most letters
    expect_good(name);
    EXPECT_EQ(skeletons_of(name).front(),
              repeat(skeletons_of("\uFDFA").front(), kNameCharactersMax));
    EXPECT_EQ(skeletons_of(""), (std::array<std::string, 2>{}));
}
