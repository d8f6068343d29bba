// The parent: owns the listeners and the memory of the room; forks, reaps, restarts, shuts down. It
// reads no byte of anybody: not of a client, not of a worker, not of the broker. It never waits for
// one, and keeps no client's socket after the fork.
#pragma once

#include "options.h"
#include "parent/handover.h"
#include "sys/journal.h"
#include "sys/signals.h"
#include "sys/title.h"

namespace chatd {

// Sets everything up, or takes over what the program before has left, or throws SetupError; then
// serves until SIGTERM or SIGINT. SIGHUP: upgrades. SIGUSR1:
// logs its status.
void run_parent(const Options& options, ProcessTitle& title, const Signals& signals,
                const Handover* handover);

}  // namespace chatd
