// The metrics: what parent and broker count, as text for a monitoring system (Prometheus text
// exposition format 0.0.4), the journal and a service manager.
//
// This file must never read a counter or send a text: the parent does.
#pragma once

#include <vector>

#include "protocol/counters.h"

namespace chatd {

// All that is counted at one moment.
struct Status {
    std::string_view version;
    std::uint64_t clients;
    std::uint64_t clients_max;
    std::uint64_t penalised_addresses;
    std::uint64_t clients_waiting;  // for the turn of their address; they are none of `clients`
    ParentCounters parent;
    BrokerCounters broker;
};

// The answer to a reader of --metrics.
[[nodiscard]] std::string render_metrics(const Status& status);

// The lines that SIGUSR1 writes to the journal.
[[nodiscard]] std::vector<std::string> render_status(const Status& status);

// "2 clients, 1 member", for a service manager.
[[nodiscard]] std::string render_headcount(std::uint64_t clients, std::uint64_t members);

}  // namespace chatd
