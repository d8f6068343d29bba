#include "base/check.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <string>

namespace chatd {

bool write_stderr(std::string_view text) {
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
    return ::write(STDERR_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF)) >= 0;
}

void check_failed(const char* condition, const char* file, int line) {
    (void)write_stderr(std::string("chatd: broken invariant: ") + condition + " (" + file + ':' +
                       std::to_string(line) + ")\n");
    std::abort();
}

}  // namespace chatd
