// UTF-8: bytes to code points and back, and cutting text without splitting a character.
//
// Every other unit that looks at text does so through here, so that all of chatd agrees on what
// a character is and on what an ill-formed one is worth. Nothing here allocates (except
// append_utf8 into its caller's string), trusts its input, or gives up on any byte.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd {

// U+FFFD, what stands in for bytes that are no character.
inline constexpr char32_t kReplacementCharacter = 0xFFFD;

// The character at the front of some text.
struct Decoded {
    char32_t code;      // kReplacementCharacter if not valid
    std::size_t bytes;  // how many bytes it took, 1..4
    bool valid;         // false: the bytes were ill-formed
};

// Decodes the first character of `rest`, which must not be empty.
//
// Well-formed is what table 3-7 of The Unicode Standard 15.0 (section 3.9) lists: no surrogates,
// no overlong forms, nothing above U+10FFFF. Of anything else the maximal subpart is taken: the
// bytes that could have begun a character, or else the one byte. This is the practice that
// section 3.9 and the WHATWG Encoding Standard recommend, and the byte that broke a character
// off is never swallowed with it.
[[nodiscard]] Decoded decode_utf8(std::string_view rest);

// Appends `code` in 1..4 bytes. A surrogate or a code above U+10FFFF, which has no form in
// UTF-8, is appended as kReplacementCharacter.
void append_utf8(std::string& out, char32_t code);

// The longest prefix of `text` that has at most `bytes_max` bytes and splits no character.
// An ill-formed piece counts as one character, exactly as decode_utf8 takes it.
[[nodiscard]] std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

// How many times decode_utf8 yields a character of `text`, well-formed or not.
[[nodiscard]] std::size_t count_utf8(std::string_view text);

}  // namespace chatd
