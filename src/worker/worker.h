// The worker: the process of one client. It moves bytes between the client's socket, the
// conversation and the link to the broker. The worker sees no other client's socket, opens no file,
// never forks, and decides nothing that the conversation could decide.
#pragma once

#include <signal.h>

#include <cstdint>
#include <functional>
#include <string>

#include "base/settings.h"
#include "base/shared_budget.h"
#include "sys/fd.h"
#include "sys/signals.h"
#include "sys/title.h"
#include "text/catalogue.h"

namespace chatd {

struct WorkerSetup {
    UniqueFd client;
    std::string peer;  // the client's address and port
    int broker;        // where the broker listens: see LocalListener::place(). Not owned.
    int lookout;       // where the lookout listens, as above
    int wakeup;        // wakes the parent, see sys/local.h. Not owned.
    Language language;
    Limits limits;
    AddressShare share;     // of the client's address
    UniqueFd introduction;  // see worker/introduction; invalid: the client did not come by a proxy
    std::function<AddressShare(int file)> map_share;
    const WebSettings& web;
    std::uint64_t birth_ns;  // when the worker was forked
};

// The parent sends this signal when the server shuts down. Unlike SIGUSR1, no operator sends it to
// every process called chatd, and workers of older programs, which know only SIGUSR1, ignore it.
inline constexpr int kServerCloses = SIGURG;

// Runs until the client is gone and returns the exit status, a WorkerExit. SIGTERM: the operator
// removes this client.
[[nodiscard]] int run_worker(WorkerSetup setup, ProcessTitle& title, const Signals& signals);

}  // namespace chatd
