// The worker: the process of one client. It moves bytes between the client's socket, the
// conversation and the link to the broker; it sees no other client's socket, opens no file, never
// forks, and decides nothing that the conversation could decide.
#pragma once

#include <cstdint>
#include <string>

#include "core/language.h"
#include "core/pace.h"
#include "sys/fd.h"
#include "sys/signals.h"
#include "sys/title.h"

namespace chatd {

struct WorkerSetup {
    UniqueFd client;
    std::string peer;  // the client's address
    int broker;        // where the broker listens: see LocalListener::place()
    int bell;          // for when the broker is silent
    Language language;
    Limits limits;
    std::uint64_t birth_ns;
};

// Returns the exit status, a Conversation::End. SIGTERM: the operator removes this client. SIGUSR1:
// the server shuts down.
[[nodiscard]] int run_worker(WorkerSetup setup, ProcessTitle& title, const Signals& signals);

}  // namespace chatd
