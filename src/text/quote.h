// Text in quotes, for a terminal or a file in which people read what a stranger may have sent. What
// a terminal would act on must never come out of it.
#pragma once

#include <string>
#include <string_view>

namespace chatd {

// Bytes that are no character, controls, and what has no shape or turns the direction of writing
// are escaped: \n, \x1b, \u{202e}. Of a long text the beginning is shown (kTracedTextBytesMax).
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace chatd
