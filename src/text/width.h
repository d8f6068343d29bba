// Widths: how many columns a terminal gives to a text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd {

// The columns of `text`, in which no control character may stand: the sum of what wcwidth(3) gives
// to each character. That is two for what is_wide(), none for what is_zero_width(), and one for
// everything else, also for characters of ambiguous width (UAX #11) and for an ill-formed byte,
// which is U+FFFD to a terminal.
//
// So an emoji counts by its parts: six columns for a family of three, four for a hand with a skin
// colour, one for a heart that a variation selector paints red. A terminal that draws such a
// sequence as one picture gives it two columns. Names have no emoji.
[[nodiscard]] std::size_t columns_of(std::string_view text);

// Returns `text`, which may have several lines, in lines of at most `columns`, as far as its words
// allow. Lines are cut at a space, which is taken out, and where a wide character stands before a
// narrow one; terminals themselves cut between two wide ones.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t columns);

}  // namespace chatd
