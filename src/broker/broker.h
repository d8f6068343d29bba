// The broker: the process that owns the room. It takes requests from the workers, appends them to
// the log, and sends every member the log from where that member is. It never sees a TCP socket,
// never waits for a worker, and keeps no queue for anybody.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/rate_limiter.h"
#include "base/settings.h"
#include "sys/fd.h"
#include "sys/journal.h"
#include "sys/title.h"

namespace chatd {

// Descriptors belong to the caller.
struct BrokerSetup {
    int listener;              // where workers connect
    int control;               // what the parent sends; when it ends, the broker ends
    int births;                // where the parent announces its workers
    std::string_view workers;  // Born frames of those that there are
    std::size_t backlog;       // bytes that the parent had queued on `control` for other brokers
    int log_memory;            // see log/log_format
    int members_memory;        // see broker/members
    int counters;              // see BrokerCounters
    std::uint32_t replay;      // messages that a newcomer is shown
    bool sync;                 // nothing is sent before the disk has it
    bool crowds;               // people who come and go together share a line
    Rate rate;                 // of lines that a client may send
    Sandbox sandbox;
    std::size_t descriptors_max;
};

// Enters the sandbox and serves until the parent has closed the control link. Returns the exit
// status. Throws SetupError.
[[nodiscard]] int run_broker(const BrokerSetup& setup, ProcessTitle& title, Journal& journal);

}  // namespace chatd
