// The parent: owns the listeners and the memory of the room; accepts, forks, reaps, restarts, shuts
// down. It reads no byte from a client or a worker, and of the broker only its counters
// (parent/resources). It never waits for any of them, and keeps no client's socket after the fork.
#pragma once

#include "options.h"
#include "parent/upgrade.h"
#include "sys/signals.h"

namespace chatd {

// Sets everything up, or takes it over, as `mode` says, which is not Check; serves until SIGTERM or
// SIGINT. SIGHUP upgrades, SIGUSR1 writes the status to the journal. Throws SetupError.
void run_parent(const Options& options, ProcessTitle& title, const Signals& signals,
                const StartMode& mode);

}  // namespace chatd
