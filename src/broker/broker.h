// The broker: the process that owns the room. It takes requests from the workers, appends them to
// the log, and sends every member the log from where that member is. It never sees a TCP socket,
// never waits for a worker, and keeps no queue for anybody: a reader is a position in the log.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/rate_limiter.h"
#include "base/sandbox_mode.h"
#include "sys/fd.h"
#include "sys/journal.h"
#include "sys/title.h"

namespace chatd {

struct BrokerSetup {
    int listener;        // where workers connect
    int control;         // what the parent says; its end means ours
    int log_memory;      // see Log
    int members_memory;  // see Room
    int counters;        // see BrokerCounters
    std::uint32_t replay;
    bool sync;    // nothing is sent before the disk has it
    bool crowds;  // who comes and goes together shares a line
    Rate rate;    // of lines that a client may send
    SandboxMode sandbox;
    std::size_t descriptors_max;
};

// Returns the exit status when the parent has closed the control link.
[[nodiscard]] int run_broker(const BrokerSetup& setup, ProcessTitle& title, Journal& journal);

}  // namespace chatd
