// What is counted, as text: for a monitoring system (Prometheus text exposition format 0.0.4), and
// for the log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/counters.h"

namespace chatd {

struct Status {
    std::string_view version;
    std::uint64_t clients;
    std::uint64_t clients_max;
    std::uint64_t penalised_addresses;
    ParentCounters parent;
    BrokerCounters broker;
};

[[nodiscard]] std::string render_metrics(const Status& status);

// A few short lines.
[[nodiscard]] std::vector<std::string> render_status(const Status& status);

// "2 clients, 1 member": for ps and a service manager.
[[nodiscard]] std::string render_headcount(std::uint64_t clients, std::uint64_t members);

}  // namespace chatd
