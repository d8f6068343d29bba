#include "text/base64.h"

#include <cstddef>
#include <cstdint>

namespace chatd {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Three bytes are four digits of six bits. Two bytes are three digits, and one byte is two.
constexpr std::size_t kBytes = 3;
constexpr std::size_t kQuantum = 4;

}  // namespace

std::string encode_base64(std::string_view bytes) {
    std::string text;
    for (; !bytes.empty(); bytes.remove_prefix(bytes.size() < kBytes ? bytes.size() : kBytes)) {
        std::uint32_t bits = 0;
        for (std::size_t at = 0; at < kBytes; ++at) {
            bits = bits << 8 | (at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0);
        }
        for (std::size_t at = 0; at < kQuantum; ++at) {
            text += at <= bytes.size() ? kDigits[(bits >> (18 - 6 * at)) & 0x3F] : '=';
        }
    }
    return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % kQuantum != 0) return std::nullopt;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
    std::string bytes;
    std::uint32_t bits = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::size_t digit = kDigits.find(text[at]);
        if (digit == kDigits.npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        // Each digit but the first of four completes a byte, with 4, 2 or 0 bits to spare.
        const std::size_t spare = 6 - at % kQuantum * 2;
        if (at % kQuantum != 0) bytes += static_cast<char>(bits >> spare);
    }
    return bytes;
}

}  // namespace chatd
