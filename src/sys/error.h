// An error while a process is set up ends that process: it is thrown where it happens, caught where
// the process began, and written in one line. Never throw one for anything that a peer causes.
#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace chatd {

// The exit statuses of `chatd`. Where sysexits(3) has a number for the reason it is used, so that
// scripts and service managers can tell the reasons apart.
enum class ExitStatus : int {
    Ok = 0,
    Understood = 42,    // of a program that an upgrade has tried out: it could take over
    Usage = 64,         // the command line is wrong
    BadHistory = 65,    // the history file is no history, or does not fit the options
    Unavailable = 69,   // an address or a file is in use, or cannot be had
    System = 71,        // the operating system refused something else
    BadDirectory = 73,  // the run directory or a socket cannot be made, or others may enter it
};

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
