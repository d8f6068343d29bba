// Names: which ones are good, and which ones are the same or look alike.
//
// People decide by a name whom to trust, and programs rely on it being one word. So the rules are
// much stricter than for chat text: nothing invisible, no long rows of combining marks, no spaces.
// This file must never know which names are taken.
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
    BadCharacter,  // a bad character, a mark at a bad place, bad UTF-8, or nothing but "_-."
};

// Returns the first fault of `name`, in the order of the enumeration. Takes any bytes.
//
// A good name has 1 to kNameCharactersMax code points: letters and digits of any script, "_", "-"
// and ".", and combining marks after a letter, at most kNameMarksMax in a row. At least one of them
// is a letter or a digit.
[[nodiscard]] NameFault check_name(std::string_view name);

// Returns the key by which names are compared: two names are the same when their keys are equal.
// The key is made by simple case folding, code point by code point, without normalization. Takes
// any bytes. The key of a good name is a good name with the same number of characters.
[[nodiscard]] std::string fold_name(std::string_view name);

// Returns the two keys by which look-alikes are found: two good names look alike when they have a
// key in common. UTS #39 says which characters look alike, and both cases of a letter are compared:
// U+0430 and U+0061, 0 and O, 1 and l, m and rn, a wide letter and a narrow one, U+00E9 and "e"
// with U+0301.
//
// There are two keys because of the capital I. In the first key it counts as an l, in the second as
// an i: "Ian" looks like "lan", and it looks like "ian", but these two do not look like each other.
//
// Names that differ only in case need not have a key in common: only readers of Greek know that
// small nu and capital nu are one letter. So a name is taken when one is the same or looks alike.
[[nodiscard]] std::array<std::string, 2> skeletons_of(std::string_view name);

}  // namespace chatd
