#include "text/catalogue.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/check.h"

namespace chatd {
namespace {

using Row = std::array<std::string_view, kLanguages>;  // by Language

constexpr std::array kTexts = {
#define CHATD_TEXT(name, english, chinese) Row{english, chinese},
#include "text/catalogue_data.inc"
#undef CHATD_TEXT
};

constexpr std::array kNames = {
#define CHATD_TEXT(name, english, chinese) std::string_view(#name),
#include "text/catalogue_data.inc"
#undef CHATD_TEXT
};

// The numbers of the blanks in a text, as a set of bits.
constexpr unsigned blanks_of(std::string_view pattern) {
    unsigned blanks = 0;
    for (std::size_t i = 0; i + 2 < pattern.size(); ++i) {
        if (pattern[i] == '{' && pattern[i + 2] == '}') blanks |= 1U << (pattern[i + 1] - '0');
    }
    return blanks;
}

// Is no cell empty, and have all languages equally many blanks? The numbers of the blanks
// may differ, because one language counts the other people and another language counts all.
constexpr bool is_whole(const Row& row) {
    return std::ranges::all_of(row, [&](std::string_view cell) {
        return !cell.empty() && std::popcount(blanks_of(cell)) == std::popcount(blanks_of(row[0]));
    });
}
static_assert(std::ranges::all_of(kTexts, is_whole));

}  // namespace

std::optional<Language> language_named(std::string_view code) {
    if (code == "en") return Language::English;
    if (code == "zh") return Language::Chinese;
    return std::nullopt;
}

std::string_view code_of(Language language) {
    return language == Language::Chinese ? "zh" : "en";
}

std::string code_of(Text text) {
    std::string code;
    for (const char letter : kNames[static_cast<std::size_t>(text)]) {
        const bool is_capital = letter >= 'A' && letter <= 'Z';
        if (is_capital && !code.empty()) code += '-';
        code += is_capital ? static_cast<char>(letter - 'A' + 'a') : letter;
    }
    return code;
}

Language language_of_environment(const char* lc_all, const char* lc_messages, const char* lang) {
    for (const char* const value : {lc_all, lc_messages, lang}) {
        if (value == nullptr || *value == '\0') continue;
        // "zh_CN.UTF-8": the language stands before the territory.
        const std::string_view locale(value);
        return language_named(locale.substr(0, locale.find_first_of("_.@")))
            .value_or(Language::English);
    }
    return Language::English;
}

std::string_view text_of(Text text, Language language) {
    return kTexts[static_cast<std::size_t>(text)][static_cast<std::size_t>(language)];
}

void append_text(std::string& out, Language language, Text text,
                 std::initializer_list<std::string_view> fillings) {
    std::string_view pattern = text_of(text, language);
    for (;;) {
        const std::size_t blank = pattern.find('{');
        out.append(pattern.substr(0, blank));
        if (blank == std::string_view::npos) return;
        const auto number = static_cast<std::size_t>(pattern[blank + 1] - '0');
        CHATD_CHECK(number < fillings.size());
        out.append(fillings.begin()[number]);
        pattern.remove_prefix(blank + 3);
    }
}

}  // namespace chatd
