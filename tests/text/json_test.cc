// Specification of text/json: how an object is written, and that nothing in it ends a line.

#include "text/json.h"

#include <criterion/criterion.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/expect.h"

using chatd::append_json_string;
using chatd::JsonObject;
using namespace std::string_view_literals;

TestSuite(json, .timeout = 20);

namespace {

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

template <class Fill>
std::string object(Fill fill) {
    std::string out;
    {
        JsonObject json(out);
        fill(json);
    }
    return out;
}

}  // namespace

// --- Strings -------------------------------------------------------------------------------------

Test(json, text_stands_in_quotes) {
    EXPECT_EQ(quoted(""), R"("")");
    EXPECT_EQ(quoted("hello"), R"("hello")");
    EXPECT_EQ(quoted("小明 /\u00AD\u2028\U0001F600"), "\"小明 /\u00AD\u2028\U0001F600\"");
}

Test(json, quotes_and_backslashes_are_escaped) {
    EXPECT_EQ(quoted(R"(a "b" \c\)"), R"("a \"b\" \\c\\")");
}

Test(json, a_control_character_is_written_by_its_number) {
    EXPECT_EQ(quoted("a\nb"), R"("a\nb")");
    EXPECT_EQ(quoted("\0\t\r\x1B[2J\x1F\x7F"sv), R"("\u0000\u0009\u000d\u001b[2J\u001f\u007f")");
}

Test(json, no_byte_comes_out_as_a_raw_control_character) {
    for (int byte = 0; byte < 0x80; ++byte) {
        const bool is_control = byte < 0x20 || byte == 0x7F;
        const std::string out = quoted(std::string(1, static_cast<char>(byte)));
        EXPECT_EQ(out.find(static_cast<char>(byte)) == out.npos, is_control);
    }
}

Test(json, a_string_is_appended) {
    std::string out = "before ";
    append_json_string(out, "x");
    EXPECT_EQ(out, R"(before "x")");
}

// --- Objects -------------------------------------------------------------------------------------

Test(json, an_object_may_be_empty) {
    EXPECT_EQ(object([](JsonObject&) {}), "{}");
}

Test(json, an_object_is_appended_and_whole_once_it_is_destroyed) {
    std::string out = "before ";
    {
        JsonObject json(out);
        json.add("name", "bob");
        EXPECT_EQ(out, R"(before {"name":"bob")");
    }
    EXPECT_EQ(out, R"(before {"name":"bob"})");
}

Test(json, members_stand_in_the_order_in_which_they_were_added) {
    EXPECT_EQ(object([](JsonObject& json) {
                  json.add("b", 1);
                  json.add("a", "x");
                  json.add("c", true);
              }),
              R"({"b":1,"a":"x","c":true})");
}

Test(json, a_value_is_a_string_a_number_or_a_truth) {
    EXPECT_EQ(object([](JsonObject& json) {
                  json.add("literal", "x");
                  json.add("view", "y"sv);
                  json.add("string", std::string("z"));
                  json.add("yes", true);
                  json.add("no", false);
                  json.add("least", INT64_MIN);
                  json.add("most", UINT64_MAX);
                  json.add("byte", std::uint8_t{65});
              }),
              R"({"literal":"x","view":"y","string":"z","yes":true,"no":false,)"
              R"("least":-9223372036854775808,"most":18446744073709551615,"byte":65})");
}

Test(json, names_and_values_are_escaped) {
    EXPECT_EQ(object([](JsonObject& json) { json.add("a\"\n", "}\n{"sv); }), R"({"a\"\n":"}\n{"})");
}

// --- Lists and nesting ---------------------------------------------------------------------------

Test(json, a_list_has_any_number_of_strings) {
    const auto listed = [](const std::vector<std::string_view>& strings) {
        return object([&](JsonObject& json) { json.add_list("all", strings); });
    };
    EXPECT_EQ(listed({}), R"({"all":[]})");
    EXPECT_EQ(listed({"bob"}), R"({"all":["bob"]})");
    EXPECT_EQ(listed({"bob", "", "]\n\""}), R"({"all":["bob","","]\n\""]})");
}

Test(json, words_become_a_list) {
    const auto listed = [](std::string_view words) {
        return object([&](JsonObject& json) { json.add_words("names", words); });
    };
    EXPECT_EQ(listed(""), R"({"names":[]})");
    EXPECT_EQ(listed("bob"), R"({"names":["bob"]})");
    EXPECT_EQ(listed("bob 小明 eve"), R"({"names":["bob","小明","eve"]})");
}

Test(json, a_member_goes_on_behind_a_list_and_behind_an_object) {
    EXPECT_EQ(object([](JsonObject& json) {
                  json.add_words("names", "bob");
                  json.add_json("inner", object([](JsonObject& inner) { inner.add("a", 1); }));
                  json.add("last", 2);
              }),
              R"({"names":["bob"],"inner":{"a":1},"last":2})");
}
