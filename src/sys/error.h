// What cannot be set up ends the process: thrown where it happens, caught where the process began,
// said in one line. Never for anything that a peer causes.
#pragma once

#include <stdexcept>
#include <string>

#include "base/exit_status.h"

namespace chatd {

class SetupError : public std::runtime_error {
  public:
    SetupError(ExitStatus status, const std::string& line)
        : std::runtime_error(line), status_(status) {}

    [[nodiscard]] ExitStatus status() const { return status_; }

  private:
    ExitStatus status_;
};

// "what: No such file or directory", from errno.
[[nodiscard]] SetupError system_error(const std::string& what,
                                      ExitStatus status = ExitStatus::System);

}  // namespace chatd
