#include "core/check.h"

#include <cstdio>
#include <cstdlib>

namespace chatd {

void check_failed(const char* condition, const char* file, int line) {
    // One call, one line, however little of this process still works.
    (void)std::fprintf(stderr, "chatd: broken invariant: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace chatd
