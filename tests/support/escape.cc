#include "support/escape.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace chatd::test {

namespace {

struct Character {
    std::uint32_t number;
    std::size_t bytes;
};

// The tests have their own decoder, because they test the one in src/.
std::optional<Character> decode(std::string_view bytes) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const unsigned char lead = at(0);
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || bytes.size() < length) return std::nullopt;
    std::uint32_t number = lead & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xc0) != 0x80) return std::nullopt;
        number = number << 6 | (at(i) & 0x3fU);
    }
    constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = number >= 0xd800 && number <= 0xdfff;
    if (number < kSmallest[length] || number > 0x10ffff || surrogate) return std::nullopt;
    return Character{number, length};
}

std::string escaped_byte(unsigned char byte) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    return {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0xf]};
}

std::string escaped_character(std::uint32_t number) {
    char text[16];
    (void)std::snprintf(text, sizeof text, "\\u{%x}", number);
    return text;
}

std::string escaped_ascii(char c) {
    switch (c) {
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        case '"': return "\\\"";
        case '\\': return "\\\\";
        default:
            if (c >= ' ' && c <= '~') return {c};
            return escaped_byte(static_cast<unsigned char>(c));
    }
}

}  // namespace

std::string escaped(std::string_view bytes) {
    std::string out = "\"";
    while (!bytes.empty()) {
        std::size_t taken = 1;
        if (const auto character = decode(bytes)) {
            out += escaped_character(character->number);
            taken = character->bytes;
        } else {
            out += escaped_ascii(bytes.front());
        }
        bytes.remove_prefix(taken);
    }
    return out + '"';
}

}  // namespace chatd::test
