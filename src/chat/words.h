// What the client says by itself, in every language: a table like that of text/catalogue.h, and
// filled in the same way. What happens in the room is told in the words of that other table, which
// the server uses too.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "text/catalogue.h"

namespace chatd {

enum class Word : std::uint8_t {
#define CHATD_WORD(name, english, chinese) name,
#include "chat/words_data.inc"
#undef CHATD_WORD
};

// The words with their blanks filled in: {0} by the first of `fillings`, and so on. Too few of them
// end the process. The fillings must be clean.
[[nodiscard]] std::string words_of(Word word, Language language,
                                   std::initializer_list<std::string_view> fillings = {});

}  // namespace chatd
