#include "chat/completion.h"

#include <algorithm>
#include <utility>

#include "text/cluster.h"
#include "text/name.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace chatd {
namespace {

template <class Words>
std::vector<std::string> words_with_prefix(const Words& words, std::string_view prefix) {
    std::vector<std::string> found;
    const std::string key = fold_name(prefix);
    if (key.empty() && !prefix.empty()) return found;  // nothing is seen of it
    for (const auto& word : words) {
        if (fold_name(word).starts_with(key)) found.emplace_back(word);
    }
    std::ranges::sort(found, {}, [](const std::string& word) { return fold_name(word); });
    return found;
}

// What all candidates begin with, as the first of them is written; at least `word`.
std::string common_prefix(const std::vector<std::string>& candidates, std::string_view word) {
    const std::string_view first = candidates.front();
    std::size_t common = 0;
    for (std::size_t end = 0; end < first.size();) {
        end = next_cluster(first, end);
        const std::string key = fold_name(first.substr(0, end));
        const bool is_common = std::ranges::all_of(candidates, [&](const std::string& candidate) {
            return fold_name(candidate).starts_with(key);
        });
        if (!is_common) break;
        common = end;
    }
    const std::string_view prefix = first.substr(0, common);
    return std::string(fold_name(prefix).starts_with(fold_name(word)) ? prefix : word);
}

Completion completion_of(std::string_view word, std::vector<std::string> candidates,
                         std::string_view behind) {
    if (candidates.empty()) return {};
    std::string common = candidates.size() == 1 ? candidates.front() + std::string(behind)
                                                : common_prefix(candidates, word);
    return {word.size(), std::move(candidates), std::move(common)};
}

// Is `text` a command, and a space?
bool is_command_before_argument(std::string_view text) {
    return text.starts_with('/') && text.find(' ') == text.size() - 1;
}

}  // namespace

Completion complete(std::string_view before_cursor, const std::vector<std::string>& names,
                    const std::vector<std::string_view>& commands) {
    std::size_t at = before_cursor.rfind(' ') + 1;  // npos + 1 is 0
    std::string_view word = before_cursor.substr(at);
    if (at == 0 && word.starts_with('/')) {
        return completion_of(word, words_with_prefix(commands, word), " ");
    }
    if (word.empty() && !is_command_before_argument(before_cursor)) return {};
    while (true) {
        Completion found =
            completion_of(word, words_with_prefix(names, word), at == 0 ? ": " : " ");
        if (!found.candidates.empty()) return found;
        // From behind the next wide character there may be a name.
        bool after_wide = false;
        while (!word.empty() && !after_wide) {
            after_wide = is_wide(decode_utf8(word).code);
            const std::size_t bytes = next_cluster(word, 0);
            word.remove_prefix(bytes);
            at += bytes;
        }
        if (word.empty()) return {};
    }
}

}  // namespace chatd
