#include "text/catalogue.h"

#include <array>
#include <bit>

#include "base/check.h"

namespace chatd {
namespace {

struct Row {
    Text text;
    std::array<std::string_view, kLanguages> in;  // by Language
};

constexpr std::array kTexts = {
#include "text/catalogue_data.inc"
};

// The numbers of the blanks in a text, as a set of bits.
constexpr unsigned blanks_of(std::string_view pattern) {
    unsigned blanks = 0;
    for (std::size_t i = 0; i + 2 < pattern.size(); ++i) {
        if (pattern[i] == '{' && pattern[i + 2] == '}') blanks |= 1U << (pattern[i + 1] - '0');
    }
    return blanks;
}

// Whether no cell is empty, and all languages have equally many blanks. The numbers of the blanks
// may differ, because one language counts the other people and another language counts all.
constexpr bool is_whole(const Row& row) {
    for (const std::string_view cell : row.in) {
        const int blanks = std::popcount(blanks_of(cell));
        if (cell.empty() || blanks != std::popcount(blanks_of(row.in[0]))) return false;
    }
    return true;
}

constexpr bool table_is_whole() {
    if (kTexts.size() != static_cast<std::size_t>(Text::kCount)) return false;
    for (std::size_t i = 0; i < kTexts.size(); ++i) {
        if (kTexts[i].text != static_cast<Text>(i) || !is_whole(kTexts[i])) return false;
    }
    return true;
}
static_assert(table_is_whole());

}  // namespace

std::string_view text_of(Text text, Language language) {
    return kTexts[static_cast<std::size_t>(text)].in[static_cast<std::size_t>(language)];
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
