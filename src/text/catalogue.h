// The catalogue: every text that a client can see, in every language, in one table
// (catalogue_data.inc). A text may have blanks to be filled in, written {0}, {1}, …
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "text/language.h"

namespace chatd {

enum class Text : std::uint8_t {
#define CHATD_TEXT(name, english, chinese) name,
#include "text/catalogue_data.inc"
#undef CHATD_TEXT
    kCount,
};

// The text as it stands in the table, with its blanks. Valid for ever.
[[nodiscard]] std::string_view text_of(Text text, Language language);

// Appends the text with its blanks filled in: {0} by the first of `fillings`, and so on. The text
// may leave some out; too few of them end the process. The fillings must be clean, for nobody
// cleans them here.
void append_text(std::string& out, Language language, Text text,
                 std::initializer_list<std::string_view> fillings = {});

}  // namespace chatd
