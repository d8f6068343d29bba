#include "text/table.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "text/width.h"

namespace chatd {
namespace {

constexpr std::string_view kGap = "  ";       // before each cell
constexpr std::string_view kIndent = "    ";  // before the gap, when the last cell stands alone

void append_line(std::string& out, std::string_view line) {
    out.append(line.substr(0, line.find_last_not_of(' ') + 1)).append(1, '\n');
}

}  // namespace

Table::Table(std::initializer_list<Column> columns) : columns_(columns), rows_(1) {
    for (const Column& column : columns_) rows_.front().emplace_back(column.heading);
}

void Table::add(std::vector<std::string> cells) {
    CHATD_CHECK(cells.size() == columns_.size());
    if (rows_.size() <= kTableRowsMax) rows_.push_back(std::move(cells));
}

void Table::append_to(std::string& out) const {
    if (rows_.size() == 1) return;
    Widths widths;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
        widths.push_back(width_of(column));
    }
    for (const Row& row : rows_) append_row(out, row, widths);
}

std::size_t Table::width_of(std::size_t column) const {
    std::size_t widest = 0;
    for (const Row& row : rows_) {
        const std::size_t width = columns_of(row[column]);
        if (width <= columns_[column].columns_max) widest = std::max(widest, width);
    }
    return widest;
}

void Table::append_row(std::string& out, const Row& row, const Widths& widths) const {
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
        const std::size_t width = columns_of(row[i]);
        line += kGap;
        if (width > widths[i]) {
            append_line(out, line + row[i]);
            line.assign(columns_of(line) + widths[i], ' ');
            continue;
        }
        const std::string blank(widths[i] - width, ' ');
        line += columns_[i].align == Align::Left ? row[i] + blank : blank + row[i];
    }
    if (columns_of(line) + kGap.size() + columns_of(row.back()) > kRowColumnsMax) {
        append_line(out, line);
        line = kIndent;
    }
    append_line(out, line.append(kGap).append(row.back()));
}

}  // namespace chatd
