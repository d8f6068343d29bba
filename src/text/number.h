// Numbers written in decimal, as people, environments and handovers write them; and in hexadecimal.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace chatd {

// Returns the number that `text` consists of; none when there is anything else (a space, a plus
// sign), when there is nothing at all, and when the number is not from `min` to `max`.
template <std::integral Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text,
                                                 Number min = std::numeric_limits<Number>::min(),
                                                 Number max = std::numeric_limits<Number>::max()) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || number < min || number > max) return std::nullopt;
    return number;
}

// "1 client", "3 clients".
[[nodiscard]] inline std::string counted(std::uint64_t number, std::string_view one,
                                         std::string_view many) {
    return std::to_string(number) + ' ' + std::string(number == 1 ? one : many);
}

// "1f", without a prefix.
[[nodiscard]] inline std::string in_hex(std::uint32_t number) {
    char digits[8];
    return {digits, std::to_chars(digits, digits + sizeof digits, number, 16).ptr};
}

}  // namespace chatd
