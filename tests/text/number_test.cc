// Specification of text/number: a whole decimal number, or none.
#include "text/number.h"

#include <criterion/criterion.h>

#include <cstdint>
#include <string_view>

#include "support/escape.h"
#include "support/expect.h"

using namespace chatd;
using chatd::test::escaped;

Test(number, digits_are_the_number_that_they_write) {
    EXPECT_EQ(parse_number<int>("0"), 0);
    EXPECT_EQ(parse_number<int>("8888"), 8888);
    EXPECT_EQ(parse_number<int>("-17"), -17);
    EXPECT_EQ(parse_number<int>("007"), 7);
}

Test(number, a_text_that_is_more_or_less_than_a_number_is_none) {
    for (const std::string_view text : {"", " ", " 1", "1 ", "+1", "-", "--1", "1.0", "1e3", "0x10",
                                        "1,000", "1\n", "one", "١"}) {
        const bool is_none = !parse_number<int>(text).has_value();
        cr_expect(is_none, "%s", escaped(text).c_str());
    }
    EXPECT_FALSE(parse_number<int>(std::string_view("1\0", 2)).has_value());
}

Test(number, an_unsigned_number_has_no_sign) {
    EXPECT_FALSE(parse_number<std::uint32_t>("-1").has_value());
    EXPECT_FALSE(parse_number<std::uint32_t>("-0").has_value());
}

Test(number, a_number_beyond_the_largest_or_smallest_of_its_type_is_none) {
    EXPECT_EQ(parse_number<std::uint64_t>("18446744073709551615"), UINT64_MAX);
    EXPECT_FALSE(parse_number<std::uint64_t>("18446744073709551616").has_value());
    EXPECT_EQ(parse_number<std::int64_t>("-9223372036854775808"), INT64_MIN);
    EXPECT_FALSE(parse_number<std::int64_t>("-9223372036854775809").has_value());
    EXPECT_FALSE(parse_number<std::uint8_t>("256").has_value());
    EXPECT_FALSE(parse_number<int>("99999999999999999999999").has_value());
}

Test(number, a_number_outside_the_bounds_is_none) {
    EXPECT_FALSE(parse_number<int>("0", 1, 20).has_value());
    EXPECT_EQ(parse_number<int>("1", 1, 20), 1);
    EXPECT_EQ(parse_number<int>("20", 1, 20), 20);
    EXPECT_FALSE(parse_number<int>("21", 1, 20).has_value());
}

Test(number, one_thing_is_counted_in_the_singular_and_all_other_numbers_in_the_plural) {
    EXPECT_EQ(counted(0, "client", "clients"), "0 clients");
    EXPECT_EQ(counted(1, "client", "clients"), "1 client");
    EXPECT_EQ(counted(2, "client", "clients"), "2 clients");
    EXPECT_EQ(counted(UINT64_MAX, "entry", "entries"), "18446744073709551615 entries");
}
