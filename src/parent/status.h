// The state of the server, for those who look at it: metrics, the service manager, ps(1).
#pragma once

#include "parent/metrics.h"
#include "parent/resources.h"

namespace chatd {

// penalised_addresses: those that have to wait. clients_waiting: see Status.
[[nodiscard]] Status status_of(const Resources& resources, std::size_t penalised_addresses,
                               std::size_t clients_waiting);

[[nodiscard]] std::string headcount_of(const Resources& resources);  // see render_headcount()

[[nodiscard]] std::string title_of(const Resources& resources);  // of the parent's process

// Says in the journal that clients can come, and writes the port to the descriptor of
// --ready-fd (-1: there is none), which it closes. Throws SetupError.
void announce(const Resources& resources, Journal& journal, int ready_fd);

}  // namespace chatd
