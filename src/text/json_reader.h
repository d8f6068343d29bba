// JSON (RFC 8259), read strictly: one value that some text consists of. This file must never know
// what an object means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

struct Json {
    enum class Kind : std::uint8_t { Null, Boolean, Number, String, Array, Object };

    Kind kind = Kind::Null;
    bool boolean = false;
    double number = 0;
    std::string string;
    std::vector<Json> items;         // of an Array; of an Object its members' values
    std::vector<std::string> names;  // of an Object: the name of each of `items`

    // These look for the first member of this name. A member that is missing, or of another kind,
    // counts as no member, "", 0, false and no items. integer_at() cuts off a fraction, and a
    // number that no integer can hold becomes the nearest one that can.
    [[nodiscard]] const Json* member(std::string_view name) const;
    [[nodiscard]] std::string_view string_at(std::string_view name) const;
    [[nodiscard]] std::int64_t integer_at(std::string_view name) const;
    [[nodiscard]] bool flag_at(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> strings_at(std::string_view name) const;
};

// The value; none when `text` is not exactly one JSON text, is not UTF-8, is longer than
// kJsonBytesMax or deeper than kJsonDepthMax. Takes any bytes. An escaped surrogate that has no
// partner becomes U+FFFD (section 8.2 leaves it open what it means).
[[nodiscard]] std::optional<Json> parse_json(std::string_view text);

}  // namespace chatd
