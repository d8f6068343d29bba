#include "parent/status.h"

#include "base/settings.h"
#include "text/number.h"

namespace chatd {

Status status_of(const Resources& resources, std::size_t penalised_addresses) {
    return {.version = kVersion,
            .clients = resources.workers.size(),
            .clients_max = resources.clients_max,
            .penalised_addresses = penalised_addresses,
            .parent = resources.counters,
            .broker = read_counters(resources)};
}

std::string headcount_of(const Resources& resources) {
    return render_headcount(resources.workers.size(), read_counters(resources).members);
}

std::string title_of(const Resources& resources) {
    std::string title = "chatd: parent";
    for (const Listener& listener : resources.listeners) title += ' ' + listener.name;
    return title + ", " + counted(resources.workers.size(), "client", "clients");
}

}  // namespace chatd
