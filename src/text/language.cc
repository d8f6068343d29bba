#include "text/language.h"

namespace chatd {

std::optional<Language> language_named(std::string_view code) {
    if (code == "en") return Language::English;
    if (code == "zh") return Language::Chinese;
    return std::nullopt;
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

}  // namespace chatd
