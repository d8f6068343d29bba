#include "sys/error.h"

#include <cerrno>
#include <cstring>

namespace chatd {

SetupError system_error(const std::string& what, ExitStatus status) {
    return {status, what + ": " + std::strerror(errno)};
}

}  // namespace chatd
