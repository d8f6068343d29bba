// Specification of chat/input_history: which lines are kept, and what a file makes of them.
#include "chat/input_history.h"

#include <criterion/criterion.h>

#include <string>
#include <vector>

#include "base/bounds.h"
#include "support/expect.h"

using chatd::InputHistory;

TestSuite(input_history, .timeout = 20);

namespace {

std::vector<std::string> lines_of(const InputHistory& history) {
    std::vector<std::string> lines;
    for (std::size_t index = 0; index < history.size(); ++index) {
        lines.push_back(history.at(index));
    }
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

Test(input_history, lines_are_kept_in_their_order) {
    InputHistory history;
    EXPECT_EQ(history.size(), 0);
    for (const char* line : {"one", "你好", "one"}) history.add(line);
    EXPECT_EQ(lines_of(history), (Lines{"one", "你好", "one"}));
}

Test(input_history, a_line_that_was_just_entered_is_not_kept_twice) {
    InputHistory history;
    for (const char* line : {"one", "one", "two", "two", "one"}) history.add(line);
    EXPECT_EQ(lines_of(history), (Lines{"one", "two", "one"}));
}

Test(input_history, a_line_without_anything_to_see_is_not_kept) {
    InputHistory history;
    for (const char* line : {"", "  ", "\u3000", "\t", "\x01"}) history.add(line);
    EXPECT_EQ(history.size(), 0);
}

Test(input_history, the_oldest_lines_are_forgotten) {
    InputHistory history;
    for (std::size_t number = 0; number <= chatd::kInputHistoryLines; ++number) {
        history.add(std::to_string(number));
    }
    EXPECT_EQ(history.size(), chatd::kInputHistoryLines);
    EXPECT_EQ(history.at(0), "1");
}

Test(input_history, its_bytes_are_bounded) {
    InputHistory history;
    const std::string longest(chatd::kLineBytesMax, 'x');
    for (int number = 0; number < 500; ++number) history.add(longest.substr(number % 2));
    EXPECT_LE(history.serialize().size(), chatd::kInputHistoryBytes);
    EXPECT_GT(history.serialize().size(), chatd::kInputHistoryBytes - longest.size() - 1);
    history.add(longest + "x");
    EXPECT_LE(history.at(history.size() - 1).size(), longest.size());
}

Test(input_history, a_file_brings_the_lines_back) {
    InputHistory history;
    EXPECT_EQ(history.serialize(), "");
    for (const char* line : {"one", "  two words ", "小明 😀"}) history.add(line);
    EXPECT_EQ(history.serialize(), "one\n  two words \n小明 😀\n");
    EXPECT_EQ(lines_of(InputHistory::parse(history.serialize())), lines_of(history));
}

Test(input_history, lines_that_are_not_in_the_file_yet_are_counted) {
    InputHistory history = InputHistory::parse("one\ntwo\n");
    EXPECT_EQ(history.added(), 0);
    history.add("three");
    history.add("three");
    EXPECT_EQ(history.added(), 1);
}

Test(input_history, of_any_file_comes_what_can_be_drawn) {
    const InputHistory history = InputHistory::parse("\n\na\033[2Jb\r\n\xFF\n\n  \nlast");
    EXPECT_EQ(lines_of(history), (Lines{"ab", "\uFFFD", "last"}));
    EXPECT_EQ(InputHistory::parse("").size(), 0);
    EXPECT_EQ(InputHistory::parse(std::string(100'000, 'x')).size(), 0);
}
