// Specification of text/edit: what is left of a line in which keys erased something.
#include "text/edit.h"

#include <criterion/criterion.h>

#include <string>

#include "support/expect.h"

using chatd::edited;

TestSuite(edit, .timeout = 20);

Test(edit, a_line_without_keys_that_erase_stays_as_it_is) {
    for (const char* line : {"", "hello", "\033[31mred\x01", "\xE4\xBD", "\xD0\xA1"}) {
        EXPECT_EQ(edited(line), line);
    }
}

Test(edit, backspace_erases_a_character) {
    for (const std::string key : {"\b", "\x7F"}) {
        EXPECT_EQ(edited("helo" + key + "lo"), "hello");
        EXPECT_EQ(edited("小红" + key + "明"), "小明");
        EXPECT_EQ(edited("\U0001F44D" + key + key + key + "x" + key), "");
        EXPECT_EQ(edited(key + "a"), "a");
    }
}

Test(edit, ctrl_u_erases_the_line_and_ctrl_w_a_word) {
    EXPECT_EQ(edited("secret\x15hello"), "hello");
    EXPECT_EQ(edited("hello wrld\x17world"), "hello world");
    EXPECT_EQ(edited("hello wrld  \x17world"), "hello world");
    EXPECT_EQ(edited("one\x17\x17two"), "two");
}

// An arrow key sends an escape sequence: its last letter must not go alone.
Test(edit, a_key_erases_what_is_seen) {
    EXPECT_EQ(edited("helo\033[A\x7Flo"), "hello");
    EXPECT_EQ(edited("ab\033\x7F"
                     "c"),
              "ac");
    EXPECT_EQ(edited("a\xE4\xBD\x7F"
                     "b"),
              "ab");
}

Test(edit, a_line_of_nothing_but_keys_takes_linear_time) {
    std::string line;
    for (int count = 0; count < 300000; ++count) line += "a\b\x7F";
    EXPECT_EQ(edited(line), "");
}
