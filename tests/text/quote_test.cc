// Text in quotes, of which a terminal obeys nothing.

#include "text/quote.h"

#include <criterion/criterion.h>

#include <string>
#include <string_view>

#include "base/bounds.h"
#include "support/expect.h"

using namespace chatd;

TestSuite(quote, .timeout = 10);

Test(quote, what_a_terminal_obeys_is_escaped) {
    EXPECT_EQ(quoted("hi\r\n\t\x1b[2J\x07\x7f"), R"("hi\r\n\t\x1b[2J\x07\x7f")");
    EXPECT_EQ(quoted(std::string_view("\0", 1)), R"("\x00")");
    EXPECT_EQ(quoted("say \"\\\""), R"("say \"\\\"")");
    EXPECT_EQ(quoted("\xC2\x9B"
                     "31m"),
              R"("\u{9b}31m")");                                         // CSI in one character
    EXPECT_EQ(quoted("\u202Eevil\u2028"), R"("\u{202e}evil\u{2028}")");  // turns the direction
    EXPECT_EQ(quoted("\xFF\xE4\xBD"
                     "a\x9B"),
              R"("\xff\xe4\xbda\x9b")");  // no characters
    EXPECT_EQ(quoted("你好，é"), "\"你好，é\"");
}

Test(quote, of_a_long_text_the_beginning_is_shown_and_no_character_is_cut) {
    EXPECT_TRUE(quoted(std::string(5000, 'x')).ends_with("xx\"…"));
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "好";
    EXPECT_TRUE(quoted(text).ends_with("好\"…"));
    EXPECT_LT(quoted(std::string(5000, '\x01')).size(), kTracedTextBytesMax + 16);
}
