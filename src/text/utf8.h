// UTF-8: bytes to code points and back, and cutting text without splitting a character.
//
// All other files use these functions to look at text, so that all of chatd agrees on what a
// character is and on what an ill-formed one counts. They take any bytes, and allocate nothing
// (except append_utf8(), in its caller's string).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd {

// U+FFFD: shown in place of bytes that are no character.
inline constexpr char32_t kReplacementCharacter = 0xFFFD;

// The character at the front of some text.
struct Decoded {
    char32_t code;      // kReplacementCharacter if not valid
    std::size_t bytes;  // how many bytes it took, 1..4
    bool valid;         // false: the bytes were ill-formed
};

// Decodes the first character of `rest`, which must not be empty.
//
// Well-formed is what table 3-7 of The Unicode Standard 15.0 (section 3.9) lists: no surrogates, no
// overlong forms, nothing above U+10FFFF. Of an ill-formed sequence its maximal subpart is taken:
// the bytes that could have begun a character, or else one byte. Section 3.9 and the WHATWG
// Encoding Standard recommend this: the byte that breaks off a character is never swallowed.
[[nodiscard]] Decoded decode_utf8(std::string_view rest);

// Appends `code` in 1 to 4 bytes. A surrogate or a code above U+10FFFF has no form in UTF-8:
// kReplacementCharacter is appended instead.
void append_utf8(std::string& out, char32_t code);

// Returns the longest prefix of `text` that has at most `bytes_max` bytes and splits no character.
// An ill-formed piece counts as one character, exactly as decode_utf8() takes it.
[[nodiscard]] std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

// Returns how many characters decode_utf8() takes off `text`, well-formed or not.
[[nodiscard]] std::size_t count_utf8(std::string_view text);

}  // namespace chatd
