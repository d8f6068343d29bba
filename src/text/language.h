// The languages chatd speaks to its clients. A third one is a row here and a column in texts.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace chatd {

enum class Language : std::uint8_t { English, Chinese };
inline constexpr std::size_t kLanguages = 2;

// "en" or "zh", as --lang and /lang take it.
[[nodiscard]] std::optional<Language> language_named(std::string_view code);

// What LC_ALL, LC_MESSAGES and LANG ask for, the first that is set and not empty deciding
// (POSIX.1-2017, 8.2); English where that is no language of ours. Null: not set.
[[nodiscard]] Language language_of_environment(const char* lc_all, const char* lc_messages,
                                               const char* lang);

}  // namespace chatd
