// Base64 (RFC 4648, section 4): bytes as ASCII, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chatd {

// With padding, and without line ends.
[[nodiscard]] std::string encode_base64(std::string_view bytes);

// None when `text` is not wholly base64: another character, a length that is no multiple of four,
// padding elsewhere than at the end. Bits of the last character that mean nothing may have any
// value (section 3.5 leaves that open).
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace chatd
