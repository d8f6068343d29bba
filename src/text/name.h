// What a name may be, of a user or of a room, and when two names are the same.
//
// Names stand where people decide whom to trust and programs split words, so they are far
// stricter than chat text: nothing invisible, nothing that combines without end, no spaces.
// Nothing here knows which names are taken.

#pragma once

#include <array>
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

// The keys by which look-alikes are found: two good names look alike iff they share one. What
// counts is what UTS #39 says of their characters, in either case: U+0430 and U+0061 are alike, so
// are 0 and O, 1 and l, m and rn, a wide letter and a narrow one, U+00E9 and "e" with U+0301.
//
// There are two, because a capital I is both: in the first key it looks like an l, in the second it
// is an i ("Ian" is like "lan" and like "ian", which are not like each other).
//
// Names that differ in case alone need not share a key: nobody but a reader of Greek takes a small
// nu for its capital. Names are taken if they are the same or look alike.
[[nodiscard]] std::array<std::string, 2> skeletons_of(std::string_view name);

}  // namespace chatd
