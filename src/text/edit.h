// Editing: what the keys do that a terminal in raw mode sends among the text.
#pragma once

#include <string>
#include <string_view>

namespace chatd {

// The line as its writer means it. A terminal in raw mode sends the keys that erase the last
// character, the last word and the whole line, and leaves the erasing to others (ERASE, WERASE and
// KILL of termios(3)). What is left of a line with such keys is clean.
[[nodiscard]] std::string edited(std::string_view line);

}  // namespace chatd
