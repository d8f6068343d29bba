// Specification of text/table: rows of cells in columns, as a terminal draws them.
#include "text/table.h"

#include <criterion/criterion.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "base/bounds.h"
#include "support/death.h"
#include "support/expect.h"
#include "text/width.h"

using chatd::Align;
using chatd::Column;
using chatd::columns_of;
using chatd::kRowColumnsMax;
using chatd::kTableRowsMax;
using chatd::Table;
using chatd::test::aborts;

namespace {

using Rows = std::initializer_list<std::vector<std::string>>;

std::string table(std::initializer_list<Column> columns, Rows rows) {
    Table table(columns);
    for (const auto& row : rows) table.add(row);
    std::string out;
    table.append_to(out);
    return out;
}

const std::initializer_list<Column> kThree = {
    {.heading = "name", .columns_max = 8}, {.heading = "pid", .align = Align::Right}, {"from"}};

}  // namespace

TestSuite(table, .timeout = 20);

Test(table, columns_are_as_wide_as_their_widest_cell) {
    EXPECT_EQ(table(kThree, {{"alice", "7", "here"}, {"bo", "4711", "there, or elsewhere"}}),
              "  name    pid  from\n"
              "  alice     7  here\n"
              "  bo     4711  there, or elsewhere\n");
}

Test(table, width_is_what_a_terminal_draws) {
    EXPECT_EQ(
        table(kThree, {{"小明", "1", "家"}, {"e\u0301ve", "12", "home"}, {"アリス", "3", "x"}}),
        "  name    pid  from\n"
        "  小明      1  家\n"
        "  e\u0301ve      12  home\n"
        "  アリス    3  x\n");
}

Test(table, a_heading_may_be_the_widest) {
    EXPECT_EQ(table({{.heading = "名字"}, {.heading = "进程号", .align = Align::Right}, {"地址"}},
                    {{"a", "1", "b"}}),
              "  名字  进程号  地址\n"
              "  a          1  b\n");
}

Test(table, a_table_without_rows_is_nothing) {
    EXPECT_EQ(table(kThree, {}), "");
}

Test(table, no_line_ends_in_blanks) {
    EXPECT_EQ(table({{"a"}, {"b"}}, {{"long", ""}}), "  a     b\n  long\n");
}

Test(table, a_cell_that_is_too_wide_stands_alone_and_moves_no_other) {
    EXPECT_EQ(table(kThree, {{"alice", "7", "here"}, {"欧阳欧阳欧", "8", "there"}}),
              "  name   pid  from\n"
              "  alice    7  here\n"
              "  欧阳欧阳欧\n"
              "           8  there\n");
}

Test(table, a_cell_of_the_greatest_width_stands_in_its_row) {
    EXPECT_EQ(table(kThree, {{"欧阳欧阳", "8", "there"}}),
              "  name      pid  from\n"
              "  欧阳欧阳    8  there\n");
}

Test(table, a_last_cell_without_room_stands_alone_and_whole) {
    const std::string fits(kRowColumnsMax - std::string("  bob     8  ").size(), 'x');
    const std::string wide = fits + 'y';
    const std::string out =
        table(kThree, {{"eve", "7", fits}, {"bob", "8", wide}, {"al", "9", "z"}});
    EXPECT_CONTAINS(out, "\n  eve     7  " + fits + "\n");
    EXPECT_CONTAINS(out, "\n  bob     8\n      " + wide + "\n  al      9  z\n");
}

Test(table, every_row_with_cells_that_fit_is_narrow_enough) {
    for (std::size_t width = 0; width < kRowColumnsMax - 6; ++width) {
        const std::string out = table(kThree, {{"alice", "123456", std::string(width, 'x')}});
        for (std::size_t begin = 0, end; begin < out.size(); begin = end + 1) {
            end = out.find('\n', begin);
            EXPECT_TRUE(columns_of(out.substr(begin, end - begin)) <= kRowColumnsMax);
        }
    }
}

Test(table, a_table_has_only_so_many_rows) {
    Table table({{"n"}});
    for (std::size_t row = 0; row < kTableRowsMax + 5; ++row) table.add({std::to_string(row)});
    std::string out;
    table.append_to(out);
    EXPECT_TRUE(out.ends_with("\n  " + std::to_string(kTableRowsMax - 1) + "\n"));
}

Test(table, a_row_with_too_few_cells_ends_the_process) {
    EXPECT_TRUE(aborts([] { Table({{"a"}, {"b"}}).add({"only one"}); }));
}
