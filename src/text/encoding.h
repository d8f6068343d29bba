// Which encoding a line is in. The room speaks UTF-8; what a terminal sends in another encoding is
// unreadable for all others, and its user cannot know that.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chatd {

enum class Encoding : std::uint8_t { Utf8, Gbk, Big5, GbkOrBig5, Unknown };

// Guesses, because many lines are good in more than one encoding: GbkOrBig5 when nothing speaks for
// one of the two alone. A line that is UTF-8 but for some bytes is Utf8: a terminal may have erased
// a character by half. Takes any bytes.
[[nodiscard]] Encoding encoding_of(std::string_view line);

// A line, with its end, that asks a Chinese reader to use UTF-8, in bytes that a terminal of this
// encoding shows; two lines for GbkOrBig5, and empty for Utf8 and Unknown.
[[nodiscard]] std::string advice_in(Encoding encoding);

}  // namespace chatd
