// Specification of the numbers by which the benchmark checks what clients read, and of its
// percentiles.
#include "load/contender.h"

#include <criterion/criterion.h>

#include <string>
#include <vector>

#include "load/meter.h"
#include "support/expect.h"

using namespace chatd::test;

TestSuite(load);

Test(load, a_text_has_its_size_and_tells_its_numbers) {
    const std::string text = numbered_text(42, 1234567, 63);
    EXPECT_EQ(text.size(), 63);
    const auto numbers = numbers_in("m42 says: " + text);
    ASSERT_TRUE(numbers.has_value());
    EXPECT_EQ(numbers->sender, 42);
    EXPECT_EQ(numbers->number, 1234567);
}

Test(load, the_name_of_a_channel_is_no_number) {
    const auto numbers = numbers_in(":m1!~m1@h PRIVMSG #room :" + numbered_text(1, 2, 63));
    ASSERT_TRUE(numbers.has_value());
    EXPECT_EQ(numbers->number, 2);
}

Test(load, a_line_without_numbers_tells_none) {
    const std::string text = numbered_text(1, 2, 63);
    for (const std::string& line : {std::string(), std::string("m1 entered the chat room"),
                                    std::string("… 3 messages skipped"), text.substr(0, 17),
                                    text.substr(1), "#0000000x" + text.substr(9)}) {
        EXPECT_FALSE(numbers_in(line).has_value());
    }
}

Test(load, percentiles_are_values_that_were_measured) {
    const std::vector<int> values{5, 1, 4, 2, 3};
    EXPECT_EQ(percentile(values, 0.5), 3);
    EXPECT_EQ(percentile(values, 0.0), 1);
    EXPECT_EQ(percentile(values, 0.99), 5);
}
