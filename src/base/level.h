// How much the journal tells the operator: lines of this level and of all levels before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace chatd {

enum class Level : std::uint8_t { Error, Warning, Info, Debug };

// The level that --log-level calls "error", "warning", "info" or "debug"; none for any other name.
[[nodiscard]] constexpr std::optional<Level> level_named(std::string_view name) {
    if (name == "error") return Level::Error;
    if (name == "warning") return Level::Warning;
    if (name == "info") return Level::Info;
    if (name == "debug") return Level::Debug;
    return std::nullopt;
}

}  // namespace chatd
