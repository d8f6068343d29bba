// The end of a worker, in one vocabulary for the worker that ends, the parent that reaps it and the
// broker that tells the room. This file must never make a system call: a wait status is a number.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "protocol/body.h"

namespace chatd {

// The exit status of a worker, except for Killed. Never renumber one: workers of an older program
// may still run after an upgrade.
enum class WorkerExit : std::uint8_t {
    Goodbye = 0,
    Lost = 1,      // the client's connection broke
    Refused = 2,   // the client spoke another protocol, or the room was full
    Removed = 3,   // the operator removed the client (SIGTERM)
    Closed = 4,    // the server shuts down
    Failed = 5,    // the broker does not accept this worker; also every status that is not listed
    Late = 6,      // the client told no name in time
    Idle = 7,      // the client was in the room and sent nothing for too long
    Killed = 8,    // no exit status: a signal ended the process
    Nameless = 9,  // the client left, or tried too often, before it had told a good name
    Served = 10,   // a browser has got its page
};
inline constexpr std::size_t kWorkerExits = 11;

// The meaning of a worker's end for the parent and for the broker.
struct WorkerEnd {
    WorkerExit exit;
    LeaveReason reason;   // what the room is told when the worker did not say it itself
    std::uint8_t detail;  // Killed: the signal; Failed: the exit status; otherwise 0
    std::chrono::milliseconds penalty;  // how much this costs the client's address, see bounds.h
};

// wait_status: of a process that has ended, as waitpid(2) gives it. Any status has a WorkerEnd. The
// parent calls this when it has learned of a worker's end and not yet forgotten the worker, so it
// never throws.
[[nodiscard]] WorkerEnd worker_end(int wait_status) noexcept;

// The same for the journal, such as "connection lost".
[[nodiscard]] std::string describe_worker_end(int wait_status);

// The name of this ending in metrics and status lines, such as "lost".
[[nodiscard]] std::string_view label_of(WorkerExit exit);

// The end of any process of chatd, in words: "killed by signal 9" or "exit status 71".
[[nodiscard]] std::string describe_wait_status(int wait_status);

}  // namespace chatd
