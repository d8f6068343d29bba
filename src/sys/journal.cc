#include "sys/journal.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdarg>
#include <cstdio>

namespace chatd {

bool JournalThrottle::allows(const char* kind, Moment now) {
    Kind* const place = find_place(kind, now);
    if (place == nullptr) return true;  // otherwise the line would be lost uncounted
    if (place->limiter.allows(now)) {
        place->limiter.spend(now);
        return true;
    }
    ++place->left_out;
    if (!report_at_) postpone(now);
    return false;
}

// The place of this kind, or a free one. A place is free when nothing of its kind is left out and
// that kind may write a whole burst again. Null: there is no such place.
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
    for (const Kind& kind : kinds_) {
        if (kind.left_out != 0) return LeftOut{kind.format, kind.left_out};
    }
    return std::nullopt;
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

Journal::Journal(std::string_view role, Level level, Moment (*now)())
    : prefix_("chatd[" + std::string(role) + ' ' + std::to_string(::getpid()) + "]: "),
      level_(level),
      now_(now) {}

void Journal::write(Level level, const char* format, va_list arguments) {
    if (level > level_ || !throttle_.allows(format, now_())) return;
    char text[1024];
    const int bytes = std::vsnprintf(text, sizeof text, format, arguments);
    if (bytes < 0) return;
    if (!write_line({text, std::min(static_cast<std::size_t>(bytes), sizeof text - 1)})) ++dropped_;
}

void Journal::report_left_out() {
    while (const auto left_out = throttle_.left_out()) {
        const std::string line = std::to_string(left_out->lines) +
                                 " more like this, left out: " + kind_in_words(left_out->kind);
        if (!write_line(line)) return throttle_.postpone(now_());
        throttle_.reported(left_out->kind);
    }
}

bool Journal::write_line(std::string_view text) {
    std::string line = prefix_;
    if (dropped_ != 0) line += '(' + std::to_string(dropped_) + " lines lost) ";
    line.append(text.substr(0, PIPE_BUF - line.size() - 1));
    line += '\n';
    if (!write_stderr(line)) return false;
    dropped_ = 0;
    return true;
}

// This is a macro, because a parameter pack cannot pass a va_list on.
#define CHATD_JOURNAL_LEVEL(name, level)          \
    void Journal::name(const char* format, ...) { \
        va_list arguments;                        \
        va_start(arguments, format);              \
        write(level, format, arguments);          \
        va_end(arguments);                        \
    }
CHATD_JOURNAL_LEVEL(error, Level::Error)
CHATD_JOURNAL_LEVEL(warning, Level::Warning)
CHATD_JOURNAL_LEVEL(info, Level::Info)
CHATD_JOURNAL_LEVEL(debug, Level::Debug)
#undef CHATD_JOURNAL_LEVEL

}  // namespace chatd
