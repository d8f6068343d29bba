// Specification of chat/input_row: what a person sees of the line that is being typed.
#include "chat/input_row.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "support/expect.h"
#include "support/random.h"
#include "support/screen_model.h"
#include "support/where.h"
#include "text/cluster.h"
#include "text/width.h"

using chatd::columns_of;
using chatd::draw;
using chatd::next_cluster;
using chatd::test::Random;
using chatd::test::ScreenModel;
using chatd::test::Where;

TestSuite(input_row, .timeout = 30);

namespace {

const std::string kFamily = "👨\u200D👩\u200D👧";

// What the row shows, with "|" at the cursor. `line` has "|" where the cursor is.
std::string shown(std::size_t columns, const std::string& prompt, std::string line) {
    const std::size_t cursor = line.find('|');
    line.erase(cursor, 1);
    ScreenModel screen(columns, 2);
    screen.write(draw({prompt, line, cursor, columns}));
    EXPECT_EQ(screen.wraps(), 0);
    EXPECT_EQ(screen.cursor_row(), 0);
    // The cells before the cursor are those of the shortest text that is as wide.
    const std::string row = screen.row(0) + std::string(columns, ' ');
    std::size_t at = 0;
    while (columns_of(row.substr(0, at)) < screen.cursor_column()) at = next_cluster(row, at);
    std::string text = row.substr(0, at) + "|" + row.substr(at);
    text.erase(std::max(text.find_last_not_of(' '), text.find('|')) + 1);
    return text;
}

std::vector<std::size_t> cluster_beginnings(std::string_view line) {
    std::vector<std::size_t> beginnings = {0};
    while (beginnings.back() < line.size()) {
        beginnings.push_back(next_cluster(line, beginnings.back()));
    }
    return beginnings;
}

// What is drawn before the cursor, and behind it.
struct Drawn {
    std::string before;
    std::string behind;
};

Drawn parts_of(std::string_view bytes) {
    const auto between = [&](std::string_view from, std::string_view to) {
        const std::size_t begin = bytes.find(from) + from.size();
        return std::string(bytes.substr(begin, bytes.find(to, begin) - begin));
    };
    return {between("\033[?7l", "\0337"), between("\0337", "\033[K")};
}

void expect_row(const std::string& prompt, const std::string& line, std::size_t cursor,
                std::size_t columns, Where where = Where::here()) {
    const chatd::test::Caller caller(where);
    const std::string bytes = draw({prompt, line, cursor, columns});
    const Drawn drawn = parts_of(bytes);
    ScreenModel screen(columns, 2);
    screen.write("\033[?7h" + std::string(columns, '#') + bytes);  // over what was there
    EXPECT_EQ(screen.wraps(), 0);
    EXPECT_EQ(screen.cursor_row(), 0);
    EXPECT_EQ(screen.cursor_column(), columns_of(drawn.before));
    EXPECT_LT(columns_of(drawn.before + drawn.behind), columns);

    // Whole clusters on both sides, and a sign where some are left out.
    std::string_view before = drawn.before;
    std::string_view behind = drawn.behind;
    std::string_view whole_before = std::string_view(line).substr(0, cursor);
    const std::string_view whole_behind = std::string_view(line).substr(cursor);
    const bool is_prompt_whole = before.starts_with(prompt);
    if (is_prompt_whole) before.remove_prefix(prompt.size());
    if (is_prompt_whole && before != whole_before) {
        EXPECT_TRUE(before.starts_with('<'));
        before.remove_prefix(1);
        EXPECT_TRUE(whole_before.ends_with(before));
        const auto beginnings = cluster_beginnings(line);
        EXPECT_TRUE(std::ranges::binary_search(beginnings, cursor - before.size()));
    }
    if (behind != whole_behind) {
        EXPECT_TRUE(behind.ends_with('>'));
        behind.remove_suffix(1);
        EXPECT_TRUE(whole_behind.starts_with(behind));
        EXPECT_TRUE(std::ranges::binary_search(cluster_beginnings(line), cursor + behind.size()));
    }
}

}  // namespace

Test(input_row, a_short_line_stands_behind_the_prompt) {
    EXPECT_EQ(shown(20, "> ", "|"), "> |");
    EXPECT_EQ(shown(20, "> ", "hello|"), "> hello|");
    EXPECT_EQ(shown(20, "> ", "hel|lo"), "> hel|lo");
    EXPECT_EQ(shown(20, "小明> ", "你|好"), "小明> 你|好");
}

Test(input_row, what_stood_in_the_row_is_gone) {
    ScreenModel screen(10, 2);
    screen.write(draw({"> ", "hello", 5, 10}));
    screen.write(draw({"> ", "he", 1, 10}));
    EXPECT_EQ(screen.text(), "> he");
}

Test(input_row, the_last_column_stays_empty) {
    EXPECT_EQ(shown(10, "> ", "1234|56"), "> 1234|56");
    EXPECT_EQ(shown(10, "> ", "1234|567"), "> 1234|567");
    EXPECT_EQ(shown(10, "> ", "1234|5678"), "> 1234|56>");
}

Test(input_row, a_long_line_shows_where_the_cursor_is) {
    EXPECT_EQ(shown(12, "> ", "123456789abcdefghij|"), "> <defghij|");
    EXPECT_EQ(shown(12, "> ", "|123456789abcdefghij"), "> |12345678>");
    EXPECT_EQ(shown(12, "> ", "123456789ab|cdefghij"), "> <9ab|cdef>");
}

Test(input_row, a_cursor_within_what_is_shown_does_not_move_the_text) {
    const std::string line = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::size_t moves = 0;
    std::string last;
    for (std::size_t cursor = 0; cursor <= line.size(); ++cursor) {
        const Drawn drawn = parts_of(draw({"", line, cursor, 21}));
        const std::string row = (drawn.before + drawn.behind).substr(0, 2);
        moves += row == last ? 0 : 1;
        last = row;
    }
    EXPECT_EQ(moves, 3);
}

Test(input_row, a_wide_character_is_shown_as_a_whole_or_not_at_all) {
    EXPECT_EQ(shown(10, "", "|你好世界你好"), "|你好世界>");
    EXPECT_EQ(shown(10, "", "|1你好世界你好"), "|1你好世>");
    EXPECT_EQ(shown(11, "", "一二三四五六七八|"), "<七八|");
}

Test(input_row, a_cluster_that_does_not_fit_is_left_out) {
    EXPECT_EQ(shown(5, "", "|" + kFamily), "|>");
    EXPECT_EQ(shown(5, "", kFamily + "|"), "<|");
    EXPECT_EQ(shown(7, "", kFamily + "|a"), "<|a");
}

Test(input_row, of_a_long_prompt_the_end_is_shown) {
    EXPECT_EQ(shown(11, "0123456789> ", "hi|"), "789> hi|");
    EXPECT_EQ(shown(11, "0123456小明 ", "hi|"), "小明 hi|");
    EXPECT_EQ(shown(11, "0小明小", "hi|"), "明小hi|");
}

Test(input_row, a_terminal_that_is_too_narrow_shows_nothing) {
    for (std::size_t columns = 0; columns < chatd::kInputColumnsMin; ++columns) {
        EXPECT_EQ(draw({"> ", "hello", 5, columns}), "\r\033[K");
    }
}

// A terminal that draws the family in two columns has the cursor two columns from the left.
Test(input_row, the_terminal_finds_the_place_of_the_cursor) {
    EXPECT_EQ(draw({"> ", kFamily + "ab", kFamily.size(), 40}),
              "\r\033[?7l> " + kFamily + "\0337ab\033[K\0338\033[?7h");
}

Test(input_row, any_line_stays_in_its_row_at_any_cursor_and_width) {
    const std::vector<std::string> clusters = {"a",       "b",       " ",     "你",
                                               "好",      "e\u0301", kFamily, "👍🏽",
                                               "❤\uFE0F", "🇨🇳",      "한",    "ก\u0E34\u0E48"};
    Random random(1);
    for (int round = 0; round < 400; ++round) {
        std::string line;
        for (std::size_t count = random.below(30); count > 0; --count)
            line += random.pick(clusters);
        const std::string prompt = random.pick(std::vector<std::string>{"", "> ", "小明> "});
        const std::size_t columns = chatd::kInputColumnsMin + random.below(40);
        for (const std::size_t cursor : cluster_beginnings(line)) {
            expect_row(prompt, line, cursor, columns);
        }
    }
}

Test(input_row, a_line_of_one_long_cluster_stays_in_its_row) {
    std::string line = "👩";
    for (int count = 0; count < 500; ++count) line += "\u200D👩";
    for (std::size_t columns = chatd::kInputColumnsMin; columns < 100; columns += 7) {
        expect_row("> ", line, 0, columns);
        expect_row("> ", line, line.size(), columns);
    }
}
