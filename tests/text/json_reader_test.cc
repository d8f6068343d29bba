// JSON is read strictly, and never without a bound.

#include "text/json_reader.h"

#include <criterion/criterion.h>

#include <string>

#include "base/bounds.h"
#include "support/expect.h"

using chatd::Json;
using chatd::parse_json;

TestSuite(json_reader);

namespace {

bool is_json(std::string_view text) {
    return parse_json(text).has_value();
}

std::string string_in(const std::string& quoted) {
    const auto value = parse_json(quoted);
    return value ? value->string : "no JSON";
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

Test(json_reader, members_are_found_by_name_and_kind) {
    const auto value = parse_json(R"({"type":"say","seq":7,"own":true,"names":["a",1,"b"]})");
    ASSERT_TRUE(value);
    EXPECT_EQ(value->string_at("type"), "say");
    EXPECT_EQ(value->integer_at("seq"), 7);
    EXPECT_TRUE(value->flag_at("own"));
    EXPECT_EQ(value->strings_at("names"), (std::vector<std::string>{"a", "b"}));
}

Test(json_reader, a_member_that_is_missing_or_of_another_kind_counts_as_none) {
    const auto value = parse_json(R"({"seq":"7","type":7,"own":1,"names":"a"})");
    ASSERT_TRUE(value);
    EXPECT_EQ(value->string_at("type"), "");
    EXPECT_EQ(value->integer_at("seq"), 0);
    EXPECT_FALSE(value->flag_at("own"));
    EXPECT_TRUE(value->strings_at("names").empty());
    EXPECT_TRUE(value->member("missing") == nullptr);
}

Test(json_reader, the_first_of_two_members_of_one_name_counts) {
    EXPECT_EQ(parse_json(R"({"a":1,"a":2})")->integer_at("a"), 1);
}

Test(json_reader, spaces_may_stand_around_each_token) {
    EXPECT_TRUE(is_json(" {\t\"a\" :\r\n[ 1 , null ] } "));
}

Test(json_reader, what_follows_the_value_makes_the_text_wrong) {
    EXPECT_FALSE(is_json("{} {}"));
    EXPECT_FALSE(is_json("1,"));
    EXPECT_FALSE(is_json(""));
}

Test(json_reader, what_other_readers_forgive_is_refused) {
    for (const char* const text : {"{a:1}", "{'a':1}", "{\"a\":1,}", "[1,]", "[,1]", "{\"a\"}",
                                   "tru", "True", "NaN", "// a\n1", "{\"a\":1", "[1", "\"a"}) {
        EXPECT_EQ(std::string(is_json(text) ? text : ""), "");
    }
}

Test(json_reader, numbers_are_those_of_the_rfc) {
    for (const char* const text : {"0", "-0", "12", "1.5", "1e3", "1E+3", "2.5e-3"}) {
        EXPECT_EQ(std::string(is_json(text) ? "" : text), "");
    }
    for (const char* const text : {"01", "+1", ".5", "1.", "1e", "-", "0x1", "1 2"}) {
        EXPECT_EQ(std::string(is_json(text) ? text : ""), "");
    }
}

Test(json_reader, a_number_beyond_all_integers_becomes_the_nearest) {
    EXPECT_EQ(parse_json(R"({"a":1e300})")->integer_at("a"), INT64_MAX);
    EXPECT_EQ(parse_json(R"({"a":-1e300})")->integer_at("a"), INT64_MIN);
    EXPECT_EQ(parse_json(R"({"a":4711.9})")->integer_at("a"), 4711);
}

Test(json_reader, escapes_become_what_they_stand_for) {
    EXPECT_EQ(string_in(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(string_in(R"("\u5c0f\u660e")"), "小明");
    EXPECT_EQ(string_in(R"("\ud83d\ude00")"), "😀");
}

Test(json_reader, half_a_pair_of_surrogates_becomes_a_replacement) {
    EXPECT_EQ(string_in(R"("\ud83d!")"), "\uFFFD!");
    EXPECT_EQ(string_in(R"("\ude00")"), "\uFFFD");
    EXPECT_EQ(string_in(R"("\ud83d\u0041")"), "\uFFFDA");
}

Test(json_reader, a_bad_escape_or_a_control_is_refused) {
    for (const char* const text :
         {R"("\x41")", R"("\u12")", R"("\u12g4")", R"("\)", "\"\n\"", "\"\x01\""}) {
        EXPECT_EQ(string_in(text), "no JSON");
    }
}

Test(json_reader, what_is_no_utf8_is_refused) {
    EXPECT_EQ(string_in("\"\xC3\""), "no JSON");
    EXPECT_EQ(string_in("\"\xED\xA0\x80\""), "no JSON");
}

Test(json_reader, what_is_too_deep_or_too_long_is_refused) {
    EXPECT_TRUE(is_json(nested(chatd::kJsonDepthMax)));
    EXPECT_FALSE(is_json(nested(chatd::kJsonDepthMax + 1)));
    const std::string spaces(chatd::kJsonBytesMax - 1, ' ');
    EXPECT_TRUE(is_json(spaces + "1"));
    EXPECT_FALSE(is_json(spaces + "12"));
}
