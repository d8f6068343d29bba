// The catalogue: every text that a client can see, in every language, in one table
// (catalogue_data.inc). A text may have blanks to be filled in, written {0}, {1}, …
//
// To add a language: an enumerator here, its code in language_named(), and a column in the table.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

enum class Language : std::uint8_t { English, Chinese };
inline constexpr std::size_t kLanguages = 2;

// The language with this code, "en" or "zh", as --lang and /lang take it; none for any other code.
[[nodiscard]] std::optional<Language> language_named(std::string_view code);

[[nodiscard]] std::string_view code_of(Language language);

// The language that the variables LC_ALL, LC_MESSAGES and LANG ask for: the first one that is set
// and not empty decides (POSIX.1-2017, 8.2). English when none is set, or when chatd does not
// speak the language. A null pointer stands for a variable that is not set.
[[nodiscard]] Language language_of_environment(const char* lc_all, const char* lc_messages,
                                               const char* lang);

enum class Text : std::uint8_t {
#define CHATD_TEXT(name, english, chinese) name,
#include "text/catalogue_data.inc"
#undef CHATD_TEXT
    kCount,
};

// The text as it stands in the table, with its blanks. Valid for ever.
[[nodiscard]] std::string_view text_of(Text text, Language language);

// The name of the text for programs, which never changes: "name-taken" for NameTaken.
[[nodiscard]] std::string code_of(Text text);

// Appends the text with its blanks filled in: {0} by the first of `fillings`, and so on. The text
// may leave some out; too few of them end the process. The fillings must be clean, because
// nobody cleans them here.
void append_text(std::string& out, Language language, Text text,
                 std::initializer_list<std::string_view> fillings = {});

}  // namespace chatd
