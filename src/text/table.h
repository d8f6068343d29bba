// Tables: rows of cells under headings, aligned by how wide a terminal draws them.
//
// No cell of a table is ever cut or broken: people copy names and addresses out of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"

namespace chatd {

enum class Align : std::uint8_t { Left, Right };

struct Column {
    std::string_view heading;
    Align align = Align::Left;
    // A cell that takes more columns of the terminal stands on a line of its own, and its row goes
    // on in the next line. So it makes the column no wider.
    std::size_t columns_max = kRowColumnsMax;
};

class Table {
  public:
    explicit Table(std::initializer_list<Column> columns);

    // Adds a row: a cell for each column, of clean text. A table with kTableRowsMax rows stays as
    // it is.
    void add(std::vector<std::string> cells);

    // Appends the headings and the rows, each line with its end, or nothing when there are no rows.
    // When a row has more than kRowColumnsMax columns, its last cell stands on a line of its own.
    void append_to(std::string& out) const;

  private:
    using Row = std::vector<std::string>;
    using Widths = std::vector<std::size_t>;  // in columns of the terminal

    [[nodiscard]] std::size_t width_of(std::size_t column) const;
    void append_row(std::string& out, const Row& row, const Widths& widths) const;

    std::vector<Column> columns_;
    std::vector<Row> rows_;  // the first one has the headings
};

}  // namespace chatd
