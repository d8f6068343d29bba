// The input row: the bytes that draw the line that is being typed, in one row of a terminal.
//
// The row never wraps, whatever the line is, and it can be drawn again over itself: so messages can
// be written above it. Pure: nothing is remembered of how it was drawn before.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd {

// No control characters may stand in the prompt and the line.
struct InputRow {
    std::string prompt;
    std::string_view line;
    std::size_t cursor;   // a byte of the line, at the beginning of a cluster, or its size
    std::size_t columns;  // of the terminal
};

// Returns the bytes that draw the row over that in which the cursor is: they begin with CR, and end
// with the cursor at its place and the rest of the row erased. Of the row all columns but the last
// are used, because some terminals go on to the next row from there. In fewer than
// kInputColumnsMin only an empty row is drawn.
//
// A line that is too long is cut between clusters, with "<" and ">" for what is not shown; of a
// prompt, half of the row shows the end. The part that is shown moves on by half of its width when
// the cursor reaches the end, and it depends on nothing but the row.
//
// The terminal may give another width to an emoji than cluster_columns(). So the cursor is where
// the terminal has it after what stands before it: there it is saved, and restored after the rest
// (ESC 7 and ESC 8: DECSC and DECRC of the VT100). Automatic wrapping is off meanwhile (DECAWM),
// for terminals that give two columns to characters of ambiguous width, such as Chinese quotation
// marks.
[[nodiscard]] std::string draw(const InputRow& row);

}  // namespace chatd
