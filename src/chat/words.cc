#include "chat/words.h"

#include <array>

#include "base/check.h"

namespace chatd {
namespace {

using Row = std::array<std::string_view, kLanguages>;  // by Language

constexpr std::array kWords = {
#define CHATD_WORD(name, english, chinese) Row{english, chinese},
#include "chat/words_data.inc"
#undef CHATD_WORD
};

}  // namespace

std::string words_of(Word word, Language language,
                     std::initializer_list<std::string_view> fillings) {
    std::string_view pattern =
        kWords[static_cast<std::size_t>(word)][static_cast<std::size_t>(language)];
    std::string out;
    for (;;) {
        const std::size_t blank = pattern.find('{');
        out.append(pattern.substr(0, blank));
        if (blank == std::string_view::npos) return out;
        const auto number = static_cast<std::size_t>(pattern[blank + 1] - '0');
        CHATD_CHECK(number < fillings.size());
        out.append(fillings.begin()[number]);
        pattern.remove_prefix(blank + 3);
    }
}

}  // namespace chatd
