// Properties of characters: those few of the Unicode Character Database that chatd needs.
//
// Names and chat text are judged by these properties. Never use <cctype> or a locale of the C
// library for that, because their answers depend on the machine. scripts/unicode-tables generates
// the tables of these properties, which name their Unicode version. All functions take any
// char32_t; surrogates and codes above U+10FFFF have none of the properties.
#pragma once

#include <string>

namespace chatd {

// General categories Lu, Ll, Lt, Lm, Lo, except default ignorable code points. The exceptions are
// the Hangul fillers: their category is that of letters, but they are invisible.
[[nodiscard]] bool is_letter(char32_t code);

// General category Nd: a decimal digit of any script.
[[nodiscard]] bool is_digit(char32_t code);

// General categories Mn and Mc, except default ignorable code points (variation selectors and
// the combining grapheme joiner among them).
[[nodiscard]] bool is_combining_mark(char32_t code);

// General category Me: marks that are drawn around the character before them.
[[nodiscard]] bool is_enclosing_mark(char32_t code);

// General categories Zs, Zl and Zp. TAB and line ends are controls, not spaces.
[[nodiscard]] bool is_space(char32_t code);

// Default_Ignorable_Code_Point (UAX #44): nothing is drawn for it unless the font supports it. Such
// are zero-width joiners, variation selectors and bidi controls.
[[nodiscard]] bool is_default_ignorable(char32_t code);

// Simple case folding, from one code point to one: statuses C and S of CaseFolding.txt. A code that
// has no other case is returned as it is. Folding does not depend on a language and does not
// normalize: U+00E9 and "e" with U+0301 stay different.
[[nodiscard]] char32_t fold_case(char32_t code);

// Appends the prototype of `code`, a character of a name: what it has in common with all characters
// that look like it, in either case. This is the prototype of UTS #39, decomposed (NFKD) and
// folded: one or more characters. Marks that look different stay different. Only a capital I, of
// any script, becomes U+0049: the caller decides whether it counts as an i or as an l.
void append_prototype(std::u32string& out, char32_t code);

}  // namespace chatd
