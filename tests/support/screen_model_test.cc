// Specification of support/screen_model, as xterm behaves.
#include "support/screen_model.h"

#include <criterion/criterion.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "support/expect.h"

using chatd::test::ScreenModel;

TestSuite(screen_model, .timeout = 20);

namespace {

std::string screen_after(std::string_view bytes) {
    ScreenModel screen(6, 3);
    screen.write(bytes);
    return screen.text();
}

}  // namespace

Test(screen_model, text_wraps_when_the_next_character_comes) {
    ScreenModel screen(4, 3);
    screen.write("abcd");
    EXPECT_EQ(screen.cursor_row(), 0);
    EXPECT_EQ(screen.wraps(), 0);
    screen.write("e\u0301f");
    EXPECT_EQ(screen.text(), "abcd\ne\u0301f");
    EXPECT_EQ(screen.wraps(), 1);
}

Test(screen_model, a_wide_character_has_two_columns_of_one_row) {
    EXPECT_EQ(screen_after("你好世界"), "你好世\n界");
    EXPECT_EQ(screen_after("a你好世"), "a你好\n世");
    EXPECT_EQ(screen_after("你好\r\033[Cx"), " x好");
    EXPECT_EQ(screen_after("你好\rx"), "x 好");
}

Test(screen_model, a_mark_goes_over_the_last_character_of_a_full_row) {
    EXPECT_EQ(screen_after("abcdee\u0301\rx"), "xbcdee\u0301");
    EXPECT_EQ(screen_after("你\u0301a"), "你\u0301a");
}

Test(screen_model, without_wrapping_the_last_column_is_written_again) {
    EXPECT_EQ(screen_after("\033[?7labcdefgh"), "abcdeh");
    EXPECT_EQ(screen_after("\033[?7labcdefgh\033[?7h\rxyzxyzx"), "xyzxyz\nx");
}

Test(screen_model, rows_that_leave_at_the_top_are_kept) {
    ScreenModel screen(6, 2);
    screen.write("one\r\ntwo\r\nthree\r\nfour");
    EXPECT_EQ(screen.text(), "three\nfour");
    EXPECT_EQ(screen.scrollback(), (std::vector<std::string>{"one", "two"}));
}

Test(screen_model, the_cursor_goes_where_it_is_sent) {
    EXPECT_EQ(screen_after("a\033[2;3Hb\033[Ac\033[3Gd\033[Be\033[2Df\bg\033[Hh"), "h dc\n  ge");
    EXPECT_EQ(screen_after("ab\0337cd\0338x"), "abxd");
    EXPECT_EQ(screen_after("a\nb"), "a\n b");
}

Test(screen_model, erasing_leaves_spaces) {
    EXPECT_EQ(screen_after("abcdef\r\033[2C\033[K"), "ab");
    EXPECT_EQ(screen_after("abcdef\r\033[2C\033[1K"), "   def");
    EXPECT_EQ(screen_after("one\r\ntwo\r\nx\033[2;2H\033[J"), "one\nt");
    EXPECT_EQ(screen_after("one\r\ntwo\033[2J"), "");
}

Test(screen_model, sequences_may_be_cut_anywhere) {
    ScreenModel screen(6, 2);
    for (const char byte : std::string("\033[31m你\033[0m\033]0;title\a\033[?25l")) {
        screen.write({&byte, 1});
    }
    EXPECT_EQ(screen.text(), "你");
    EXPECT_FALSE(screen.cursor_is_shown());
}

Test(screen_model, what_it_does_not_know_is_an_error) {
    for (const char* bytes : {"\033[5n", "\033c", "\x01", "\033[?1049h", "\xFFx", "\033[4h"}) {
        bool complained = false;
        try {
            (void)screen_after(bytes);
        } catch (const std::runtime_error&) {
            complained = true;
        }
        EXPECT_TRUE(complained);
    }
}
