// The parent: owns the listeners and the memory of the room; accepts, forks, reaps, restarts, shuts
// down. It reads no byte from a client or a worker, and of the broker only its counters
// (parent/resources). It never waits for any of them, and keeps no client's socket after the fork.
#pragma once

#include "options.h"
#include "parent/handover.h"
#include "sys/signals.h"
#include "sys/title.h"

namespace chatd {

// Sets everything up, or takes over what `handover` (null: nothing) describes; serves until SIGTERM
// or SIGINT. SIGHUP upgrades, SIGUSR1 writes the status to the journal. Throws SetupError.
void run_parent(const Options& options, ProcessTitle& title, const Signals& signals,
                const Handover* handover);

}  // namespace chatd
