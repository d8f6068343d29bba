#include "base/check.h"

#include <cstdlib>
#include <string>

#include "base/stderr.h"

namespace chatd {

void check_failed(const char* condition, const char* file, int line) {
    (void)write_stderr(std::string("chatd: broken invariant: ") + condition + " (" + file + ':' +
                       std::to_string(line) + ")\n");
    std::abort();
}

}  // namespace chatd
