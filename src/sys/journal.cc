#include "sys/journal.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdarg>
#include <cstdio>

namespace chatd {

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
        if (!write_line(std::to_string(left_out->lines) +
                        " more like this, left out: " + kind_in_words(left_out->kind))) {
            return throttle_.postpone(now_());
        }
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

// A macro, because a parameter pack cannot pass a va_list on.
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
