// The worker: the process of one client. It moves bytes between the client's socket, the
// conversation and the link to the broker; it sees no other client's socket, opens no file, never
// forks, and decides nothing that the conversation could decide.
#pragma once

#include <signal.h>

#include <cstdint>
#include <string>

#include "base/rate_limiter.h"
#include "sys/fd.h"
#include "sys/signals.h"
#include "sys/title.h"
#include "text/language.h"

namespace chatd {

struct WorkerSetup {
    UniqueFd client;
    std::string peer;  // the client's address
    int broker;        // where the broker listens: see LocalListener::place()
    int wakeup;        // for when the broker is silent
    Language language;
    Limits limits;
    std::uint64_t birth_ns;
};

// From the parent: the server shuts down. One that no operator sends to whoever is called chatd, as
// SIGUSR1, and that does nothing to workers of older programs, which know only that.
inline constexpr int kServerCloses = SIGURG;

// Returns the exit status, a WorkerExit. SIGTERM: the operator removes this client.
[[nodiscard]] int run_worker(WorkerSetup setup, ProcessTitle& title, const Signals& signals);

}  // namespace chatd
