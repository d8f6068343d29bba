#include "text/utf8.h"

#include "base/check.h"

namespace chatd {
namespace {

constexpr char32_t kCodeMax = 0x10FFFF;
constexpr std::size_t kCharacterBytesMax = 4;

// The bytes that must follow a first byte: a row of table 3-7.
struct Form {
    std::size_t bytes;  // 0: no character begins like this
    unsigned second_min;
    unsigned second_max;
};

unsigned byte_at(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

// The bounds of the second byte exclude overlong forms, surrogates and codes above U+10FFFF. Every
// later byte is 80..BF.
Form form_of(unsigned first) {
    if (first < 0x80) return {1, 0, 0};
    if (first < 0xC2) return {0, 0, 0};
    if (first < 0xE0) return {2, 0x80, 0xBF};
    if (first == 0xE0) return {3, 0xA0, 0xBF};
    if (first == 0xED) return {3, 0x80, 0x9F};
    if (first < 0xF0) return {3, 0x80, 0xBF};
    if (first == 0xF0) return {4, 0x90, 0xBF};
    if (first < 0xF4) return {4, 0x80, 0xBF};
    if (first == 0xF4) return {4, 0x80, 0x8F};
    return {0, 0, 0};
}

char continuation(char32_t code, unsigned shift) {
    return static_cast<char>(0x80 | ((code >> shift) & 0x3F));
}

}  // namespace

Decoded decode_utf8(std::string_view rest) {
    CHATD_CHECK(!rest.empty());
    const unsigned first = byte_at(rest, 0);
    const Form form = form_of(first);
    if (form.bytes == 0) return {kReplacementCharacter, 1, false};

    char32_t code = form.bytes == 1 ? first : first & (0x7Fu >> form.bytes);  // its first bits
    for (std::size_t at = 1; at < form.bytes; ++at) {
        const unsigned min = at == 1 ? form.second_min : 0x80;
        const unsigned max = at == 1 ? form.second_max : 0xBF;
        if (at == rest.size() || byte_at(rest, at) < min || byte_at(rest, at) > max) {
            return {kReplacementCharacter, at, false};
        }
        code = (code << 6) | (byte_at(rest, at) & 0x3F);
    }
    return {code, form.bytes, true};
}

void append_utf8(std::string& out, char32_t code) {
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (is_surrogate || code > kCodeMax) code = kReplacementCharacter;
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | (code >> 6));
        out += continuation(code, 0);
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0 | (code >> 12));
        out += continuation(code, 6);
        out += continuation(code, 0);
    } else {
        out += static_cast<char>(0xF0 | (code >> 18));
        out += continuation(code, 12);
        out += continuation(code, 6);
        out += continuation(code, 0);
    }
}

std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;

    // A character that crosses the cut begins at the last byte before the cut that is no
    // continuation. Only the few bytes that a character can have are looked at.
    for (std::size_t back = 1; back < kCharacterBytesMax && back <= bytes_max; ++back) {
        const std::size_t at = bytes_max - back;
        if ((byte_at(text, at) & 0xC0) == 0x80) continue;
        const bool crosses = decode_utf8(text.substr(at)).bytes > back;
        return text.substr(0, crosses ? at : bytes_max);
    }
    return text.substr(0, bytes_max);
}

std::size_t count_utf8(std::string_view text) {
    std::size_t count = 0;
    while (!text.empty()) {
        text.remove_prefix(decode_utf8(text).bytes);
        ++count;
    }
    return count;
}

}  // namespace chatd
