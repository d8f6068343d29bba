// Properties of characters: those few of the Unicode Character Database that chatd needs.
//
// Names and chat text are judged by these properties. Never use <cctype> or a locale of the C
// library for that, because their answers depend on the machine. scripts/unicode-tables generates
// the tables of these properties, which name their Unicode version. All functions take any
// char32_t; surrogates and codes above U+10FFFF have none of the properties.
#pragma once

#include <cstdint>
#include <string>

namespace chatd {

// General categories Lu, Ll, Lt, Lm, Lo, except default ignorable code points. The exceptions are
// the Hangul fillers: their category is that of letters, but they are invisible.
[[nodiscard]] bool is_letter(char32_t code);

// The zero with which the decimal digit `code` (general category Nd) is counted; 0 for all others.
[[nodiscard]] char32_t zero_of(char32_t code);
[[nodiscard]] inline bool is_digit(char32_t code) {
    return zero_of(code) != 0;
}

// General categories Mn and Mc, except default ignorable code points (variation selectors and
// the combining grapheme joiner among them).
[[nodiscard]] bool is_combining_mark(char32_t code);

// General category Me: marks that are drawn around the character before them.
[[nodiscard]] bool is_enclosing_mark(char32_t code);

// General categories Zs, Zl and Zp. TAB and line ends are controls, not spaces.
[[nodiscard]] bool is_space(char32_t code);

// What a person takes for a space: is_space(), TAB, U+200B, and letters and signs that are drawn as
// an empty place.
[[nodiscard]] bool is_space_like(char32_t code);

// Default_Ignorable_Code_Point (UAX #44): nothing is drawn for it unless the font supports it. Such
// are zero-width joiners, variation selectors and bidi controls.
[[nodiscard]] bool is_default_ignorable(char32_t code);

// East_Asian_Width W or F (UAX #11), except marks: characters that take two columns of a terminal.
// Of the reserved codes those count that are kept for ideographs.
[[nodiscard]] bool is_wide(char32_t code);

// What takes no column: general categories Mn and Me, default ignorable code points, and the vowels
// and tails of Hangul, which are drawn into the lead before them. The soft hyphen and the fillers
// that stand for a Hangul letter take their place.
[[nodiscard]] bool is_zero_width(char32_t code);

// Simple case folding, from one code point to one: statuses C and S of CaseFolding.txt. A code that
// has no other case is returned as it is. Folding does not depend on a language and does not
// normalize: U+00E9 and "e" with U+0301 stay different.
[[nodiscard]] char32_t fold_case(char32_t code);

// --- For names alone

// The writing systems in which `code` is used, one bit each; 0 when it may stand in no name.
//
// A writing system is a script that UAX #31 recommends (table 5), or what UTS #39 (section 5.2,
// "highly restrictive") lets stand together: Latin with the scripts of Chinese, Japanese or Korean.
// The characters are those with the Identifier_Status "Allowed" of UTS #39 but the colon, and the
// wide and narrow forms of these. Conjoining Hangul letters are not among them: see
// compose_syllable().
[[nodiscard]] std::uint32_t systems_of(char32_t code);
inline constexpr std::uint32_t kAllSystems = UINT32_MAX;

// Joiners change the form of the letters around them, where these can change (UAX #31, 2.3.1):
// behind a virama, which is what the signs of Canonical_Combining_Class 9 are called here; and, for
// the non-joiner, between two letters that would join (Joining_Type D; and R or D).
inline constexpr char32_t kZeroWidthNonJoiner = 0x200C;
inline constexpr char32_t kZeroWidthJoiner = 0x200D;
[[nodiscard]] bool is_virama(char32_t code);
[[nodiscard]] bool joins_next(char32_t code);
[[nodiscard]] bool joins_previous(char32_t code);

// Makes one Hangul syllable of `last` and `next` if normalization (NFC) does. Otherwise returns
// false and changes nothing.
[[nodiscard]] bool compose_syllable(char32_t& last, char32_t next);

// Appends what `code` has in common with all characters that are the same to whoever types a name:
// it is folded (full case folding) and decomposed (NFKD), and of the apostrophes, the hyphens and
// the middle dots one stands for all. One or more characters.
void append_folding(std::u32string& out, char32_t code);

// Appends the prototype of `code`, a character of a name: what it has in common with all characters
// that look like it, in either case. This is the prototype of UTS #39, decomposed (NFKD) and
// folded: one or more characters. Marks that look different stay different. Only a capital I, of
// any script, becomes U+0049: the caller decides whether it counts as an i or as an l.
void append_prototype(std::u32string& out, char32_t code);

}  // namespace chatd
