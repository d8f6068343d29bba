#include "parent/status.h"

#include <unistd.h>

#include "base/settings.h"
#include "text/number.h"

namespace chatd {

Status status_of(const Resources& resources, std::size_t penalised_addresses,
                 std::size_t clients_waiting) {
    return {.version = kVersion,
            .clients = resources.workers.size(),
            .clients_max = resources.clients_max,
            .penalised_addresses = penalised_addresses,
            .clients_waiting = clients_waiting,
            .parent = resources.counters,
            .broker = read_counters(resources)};
}

std::string headcount_of(const Resources& resources) {
    return render_headcount(resources.workers.size(), read_counters(resources).members);
}

std::string title_of(const Resources& resources) {
    std::string title = "chatd: parent";
    for (const Listener& listener : resources.listeners) title += ' ' + listener.name;
    title += ", " + counted(resources.workers.size(), "client", "clients");
    if (resources.stopped != 0) title += ", " + std::to_string(resources.stopped) + " stopped";
    return title;
}

void announce(const Resources& resources, Journal& journal, int ready_fd) {
    const int port = bound_port(resources.listeners.front());
    for (const Listener& listener : resources.listeners) {
        journal.info("accepting clients on %s, port %d", listener.name.c_str(), port);
    }
    if (ready_fd < 0) return;
    const std::string line = std::to_string(port) + '\n';
    if (::write(ready_fd, line.data(), line.size()) < 0) {
        throw system_error("--ready-fd " + std::to_string(ready_fd), ExitStatus::Usage);
    }
    (void)::close(ready_fd);
}

}  // namespace chatd
