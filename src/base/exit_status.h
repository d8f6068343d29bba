// The exit statuses of `chatd`. Where sysexits(3) has a number for the reason it is used, so that
// scripts and service managers can tell the reasons apart.
#pragma once

namespace chatd {

enum class ExitStatus : int {
    Ok = 0,
    Understood = 42,    // of a program that an upgrade has tried out: it could take over
    Usage = 64,         // the command line is wrong
    BadHistory = 65,    // the history file is no history, or does not fit the options
    Unavailable = 69,   // an address or the history file is in use, or cannot be had
    System = 71,        // the operating system refused something else
    BadDirectory = 73,  // the run directory or a socket cannot be made, or others may enter it
};

}  // namespace chatd
