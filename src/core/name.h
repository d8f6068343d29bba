// What a name may be, of a user or of a room, and when two names are the same.
//
// Names stand where people decide whom to trust and programs split words, so they are far
// stricter than chat text: nothing invisible, nothing that combines without end, no spaces.
// Nothing here knows which names are taken. Look-alikes across scripts (U+0061 and U+0430) are
// different names; telling them apart is left to the reader.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chatd {

enum class NameFault : std::uint8_t {
    None,
    Empty,
    TooLong,       // more than kNameCharactersMax characters
    BadCharacter,  // a character, its place, or bytes that are no UTF-8; or nothing but "_-."
};

// The first fault of `name`, in the order of the enumeration.
//
// A good name has 1..kNameCharactersMax code points: letters and digits of any script, "_", "-"
// and ".", and combining marks after a letter, at most four in a row. At least one is a letter or
// a digit.
[[nodiscard]] NameFault check_name(std::string_view name);

// The key by which names are compared: two names are the same iff their keys are equal. Simple
// case folding, code point by code point, without normalization. Takes any bytes; the key of a
// good name is a good name of as many characters.
[[nodiscard]] std::string fold_name(std::string_view name);

}  // namespace chatd
