// The rules for chat lines, and the cleaning that makes a line keep them.
//
// One stranger writes a chat line, and another stranger's terminal draws it. So the worker cleans
// every line before it sends it, and the broker checks that it is clean: no line can move a cursor,
// recolour a screen, reverse the text around it or hide what it says. This file must never know
// about commands, lengths, or who wrote the line.
#pragma once

#include <string>
#include <string_view>

namespace chatd {

// Returns the line as it may be shown to others: well-formed UTF-8 without controls.
//
// Escape sequences are dropped as a whole (ECMA-48 5.4 and 5.6, ISO 2022), whether they begin with
// ESC or with a C1 control. Of a sequence that the line does not finish only the introducer is
// dropped, so that a stray ESC cannot swallow the text after it. Ill-formed UTF-8 and noncharacters
// become U+FFFD. A TAB and the separators U+2028 and U+2029 become a space. All other controls,
// bidi controls, U+FEFF, interlinear annotation and tag characters are dropped.
//
// Combining and enclosing marks are dropped when there are more than kTextMarksMax in a row, and
// where no character carries them: at the beginning and after a space. Characters without width
// carry no marks and do not begin a new row. So a clean line that is cut after a space is clean.
// Everything else that scripts and emoji need is kept, even if it has no width: joiners, variation
// selectors, soft hyphens.
//
// Takes linear time and at most triples the bytes. Cleaning a clean line changes nothing.
[[nodiscard]] std::string clean_text(std::string_view line);

// Is clean_text(line) == line? Allocates nothing.
[[nodiscard]] bool is_clean_text(std::string_view line);

// Would a reader see nothing of the line? It is empty then, or has only spaces of any kind, TABs
// and characters without shape. Any other control makes a line not blank, so clean it first.
[[nodiscard]] bool is_blank(std::string_view line);

// Returns `text` without the spaces around it, whatever is_space_like(), and without characters of
// no shape and marks that nothing carries before it; at its end these stay, because they may belong
// to an emoji. What was part of a clean line is clean then. Valid as long as `text` is.
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace chatd
