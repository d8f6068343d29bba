// Specification of chat/completion: what Tab makes of the word before the cursor.
#include "chat/completion.h"

#include <criterion/criterion.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/expect.h"

using chatd::Completion;

TestSuite(completion, .timeout = 20);

namespace {

using Words = std::vector<std::string>;

const Words kNames = {"小明", "Alice", "alfred", "bob", "小红", "王小明", "Åsa"};
const std::vector<std::string_view> kCommands = {"/help", "/history", "/me", "/msg", "/who"};

Completion complete(std::string_view before_cursor) {
    return chatd::complete(before_cursor, kNames, kCommands);
}

// What stands before the cursor after Tab.
std::string completed(std::string_view before_cursor) {
    const Completion completion = complete(before_cursor);
    return std::string(before_cursor.substr(0, before_cursor.size() - completion.bytes)) +
           completion.common;
}

}  // namespace

Test(completion, a_name_at_the_beginning_of_the_line_is_an_address) {
    EXPECT_EQ(completed("bo"), "bob: ");
    EXPECT_EQ(completed("王"), "王小明: ");
}

Test(completion, a_name_elsewhere_is_a_word) {
    EXPECT_EQ(completed("I met bo"), "I met bob ");
    EXPECT_EQ(completed("/msg bo"), "/msg bob ");
    EXPECT_EQ(completed(" bo"), " bob ");
}

Test(completion, a_command_is_completed_where_it_can_stand) {
    EXPECT_EQ(completed("/w"), "/who ");
    EXPECT_EQ(completed("/WH"), "/who ");
    EXPECT_EQ(completed("/h"), "/h");
    EXPECT_EQ(complete("/h").candidates, (Words{"/help", "/history"}));
    EXPECT_EQ(completed("/hi"), "/history ");
    EXPECT_EQ(complete("say /w").candidates, Words{});
}

Test(completion, case_makes_no_difference) {
    EXPECT_EQ(completed("ali"), "Alice: ");
    EXPECT_EQ(completed("BOB"), "bob: ");
    EXPECT_EQ(completed("hi å"), "hi Åsa ");
    EXPECT_EQ(completed("hi a\u030A"), "hi Åsa ");
}

Test(completion, of_several_names_what_they_have_in_common_is_written) {
    EXPECT_EQ(complete("a").candidates, (Words{"alfred", "Alice", "Åsa"}));
    EXPECT_EQ(completed("A"), "a");
    EXPECT_EQ(complete("小").candidates, (Words{"小明", "小红"}));
    EXPECT_EQ(completed("小"), "小");
    const Completion completion = chatd::complete("X", {"xenia", "Xenon", "xena"}, {});
    EXPECT_EQ(completion.common, "xen");
    EXPECT_EQ(completion.bytes, 1);
}

Test(completion, a_name_may_begin_in_the_middle_of_Chinese_text) {
    EXPECT_EQ(completed("你好小红"), "你好小红 ");
    EXPECT_EQ(completed("谢谢，bo"), "谢谢，bob ");
    EXPECT_EQ(completed("谢谢王小"), "谢谢王小明 ");
    EXPECT_EQ(complete("thebo").candidates, Words{});
}

Test(completion, an_empty_word_is_a_name_only_behind_a_command) {
    EXPECT_EQ(complete("").candidates, Words{});
    EXPECT_EQ(complete("hello ").candidates, Words{});
    EXPECT_EQ(complete("/msg ").candidates.size(), kNames.size());
    EXPECT_EQ(completed("/msg "), "/msg ");
    EXPECT_EQ(complete("/msg bob ").candidates, Words{});
}

Test(completion, what_nobody_is_called_stays_as_it_is) {
    EXPECT_EQ(completed("nobody"), "nobody");
    EXPECT_EQ(complete("nobody").bytes, 0);
    EXPECT_EQ(completed("/nothing"), "/nothing");
    EXPECT_EQ(completed("你好"), "你好");
}

Test(completion, what_cannot_be_seen_is_the_beginning_of_no_name) {
    EXPECT_EQ(complete("\uFE0F").candidates, Words{});
    EXPECT_EQ(complete("hi \u200D").candidates, Words{});
}
