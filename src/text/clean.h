// What may stand in a chat line.
//
// A chat line is written by one stranger and drawn by another's terminal. The core cleans every
// line before it travels and checks that it is clean wherever it arrives, so that no line can
// move a cursor, recolour a screen, reverse the text around it or hide what it says. Nothing
// here knows about commands, lengths or who wrote the line.

#pragma once

#include <string>
#include <string_view>

namespace chatd {

// The line as it may be shown to others: well-formed UTF-8 without controls.
//
// Escape sequences go as a whole (ECMA-48 5.4 and 5.6, ISO 2022), whether begun by ESC or by a
// C1 control. One that the line does not finish loses only its introducer, so that a stray ESC
// cannot swallow what was said after it. Ill-formed UTF-8 and noncharacters become U+FFFD; a
// TAB and the separators U+2028 and U+2029 become a space; all other controls, bidi controls,
// U+FEFF, interlinear annotation and tag characters are dropped. What scripts and emoji need is
// kept, even if it has no width: joiners, variation selectors, soft hyphens.
//
// Combining and enclosing marks are dropped beyond kTextMarksMax in a row, and where nothing
// carries them: at the beginning and after a space. What has no width neither carries marks nor
// begins another row. So a clean line stays clean wherever it is cut after a space.
//
// Takes time linear in the line, at most triples its bytes, and changes nothing the second time.
[[nodiscard]] std::string clean_text(std::string_view line);

// True iff clean_text(line) == line. Allocates nothing.
[[nodiscard]] bool is_clean_text(std::string_view line);

// True iff clean_text(line) would change nothing or only drop marks: what programs took for clean
// that did not count them yet. Allocates nothing.
[[nodiscard]] bool is_clean_but_for_marks(std::string_view line);

// True iff a reader would see nothing of the line: only spaces of any kind, TABs, characters
// without shape. The empty line is blank; other controls are not looked through, so clean first.
[[nodiscard]] bool is_blank(std::string_view line);

// `text` without the ASCII spaces and TABs around it.
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace chatd
