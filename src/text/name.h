// Names: which ones are good, and which ones are the same or look alike.
//
// People decide by a name whom to trust, and programs rely on it being one word. So the rules are
// much stricter than for chat text: nothing invisible, no long rows of combining marks, no spaces,
// no mixture of scripts. This file must never know which names are taken.
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
    BadCharacter,  // a bad character, one at a bad place, bad UTF-8, or no letter and no digit
    Mixture,       // letters of scripts that do not go together, or digits of two scripts
};

// Returns what can be seen of a name as it was typed or pasted: without what has no shape at its
// ends, as spaces of all kinds. Takes any bytes; valid as long as `typed` is.
[[nodiscard]] std::string_view trim_name(std::string_view typed);

// Returns the first fault of `name`, in the order of the enumeration. Takes any bytes.
//
// A good name has 1 to kNameCharactersMax code points. They are those of the General Security
// Profile for Identifiers (UTS #39, section 3.1), and the wide and narrow forms of these. The name
// is "highly restrictive" (section 5.2): its scripts are one, or Latin with those of Chinese,
// Japanese or Korean. At least one character is a letter or a digit, and
//
// - at most kNameMarksMax combining marks follow a letter, no mark twice in a row;
// - "_" stands anywhere;
// - other punctuation stands only between letters and digits, and only "-", ".", and what UAX #31
//   (table 3) has for names like "O'Brien". A word in Hebrew may end with a geresh;
// - joiners stand only where they change a letter's form (UAX #31, section 2.3.1).
[[nodiscard]] NameFault check_name(std::string_view name);

// Whether this may be what an older program took for a good name, the name of a member who was here
// before an upgrade: clean text of at most kNameBytesMax, of characters that are, or were, good in
// names. Takes any bytes.
[[nodiscard]] bool may_be_name(std::string_view name);

// Returns the key by which names are compared: two names are the same when their keys are equal.
// The key does not depend on case, on the normal form, on the width of the letters, on joiners, and
// on which of its forms an apostrophe, a hyphen or a middle dot has. Takes any bytes. The key of a
// key is the key itself.
[[nodiscard]] std::string fold_name(std::string_view name);

// Returns the two keys by which look-alikes are found: two good names look alike when they have a
// key in common. UTS #39 says which characters look alike, and both cases of a letter are compared:
// U+0430 and U+0061, 0 and O, 1 and l, m and rn, a wide letter and a narrow one, U+00E9 and "e"
// with U+0301. What people overlook makes no difference: apostrophes (but for a geresh), how many
// "_" stand in a row, a dot above an i.
//
// There are two keys because of the capital I. In the first key it counts as an l, in the second as
// an i: "Ian" looks like "lan", and it looks like "ian", but these two do not look like each other.
//
// Names that differ only in case need not have a key in common: only readers of Greek know that
// small nu and capital nu are one letter. So a name is taken when one is the same or looks alike.
[[nodiscard]] std::array<std::string, 2> skeletons_of(std::string_view name);

}  // namespace chatd
