// Specification of text/utf8: which bytes are characters, and where the others end.

#include "text/utf8.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include "support/escape.h"
#include "support/expect.h"
#include "support/where.h"

using chatd::append_utf8;
using chatd::count_utf8;
using chatd::cut_utf8;
using chatd::decode_utf8;
using chatd::Decoded;
using chatd::kReplacementCharacter;
using chatd::test::escaped;

namespace {

// One row of table 3-7 of The Unicode Standard, copied from there and not from the code.
struct Row {
    char32_t code_first, code_last;
    std::size_t bytes;
    unsigned bounds[4][2];
};

constexpr Row kTable37[] = {
    {0x000000, 0x00007F, 1, {{0x00, 0x7F}}},
    {0x000080, 0x0007FF, 2, {{0xC2, 0xDF}, {0x80, 0xBF}}},
    {0x000800, 0x000FFF, 3, {{0xE0, 0xE0}, {0xA0, 0xBF}, {0x80, 0xBF}}},
    {0x001000, 0x00CFFF, 3, {{0xE1, 0xEC}, {0x80, 0xBF}, {0x80, 0xBF}}},
    {0x00D000, 0x00D7FF, 3, {{0xED, 0xED}, {0x80, 0x9F}, {0x80, 0xBF}}},
    {0x00E000, 0x00FFFF, 3, {{0xEE, 0xEF}, {0x80, 0xBF}, {0x80, 0xBF}}},
    {0x010000, 0x03FFFF, 4, {{0xF0, 0xF0}, {0x90, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}}},
    {0x040000, 0x0FFFFF, 4, {{0xF1, 0xF3}, {0x80, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}}},
    {0x100000, 0x10FFFF, 4, {{0xF4, 0xF4}, {0x80, 0x8F}, {0x80, 0xBF}, {0x80, 0xBF}}},
};

// Every value at which a range of the table begins or ends, and its neighbours.
constexpr unsigned kEdgeBytes[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                   0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
                                   0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFE, 0xFF};

// Counts the leading bytes of `text` that agree with the row, at most row.bytes.
std::size_t matching_bytes(const Row& row, std::string_view text) {
    std::size_t at = 0;
    while (at < row.bytes && at < text.size()) {
        const unsigned byte = static_cast<unsigned char>(text[at]);
        if (byte < row.bounds[at][0] || byte > row.bounds[at][1]) break;
        ++at;
    }
    return at;
}

// The character at the front of `text` as the table has it: its validity and its length.
Decoded look_up(std::string_view text) {
    std::size_t subpart = 1;
    for (const Row& row : kTable37) {
        const std::size_t matching = matching_bytes(row, text);
        if (matching == row.bytes) return {0, matching, true};
        if (matching > subpart) subpart = matching;
    }
    return {kReplacementCharacter, subpart, false};
}

void expect_as_in_table(std::string_view text,
                        chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    const Decoded expected = look_up(text);
    const Decoded decoded = decode_utf8(text);
    const bool same = decoded.valid == expected.valid && decoded.bytes == expected.bytes &&
                      (decoded.valid || decoded.code == kReplacementCharacter);
    if (same) return;  // millions of passing assertions would take minutes
    cr_expect(same, "%s: decoded %zu bytes, valid %d", escaped(text).c_str(), decoded.bytes,
              decoded.valid);
}

std::string encode(char32_t code) {
    std::string text;
    append_utf8(text, code);
    return text;
}

// Cuts as the contract says, by walking from the front.
std::string_view cut_by_walking(std::string_view text, std::size_t bytes_max) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t next = at + decode_utf8(text.substr(at)).bytes;
        if (next > bytes_max) break;
        at = next;
    }
    return text.substr(0, at);
}

}  // namespace

TestSuite(utf8, .timeout = 20);

Test(utf8, every_scalar_value_survives_encoding_and_decoding) {
    std::size_t wrong = 0;
    for (char32_t code = 0; code <= 0x10FFFF; ++code) {
        if (code == 0xD800) code = 0xE000;
        const std::string text = encode(code);
        const Decoded decoded = decode_utf8(text);
        if (!decoded.valid || decoded.code != code || decoded.bytes != text.size()) ++wrong;
    }
    EXPECT_EQ(wrong, 0);
}

Test(utf8, the_first_and_last_code_of_each_row_of_table_3_7_have_its_length) {
    for (const Row& row : kTable37) {
        for (const char32_t code : {row.code_first, row.code_last}) {
            const std::string text = encode(code);
            EXPECT_EQ(text.size(), row.bytes);
            EXPECT_EQ(matching_bytes(row, text), row.bytes);
        }
    }
}

Test(utf8, every_one_two_and_three_bytes_decode_as_table_3_7_says) {
    std::string text(3, '\0');
    for (unsigned value = 0; value < 0x1000000; ++value) {
        text[0] = static_cast<char>(value >> 16);
        text[1] = static_cast<char>(value >> 8);
        text[2] = static_cast<char>(value);
        expect_as_in_table(text);
        if ((value & 0xFF) == 0) expect_as_in_table(std::string_view(text).substr(0, 2));
        if ((value & 0xFFFF) == 0) expect_as_in_table(std::string_view(text).substr(0, 1));
    }
}

Test(utf8, four_bytes_at_every_boundary_decode_as_table_3_7_says) {
    std::string text(4, '\0');
    for (const unsigned first : kEdgeBytes) {
        for (const unsigned second : kEdgeBytes) {
            for (const unsigned third : kEdgeBytes) {
                for (const unsigned fourth : kEdgeBytes) {
                    text[0] = static_cast<char>(first);
                    text[1] = static_cast<char>(second);
                    text[2] = static_cast<char>(third);
                    text[3] = static_cast<char>(fourth);
                    expect_as_in_table(text);
                }
            }
        }
    }
}

Test(utf8, a_surrogate_is_ill_formed_and_its_bytes_are_taken_one_by_one) {
    for (const char* surrogate : {"\xED\xA0\x80", "\xED\xAF\xBF", "\xED\xB0\x80", "\xED\xBF\xBF"}) {
        const Decoded decoded = decode_utf8(surrogate);
        EXPECT_FALSE(decoded.valid);
        EXPECT_EQ(decoded.bytes, 1);
        EXPECT_EQ(count_utf8(surrogate), 3);
    }
}

Test(utf8, an_overlong_form_is_ill_formed) {
    for (const char* overlong : {"\xC0\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xE0\x9F\xBF",
                                 "\xF0\x80\x80\xAF", "\xF0\x8F\xBF\xBF"}) {
        const std::string_view text = overlong;
        EXPECT_FALSE(decode_utf8(text).valid);
        EXPECT_EQ(count_utf8(text), text.size());
    }
}

Test(utf8, nothing_is_above_10FFFF) {
    EXPECT_EQ(decode_utf8("\xF4\x8F\xBF\xBF").code, char32_t{0x10FFFF});
    EXPECT_FALSE(decode_utf8("\xF4\x90\x80\x80").valid);
    EXPECT_FALSE(decode_utf8("\xF5\x80\x80\x80").valid);
    EXPECT_FALSE(decode_utf8("\xFF").valid);
}

Test(utf8, every_truncation_of_a_character_is_one_ill_formed_piece) {
    for (const std::string_view whole : {"é", "你", "\u0800", "\uFFFF", "😀", "\U0010FFFF"}) {
        for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
            const std::string_view piece = whole.substr(0, bytes);
            const Decoded at_end = decode_utf8(piece);
            EXPECT_FALSE(at_end.valid);
            EXPECT_EQ(at_end.code, kReplacementCharacter);
            EXPECT_EQ(at_end.bytes, bytes);

            const std::string before_text = std::string(piece) + "a";
            EXPECT_EQ(decode_utf8(before_text).bytes, bytes);  // the "a" is not swallowed
            EXPECT_EQ(count_utf8(before_text), 2);
        }
    }
}

Test(utf8, maximal_subparts_are_those_of_the_example_in_the_standard) {
    // Table 3-11: 61 F1 80 80 E1 80 C2 62 80 63 80 BF 64.
    std::string_view text = "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64";
    std::u32string decoded;
    while (!text.empty()) {
        const Decoded next = decode_utf8(text);
        decoded += next.code;
        text.remove_prefix(next.bytes);
    }
    EXPECT_EQ(decoded, U"a\uFFFD\uFFFD\uFFFDb\uFFFDc\uFFFD\uFFFDd");
}

Test(utf8, NUL_is_a_character_like_any_other) {
    const Decoded decoded = decode_utf8(std::string_view("\0a", 2));
    EXPECT_TRUE(decoded.valid);
    EXPECT_EQ(decoded.code, U'\0');
    EXPECT_EQ(decoded.bytes, 1);
}

Test(utf8, codes_without_a_form_are_appended_as_the_replacement_character) {
    for (const char32_t code :
         {char32_t{0xD800}, char32_t{0xDFFF}, char32_t{0x110000}, char32_t{0xFFFFFFFF}}) {
        EXPECT_EQ(encode(code), "\uFFFD");
    }
}

Test(utf8, appending_keeps_what_is_there) {
    std::string text = "a";
    append_utf8(text, U'é');
    append_utf8(text, U'你');
    append_utf8(text, U'😀');
    EXPECT_EQ(text, "aé你😀");
}

Test(utf8, a_cut_splits_no_character) {
    const std::string_view text = "aé你😀b";
    const std::string_view expected[] = {"",     "a",    "a",    "aé",   "aé",    "aé",
                                         "aé你", "aé你", "aé你", "aé你", "aé你😀", "aé你😀b"};
    for (std::size_t bytes_max = 0; bytes_max < std::size(expected); ++bytes_max) {
        EXPECT_EQ(cut_utf8(text, bytes_max), expected[bytes_max]);
    }
}

Test(utf8, a_text_that_fits_is_not_cut) {
    EXPECT_TRUE(cut_utf8("", 0).empty());
    EXPECT_TRUE(cut_utf8("", 5).empty());
    EXPECT_EQ(cut_utf8("你好", 6), "你好");
    EXPECT_EQ(cut_utf8("你好", 7), "你好");
    EXPECT_EQ(cut_utf8("你好", std::string_view::npos), "你好");
}

Test(utf8, a_cut_of_any_bytes_is_where_decoding_ends) {
    std::string text(6, '\0');
    constexpr unsigned kBytes[] = {0x61, 0x80, 0x9F, 0xBF, 0xC3, 0xE4, 0xED, 0xF0, 0xF4, 0xFF};
    std::size_t wrong = 0;
    for (unsigned value = 0; value < 1000000; ++value) {
        unsigned digits = value;
        for (char& byte : text) {
            byte = static_cast<char>(kBytes[digits % 10]);
            digits /= 10;
        }
        const std::size_t bytes_max = value % 7;
        if (cut_utf8(text, bytes_max) != cut_by_walking(text, bytes_max)) ++wrong;
    }
    EXPECT_EQ(wrong, 0);
}

Test(utf8, characters_are_counted_not_bytes) {
    EXPECT_EQ(count_utf8(""), 0);
    EXPECT_EQ(count_utf8("abc"), 3);
    EXPECT_EQ(count_utf8("aé你😀"), 4);
    EXPECT_EQ(count_utf8("\xFF\xFE"), 2);
}
