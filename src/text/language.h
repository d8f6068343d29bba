// The languages that chatd speaks to its clients. To add one: an enumerator here, its code in the
// .cc file, and a column in catalogue_data.inc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace chatd {

enum class Language : std::uint8_t { English, Chinese };
inline constexpr std::size_t kLanguages = 2;

// The language with this code, "en" or "zh", as --lang and /lang take it; none for any other code.
[[nodiscard]] std::optional<Language> language_named(std::string_view code);

// The language that the variables LC_ALL, LC_MESSAGES and LANG ask for: the first of them decides
// that is set and not empty (POSIX.1-2017, 8.2). English when none is set, or when chatd does not
// speak the language. A null pointer stands for a variable that is not set.
[[nodiscard]] Language language_of_environment(const char* lc_all, const char* lc_messages,
                                               const char* lang);

}  // namespace chatd
