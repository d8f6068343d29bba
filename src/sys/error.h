// An error while a process is set up ends that process: it is thrown where it happens, caught where
// the process began, and written in one line. Never throw one for anything that a peer causes.
#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include "base/exit_status.h"

namespace chatd {

// what() is a line for the operator; status() is what the process exits with.
class SetupError : public std::runtime_error {
  public:
    SetupError(ExitStatus status, const std::string& line)
        : std::runtime_error(line), status_(status) {}

    [[nodiscard]] ExitStatus status() const { return status_; }

  private:
    ExitStatus status_;
};

// The error of errno: "what: No such file or directory". Keep errno until this is called.
[[nodiscard]] inline SetupError system_error(const std::string& what,
                                             ExitStatus status = ExitStatus::System) {
    return {status, what + ": " + std::strerror(errno)};
}

}  // namespace chatd
