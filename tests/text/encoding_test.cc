// Specification of text/encoding: which encoding a line is in, and what its writer is told.

#include "text/encoding.h"

#include <criterion/criterion.h>

#include <string_view>

#include "support/escape.h"
#include "support/expect.h"
#include "support/where.h"

using chatd::advice_in;
using chatd::Encoding;
using chatd::encoding_of;
using chatd::test::escaped;

namespace {

void expect_encoding(std::string_view line, Encoding expected,
                     chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    cr_expect(encoding_of(line) == expected, "%s: %d", escaped(line).c_str(),
              static_cast<int>(encoding_of(line)));
}

}  // namespace

TestSuite(encoding, .timeout = 20);

Test(encoding, utf8_is_utf8) {
    for (const char* line :
         {"", "hello", "/msg bob hi", "caf\u00E9", "大家好", "👍", "\u043B\u043B"}) {
        expect_encoding(line, Encoding::Utf8);
    }
}

Test(encoding, utf8_with_a_character_that_was_erased_by_half_is_utf8) {
    expect_encoding("\xE5\xB0 小明", Encoding::Utf8);
    expect_encoding("大家\xE5\xA5", Encoding::Utf8);
    expect_encoding("\xB0\x8F明天", Encoding::Utf8);
}

Test(encoding, gbk_is_recognised) {
    expect_encoding("\xD0\xA1\xBA\xEC", Encoding::Gbk);                        // 小红
    expect_encoding("/msg \xD0\xA1\xBA\xEC \xC3\xD8\xC3\xDC", Encoding::Gbk);  // 秘密
    expect_encoding("\xD6\xEC\xE9\x46\xBB\xF9", Encoding::Gbk);                // 朱镕基
    expect_encoding("nc: \xD7\xD6!", Encoding::Gbk);                           // 字
}

Test(encoding, big5_is_recognised) {
    expect_encoding("\xA4\x6A\xAE\x61\xA6\x6E", Encoding::Big5);             // 大家好
    expect_encoding("\xA4\x70\xAC\xF5", Encoding::Big5);                     // 小紅
    expect_encoding("\xA4\x70\xA9\xFA: \xA7\x41\xA6\x6E!", Encoding::Big5);  // 小明, 你好
}

// Such a person reads both advices, one of them as it is meant.
Test(encoding, what_may_be_either_is_not_guessed) {
    expect_encoding("\xC1\xC2\xC1\xC2", Encoding::GbkOrBig5);                  // 謝謝, or 谅谅
    expect_encoding("\xB4\xF3\xBC\xD2\xBA\xC3", Encoding::GbkOrBig5);          // 大家好
    expect_encoding("\xC4\xE3\xBA\xC3", Encoding::GbkOrBig5);                  // 你好
    expect_encoding("\xBA\xC3\xB5\xC4", Encoding::GbkOrBig5);                  // 好的
    expect_encoding("\xC4\xE3\xBA\xC3\xA4\xCE\xD0\xA1", Encoding::GbkOrBig5);  // 你好の小
}

Test(encoding, other_bytes_are_unknown) {
    for (const char* line :
         {"caf\xE9", "na\xEFve", "cora\xE7\xE3o", "\xFF\xFE", "\xEF\xF0\xE8\xE2\xE5\xF2",
          "\xE5\xB0", "\xE5\xB0 hi", "\x80", "\xBA\xC3\xBA"}) {
        expect_encoding(line, Encoding::Unknown);
    }
}

Test(encoding, the_advice_is_in_the_encoding_itself) {
    expect_encoding(advice_in(Encoding::Gbk), Encoding::Gbk);
    expect_encoding(advice_in(Encoding::Big5), Encoding::Big5);
    for (const Encoding encoding : {Encoding::Gbk, Encoding::Big5}) {
        EXPECT_CONTAINS(advice_in(encoding), "UTF-8");
        EXPECT_EQ(advice_in(encoding).find_first_of("\n\033"), advice_in(encoding).size() - 1);
    }
    EXPECT_EQ(advice_in(Encoding::GbkOrBig5), advice_in(Encoding::Gbk) + advice_in(Encoding::Big5));
    EXPECT_EQ(advice_in(Encoding::Utf8), "");
    EXPECT_EQ(advice_in(Encoding::Unknown), "");
}
