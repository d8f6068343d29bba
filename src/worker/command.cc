#include "worker/command.h"

#include <algorithm>
#include <array>
#include <string>

#include "text/clean.h"

namespace chatd {
namespace {

struct Name {
    std::string_view word;
    Verb verb;
};

constexpr std::array kNames = {
    Name{"/help", Verb::Help},       Name{"/who", Verb::Who},   Name{"/me", Verb::Me},
    Name{"/msg", Verb::Msg},         Name{"/r", Verb::Reply},   Name{"/nick", Verb::Nick},
    Name{"/history", Verb::History}, Name{"/time", Verb::Time}, Name{"/lang", Verb::Lang},
    Name{"/quit", Verb::Quit},
};

// One typing error in a short word, two in a longer one; a guess that is further off would only
// confuse.
constexpr std::size_t errors_in(std::string_view word) {
    return word.size() <= 5 ? 1 : 2;
}

constexpr std::size_t kWordBytesMax = 16;

std::string lower(std::string_view word) {
    std::string result(word);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

// The number of insertions, deletions, substitutions and swaps of neighbours between two words of
// at most kWordBytesMax bytes (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    std::array<std::array<std::size_t, kWordBytesMax + 1>, kWordBytesMax + 1> cost{};
    for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            cost[i][j] =
                std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
            }
        }
    }
    return cost[a.size()][b.size()];
}

}  // namespace

std::string_view take_word(std::string_view& text) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text = trim(text.substr(end));
    return word;
}

Command parse_command(std::string_view line) {
    if (!line.starts_with('/')) return {Verb::Say, {}, line};
    if (line.starts_with("//")) return {Verb::Say, {}, line.substr(1)};
    std::string_view rest = line;
    const std::string_view word = take_word(rest);
    const std::string lowered = lower(word);
    for (const Name& name : kNames) {
        if (name.word == lowered) return {name.verb, word, rest};
    }
    return {Verb::Unknown, word, rest};
}

std::optional<std::string_view> nearest_command(std::string_view word) {
    if (word.size() > kWordBytesMax) return std::nullopt;
    const std::string lowered = lower(word);
    std::size_t best = errors_in(word) + 1;
    std::optional<std::string_view> nearest;
    for (const Name& name : kNames) {
        // The beginning of a command is an abbreviation, not an error.
        const bool begun = lowered.size() > 1 && name.word.starts_with(lowered);
        const std::size_t away = begun ? 0 : distance(lowered, name.word);
        if (away < best && away + 1 < lowered.size()) {
            best = away;
            nearest = name.word;
        }
    }
    return nearest;
}

}  // namespace chatd
