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
using chatd::may_be_name;
using chatd::NameFault;
using chatd::skeletons_of;
using chatd::trim_name;
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

void expect_mixture(std::string_view name, chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    expect_fault(name, NameFault::Mixture);
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

// Two names that the tests compare in both orders. A member may have come with a name that is no
// good today.
struct Pair {
    const char* one;
    const char* other;
};

void expect_alike(const Pair& pair, bool alike,
                  chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    cr_expect(look_alike(pair.one, pair.other) == alike, "%s and %s", escaped(pair.one).c_str(),
              escaped(pair.other).c_str());
    cr_expect(look_alike(pair.other, pair.one) == alike, "%s and %s", escaped(pair.other).c_str(),
              escaped(pair.one).c_str());
}

}  // namespace

TestSuite(name, .timeout = 20);

Test(name, letters_digits_and_some_punctuation_make_a_name) {
    for (const char* name :
         {"a", "Z", "7", "alice", "Bob_42", "jean-luc", "r2.d2", "_x_", "__init__", "O'Brien"}) {
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
    constexpr std::u32string_view kPunctuation = U"_-.'";
    for (char32_t code = 0; code < 0x80; ++code) {
        const bool good = chatd::is_letter(code) || chatd::is_digit(code) ||
                          kPunctuation.find(code) != std::u32string_view::npos;
        expect_fault("a" + encode(code) + "b", good ? NameFault::None : NameFault::BadCharacter);
    }
}

Test(name, punctuation_stands_between_letters_and_digits_alone) {
    for (const char* punctuation : {"-", ".", "'", "\u2019", "\u00B7", "\u2010", "\u2027"}) {
        const std::string sign = punctuation;
        expect_good("a" + sign + "b");
        expect_good("e\u0301" + sign + "7");
        expect_good("龍" + sign + "馬");
        for (const std::string& name : {sign, sign + "a", "a" + sign, "a" + sign + sign + "b",
                                        "a_" + sign + "b", "a" + sign + "_"}) {
            expect_bad_character(name);
        }
    }
    expect_bad_character("a:b");
}

Test(name, what_real_names_have_between_their_letters_is_good) {
    expect_good("阿卜杜·热合曼");
    expect_good("レオナルド・ディカプリオ");
    expect_good("ジャン゠ポール");
    expect_good("D\u2019Angelo");
    expect_good("Kaʻiulani");
    expect_good("ʻIolani");
    expect_good("Jean\u2010Luc");
    expect_good("Անի֊Մարի");
    expect_good("བསྟན་འཛིན");  // Tibetan, with the dot between its syllables
    expect_good("Gal·la");   // Catalan
    for (const char* dot : {"\u30FB", "\u30A0", "\u058A", "\u0F0B"}) {
        expect_mixture("\u0430" + std::string(dot) + "\u0430");  // of other scripts than Cyrillic
    }
}

Test(name, a_word_in_Hebrew_may_end_with_a_geresh) {
    for (const char* name : {"ג׳ורג׳", "ג'ורג'", "ג’ורג’", "ג׳ורג׳_בוש", "ג׳ורג׳-לוק", "צה״ל"})
        expect_good(name);
    for (const char* name : {"׳ג", "ג׳׳", "ג״", "alice'", "аня'"}) expect_bad_character(name);
    expect_mixture("al׳ice");
}

Test(name, joiners_stand_where_they_change_the_form_of_a_letter) {
    expect_good("علی\u200Cرضا");
    expect_good("مه\u064E\u200Cدی");    // behind a vowel mark
    expect_good("क\u094D\u200Cष");      // a non-joiner behind a virama, before a letter
    expect_good("ක\u0DCA\u200Dෂ");      // Sinhala
    expect_good("ന\u0D4D\u200D");       // Malayalam, at the end
    expect_bad_character("د\u200Cر");   // a letter that joins nothing behind it
    expect_bad_character("علی\u200C");  // at the end
    expect_bad_character("\u200Cعلی");
    expect_bad_character("علی\u200Dرضا");  // these join without it
    expect_bad_character("علی\u200C\u200Cرضا");
    expect_bad_character("क\u200Cष");
    expect_bad_character("क\u094D\u200D\u093F");  // before a vowel sign
    expect_bad_character("a\u200Cb");
    expect_bad_character("a\u200Db");
}

Test(name, characters_that_UTS_39_does_not_recommend_are_refused) {
    for (const char32_t code : {
             0x13442,  // Egyptian hieroglyph full blank
             0x1100,   // a Hangul lead, vowel and tail, each alone
             0x1161, 0x11A8,
             0x3131,          // a Hangul letter that composes no syllable
             0x0640,          // the stroke that makes Arabic words longer
             0x1D41A,         // mathematical bold a
             0xFB01,          // fi as one character
             0x24B6,          // a in a circle
             0x0251,          // the alpha of phoneticians
             0x16A0,          // runes
             0x02EC, 0xA71D,  // modifier letters that look like punctuation
         }) {
        expect_bad_character(encode(code));
        expect_bad_character("alice" + encode(code));
        expect_bad_character(encode(code) + "alice");
    }
}

Test(name, wide_and_narrow_forms_are_good) {
    for (const char* name : {"ａｌｉｃｅ", "ＡＬ１", "ｻｸﾗ", "ｶﾞｰ"}) expect_good(name);
    for (const char* name : {"ａ－ｂ", "ﾚｵﾅﾙﾄﾞ･ﾃﾞ"}) expect_good(name);
    for (const char* name : {"ａ－", "ﾡ", "ａ：ｂ"}) expect_bad_character(name);
}

Test(name, syllables_of_Hangul_may_be_written_letter_by_letter) {
    expect_good("\u1100\u1175\u11B7\u110E\u1165\u11AF");
    expect_bad_character("\u1100\u1100\u1175");
    expect_bad_character("\u1100\u1175\u11B7\u11B7");
    expect_bad_character("김\u11B7");
}

Test(name, scripts_are_mixed_only_as_their_readers_do) {
    for (const char* name : {"小明Tom", "李ㄌㄧ", "サクラtom", "東京タワーだよ", "김tom", "金김",
                             "Tom_2", "小明2", "Юрий-2", "علی.2", "Ελένη_7"}) {
        expect_good(name);
    }
    for (const char* name : {"\u0430lice", "Юрийx", "Ωmega", "tomע", "aعلی", "tomไทย", "김さくら",
                             "ㄌさ", "김ㄌ", "小Ю", "μтом"}) {
        expect_mixture(name);
    }
    expect_mixture("a\u064E");  // a mark of another script than its letter's
    expect_mixture("Юрий\u093C");
}

Test(name, digits_are_those_of_the_script_and_count_from_one_zero) {
    for (const char* name : {"علی٣", "علی۳", "علی3", "नमन४", "สมชาย๗", "٠١٢"}) expect_good(name);
    for (const char* name : {"bob٣", "小明४", "1١", "علی٣۴", "नमन4४", "a1１"}) {
        expect_mixture(name);
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
    for (const char* text : {"😀", "❤", "©", "€", "×", "①", "½", "、", "•", "\uE000", "\uFFFD",
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
    expect_bad_character("e\u0301\u0301");  // drawn over each other
}

Test(name, punctuation_alone_is_no_name) {
    for (const char* name : {"_", "__", "-", ".", "..", "-_-", "._.", "ʻ", "_ʼ_"})
        expect_bad_character(name);
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

Test(name, names_that_differ_in_their_normal_form_alone_are_the_same) {
    EXPECT_EQ(fold_name("Jos\u00E9"), fold_name("Jose\u0301"));
    EXPECT_EQ(fold_name("JOS\u00C9"), fold_name("jose\u0301"));
    EXPECT_EQ(fold_name("\u1EC7"), fold_name("e\u0302\u0323"));  // two marks, in any order
    EXPECT_EQ(fold_name("が"), fold_name("か\u3099"));
    EXPECT_EQ(fold_name("김"), fold_name("\u1100\u1175\u11B7"));
    EXPECT_EQ(fold_name("क़"), fold_name("क\u093C"));
    EXPECT_EQ(fold_name("İda"), fold_name("i\u0307da"));
}

Test(name, names_that_differ_in_how_they_can_be_typed_alone_are_the_same) {
    EXPECT_EQ(fold_name("ａｌｉｃｅ"), "alice");
    EXPECT_EQ(fold_name("ｶﾞ"), fold_name("ガ"));
    EXPECT_EQ(fold_name("O\u2019Brien"), fold_name("o'brien"));
    EXPECT_EQ(fold_name("Jean\u2010Luc"), fold_name("jean-luc"));
    EXPECT_EQ(fold_name("阿・曼"), fold_name("阿·曼"));
    EXPECT_EQ(fold_name("ﾚｵ･ﾃﾞ"), fold_name("レオ·デ"));
    EXPECT_EQ(fold_name("Kaʻiulani"), fold_name("ka'iulani"));
    EXPECT_EQ(fold_name("علی\u200Cرضا"), fold_name("علیرضا"));
    EXPECT_EQ(fold_name("STRASSE"), fold_name("straße"));
}

Test(name, names_without_case_or_accent_are_their_own_key) {
    for (const char* name : {"", "r2-d2_.", "龍馬", "محمد", "สมชาย", "हिन्दी"}) {
        EXPECT_EQ(fold_name(name), name);
    }
}

Test(name, other_differences_make_other_names) {
    EXPECT_NE(fold_name("alice"), fold_name("a1ice"));
    EXPECT_NE(fold_name("alice"), fold_name("alice_"));
    EXPECT_NE(fold_name("rose"), fold_name("ros\u00E9"));
    EXPECT_NE(fold_name("a"), fold_name("\u0430"));  // look-alikes are not the same
}

Test(name, the_key_of_a_name_begins_like_that_of_the_name) {
    EXPECT_TRUE(fold_name("Jos\u00E9e").starts_with(fold_name("JOSE\u0301")));
    EXPECT_TRUE(fold_name("김철수").starts_with(fold_name("기")));  // as it is typed
}

Test(name, the_key_of_a_key_is_the_key_itself) {
    std::size_t wrong = 0;
    for (char32_t code = 0; code <= 0x10FFFF; ++code) {
        const std::string key = fold_name("a" + encode(code));
        wrong += fold_name(key) == key ? 0 : 1;
    }
    EXPECT_EQ(wrong, 0);
}

// --- Names as they are typed, and names of other programs

Test(name, what_cannot_be_seen_is_trimmed_off_both_ends) {
    for (const char* typed :
         {"alice", " alice\t", "\u3000alice\u00A0", "\uFEFF\u2068alice\u2069\u200B",
          "\u2003\u00ADalice\u202F\uFE0F\u2800"}) {
        EXPECT_EQ(trim_name(typed), "alice");
    }
    EXPECT_EQ(trim_name("\u3000al\u3000ice\u3000"), "al\u3000ice");
    EXPECT_EQ(trim_name("\xFF "), "\xFF");
    EXPECT_EQ(trim_name("ന\u0D4D\u200D\u200D "), "ന\u0D4D\u200D");  // the first joiner shapes
    for (const char* nothing : {"", " ", "\u3000\u200B\t"}) EXPECT_EQ(trim_name(nothing), "");
}

Test(name, what_may_have_been_a_name_is_one_clean_word) {
    for (const char* name :
         {"alice", "-x-", "\u0430lice", "\u11A8", "alice\U00013442", "1\u0661"}) {
        EXPECT_TRUE(may_be_name(name));
    }
    EXPECT_TRUE(may_be_name(std::string(kNameBytesMax, 'x')));
    EXPECT_FALSE(may_be_name(std::string(kNameBytesMax + 1, 'x')));
    for (const char* name :
         {"", "a b", "\xFF", "a\nb", "\x1b[2J", "a\u202Eb", "a\u3000b", "%n", "/me"}) {
        EXPECT_FALSE(may_be_name(name));
    }
}

// --- Look-alikes

Test(name, letters_of_another_script_look_alike) {
    constexpr Pair kPairs[] = {
        {"alice", "\u0430lice"},                      // Cyrillic a
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
        {"サクラ", "ｻｸﾗ"},          // narrow
        {"\u00E9va", "e\u0301va"},  // composed or not
        {"\u00C9VA", "e\u0301va"},
        {"\u1EC7", "e\u0323\u0302"},  // two marks, in the order of normalization
        {"\u1EC7", "\u00EA\u0323"},   // and in the other one
        {"\u1EC7", "e\u0302\u0323"},
        {"김철수", "\u1100\u1175\u11B7\u110E\u1165\u11AF\u1109\u116E"},  // letter by letter
    };
    for (const Pair& pair : kPairs) expect_alike(pair, true);
}

Test(name, digits_look_like_letters) {
    constexpr Pair kPairs[] =
        {
            {"bob", "b0b"},     {"BOB", "b0b"},     {"lara", "1ara"}, {"Lara", "1ARA"},
            {"IAN", "1AN"},     {"Ian", "lan"},     {"Ian", "1an"},   {"alice", "aIice"},
            {"alice", "a1ice"}, {"r2d20", "R2D2O"}, {"10", "lO"},     {"10", "IO"},
            {"a5", "a\uFF15"},  {"bo", "b\u06F5"},  // the Persian five is a ring
        };
    for (const Pair& pair : kPairs) expect_alike(pair, true);
}

Test(name, an_m_looks_like_r_and_n) {
    constexpr Pair kPairs[] = {
        {"corn", "com"}, {"Corn", "COM"}, {"mom", "rnorn"}, {"rnax", "Max"}, {"CORN", "c\u043Ern"}};
    for (const Pair& pair : kPairs) expect_alike(pair, true);
}

Test(name, what_people_overlook_makes_no_other_name) {
    constexpr Pair kPairs[] = {{"alice_", "alice__"},
                               {"_bob", "___bob"},
                               {"OBrien", "O'Brien"},
                               {"OBrien", "O\u2019Brien"},
                               {"alice", "alice\u02BC"},
                               {"alice", "\u02BBalice"},
                               {"ida", "i\u0307da"},
                               {"lars", "l\u0307ars"},
                               {"\u0456\u0440", "\u0456\u0307\u0440"},
                               {"علیرضا", "علی\u200Cرضا"},
                               {"Jean\u2010Luc", "jean-luc"},
                               {"阿·曼", "阿・曼"},
                               {"阿·曼", "阿\u2027曼"}};
    for (const Pair& pair : kPairs) expect_alike(pair, true);
}

Test(name, what_people_see_makes_another_name) {
    expect_alike({"alice", "alice_"}, false);
    expect_alike({"alice_", "_alice"}, false);
    expect_alike({"alice", "al.ice"}, false);
    expect_alike({"阿曼", "阿·曼"}, false);
    expect_alike({"e\u0307va", "eva"}, false);
    expect_alike({"Ида", "Йда"}, false);
    expect_alike({"Ґанна", "Ганна"}, false);  // whose prototype has an apostrophe
    expect_alike({"דיוויד", "דווד"}, false);  // a yod looks like one
    expect_alike({"צ׳ל", "צל"}, false);
    expect_alike({"צ׳ל", "ציל"}, true);
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
    const std::string name =
        repeat("\u1FA7", kNameCharactersMax);  // a Greek letter with three marks
    expect_good(name);
    EXPECT_EQ(skeletons_of(name).front(),
              repeat(skeletons_of("\u1FA7").front(), kNameCharactersMax));
    EXPECT_EQ(skeletons_of(""), (std::array<std::string, 2>{}));
}
