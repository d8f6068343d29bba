#include "sys/trace_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/trace.h"
#include "sys/error.h"

namespace chatd {
namespace {

bool wants_colour() {
    const char* const no_color = std::getenv("NO_COLOR");
    return (no_color == nullptr || *no_color == '\0') && ::isatty(STDERR_FILENO) == 1;
}

}  // namespace

// O_NONBLOCK: if it is a FIFO or a terminal that nobody reads, nobody waits for it.
UniqueFd open_trace_file(const std::string& path, const std::optional<User>& user) {
    if (path.empty()) return {};
    const EffectiveUser acting(user);
    constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    // An operator who started chatd as root expects that root may open it.
    const std::string as_whom =
        user ? " as user " + std::to_string(user->uid) + ", see --user" : std::string();
    UniqueFd file(::open(path.c_str(), kFlags, 0600));
    if (!file.valid()) {
        throw system_error("cannot open the trace " + path + as_whom, ExitStatus::Unavailable);
    }
    return file;
}

void start_trace(const std::optional<std::string>& path, bool has_text,
                 const std::optional<User>& user) {
    if (!path) return;
    UniqueFd file = open_trace_file(*path, user);
    const bool is_coloured = !file.valid() && wants_colour();
    begin_trace({file.valid() ? file.release() : STDERR_FILENO, is_coloured, has_text});
}

}  // namespace chatd
