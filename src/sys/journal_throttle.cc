#include "sys/journal_throttle.h"

#include <algorithm>
#include <string_view>

namespace chatd {

bool JournalThrottle::allows(const char* kind, Moment now) {
    Kind* const place = find_place(kind, now);
    if (place == nullptr)
        return true;  // No free entry: write the line rather than lose it uncounted.
    if (place->limiter.allows(now)) {
        place->limiter.spend(now);
        return true;
    }
    ++place->left_out;
    if (!report_at_) postpone(now);
    return false;
}

// The place of this kind, or one that is free: of a kind without a past, or with one that makes no
// difference any more. Null: there is no such place.
JournalThrottle::Kind* JournalThrottle::find_place(const char* kind, Moment now) {
    const auto own = std::ranges::find(kinds_, kind, &Kind::format);
    if (own != kinds_.end()) return &*own;
    const auto free = std::ranges::find_if(kinds_, [now](const Kind& other) {
        return other.left_out == 0 && other.limiter.rested(now);
    });
    if (free == kinds_.end()) return nullptr;
    free->format = kind;
    return &*free;
}

std::optional<JournalThrottle::LeftOut> JournalThrottle::left_out() const {
    const auto found =
        std::ranges::find_if(kinds_, [](const Kind& kind) { return kind.left_out != 0; });
    if (found == kinds_.end()) return std::nullopt;
    return LeftOut{found->format, found->left_out};
}

void JournalThrottle::reported(const char* kind) {
    const auto found = std::ranges::find(kinds_, kind, &Kind::format);
    if (found != kinds_.end()) found->left_out = 0;
    if (!left_out()) report_at_.reset();
}

std::string kind_in_words(const char* format) {
    std::string words;
    std::string_view rest = format;
    for (std::size_t at; (at = rest.find('%')) != rest.npos;) {
        words.append(rest.substr(0, at));
        // Between the % and its letter stand flags, widths and lengths (printf(3)).
        const std::size_t end = rest.find_first_of("%diouxXeEfFgGaAcsp", at + 1);
        if (end == rest.npos) break;
        words += rest[end] == '%' ? "%" : "…";
        rest.remove_prefix(end + 1);
    }
    return words.append(rest);
}

}  // namespace chatd
