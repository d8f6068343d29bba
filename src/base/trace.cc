#include "base/trace.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <new>

#include "base/check.h"

namespace chatd {
namespace {

TraceSettings settings{.fd = STDERR_FILENO, .is_coloured = false, .has_text = false};
const char* own_role = "parent";
pid_t own_pid = 0;
unsigned long lost = 0;  // lines

// SGR, ECMA-48 8.3.117: colours that can be read on a dark and on a light ground.
constexpr std::string_view kPlain = "\033[0m";
std::string_view colour_of(std::string_view role) {
    if (role == "parent") return "\033[33m";  // yellow
    if (role == "broker") return "\033[35m";  // magenta
    if (role == "worker") return "\033[36m";  // cyan
    return "\033[32m";                        // green
}

bool is_control(char c) {
    return (c >= 0 && c < ' ') || c == '\x7f';
}

// The local time of day. The file of the time zone is not opened here: see tzset(3) in main.cc.
std::string time_of_day() {
    using namespace std::chrono;
    const auto now = system_clock::now();
    const std::time_t now_s = system_clock::to_time_t(now);
    const auto past_s = duration_cast<microseconds>(now - system_clock::from_time_t(now_s));
    std::tm local{};
    (void)::localtime_r(&now_s, &local);  // It fails only in years that no clock shows.
    char text[32];
    const int bytes = std::snprintf(text, sizeof text, "%02d:%02d:%02d.%06d", local.tm_hour,
                                    local.tm_min, local.tm_sec, static_cast<int>(past_s.count()));
    return {text, static_cast<std::size_t>(std::clamp(bytes, 0, static_cast<int>(sizeof text)))};
}

bool write_line(const std::string& line) {
    if (settings.fd == STDERR_FILENO) return write_stderr(line);
    return ::write(settings.fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

void write_step(std::string_view step) {
    const std::string loss = lost == 0 ? "" : '(' + std::to_string(lost) + " lines lost) ";
    const std::string line = trace_line(time_of_day(), own_role, own_pid, loss + std::string(step),
                                        settings.is_coloured);
    lost = write_line(line) ? 0 : lost + 1;
}

}  // namespace

bool detail::trace_is_on = false;

void begin_trace(const TraceSettings& wanted) {
    settings = wanted;
    own_pid = ::getpid();
    detail::trace_is_on = true;
}

void trace_as(const char* role) {
    own_role = role;
    own_pid = ::getpid();
    lost = 0;
}

int trace_fd() {
    return settings.fd;
}

bool trace_has_text() {
    return is_traced() && settings.has_text;
}

std::string trace_line(std::string_view time, std::string_view role, pid_t pid,
                       std::string_view step, bool is_coloured) {
    std::string line = std::string(time) + ' ';
    if (is_coloured) line += colour_of(role);
    line.append(role).append("[" + std::to_string(pid) + ']');
    if (is_coloured) line += kPlain;
    line += ' ';
    const auto begin = static_cast<std::ptrdiff_t>(line.size());
    line.append(step.substr(0, PIPE_BUF - line.size() - 1));
    std::replace_if(line.begin() + begin, line.end(), is_control, '?');
    return line += '\n';
}

void detail::trace_step(const char* format, ...) noexcept {
    const int saved = errno;
    char step[PIPE_BUF];
    va_list arguments;
    va_start(arguments, format);
    const int bytes = std::vsnprintf(step, sizeof step, format, arguments);
    va_end(arguments);
    try {
        if (bytes >= 0)
            write_step({step, std::min(static_cast<std::size_t>(bytes), sizeof step - 1)});
    } catch (const std::bad_alloc&) {
        ++lost;
    }
    errno = saved;
}

}  // namespace chatd
