// What `chatd` exits with. The numbers are those of sysexits(3), so that scripts and service
// managers can tell them apart.
#pragma once

namespace chatd {

enum class ExitStatus : int {
    Ok = 0,
    Understood = 42,    // on trial for an upgrade: it could take over
    Usage = 64,         // the command line is wrong
    BadHistory = 65,    // the history file is not one, or does not fit the options
    Unavailable = 69,   // address or history file are in use, or not to be had
    System = 71,        // the operating system refused something else
    BadDirectory = 73,  // the run directory cannot be made or is not ours alone
};

}  // namespace chatd
