#include "parent/acceptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "sys/error.h"

namespace chatd {
namespace {

bool is_in(const std::vector<Network>& networks, const std::string& address) {
    return std::ranges::any_of(networks,
                               [&](const Network& network) { return contains(network, address); });
}

}  // namespace

Acceptor::Acceptor(const Options& options, Resources& resources, Journal& journal)
    : resources_(resources),
      journal_(journal),
      admission_(options, resources.clients_max, resources.unshared->get(),
                 static_cast<std::uint32_t>(steady_ns())),
      newcomers_(admission_, resources.counters, journal),
      budgets_(options.limits.rate.per_second == 0 ? Rate() : options.address_rate,
               resources.budget_files),
      is_patient_(!options.penalties) {
    for (const std::string& network : options.exempt) {
        exempt_.push_back(parse_network(network, "--no-penalty"));
    }
    for (const std::string& network : options.proxies) {
        proxies_.push_back(parse_network(network, "--trust-proxy", true));
    }
    // The table is reserved now, because memory may be short later.
    resources.workers.reserve(resources.clients_max);
    for (const auto& [pid, worker] : resources.workers) {
        // Without a descriptor to spare, these clients have no budget. They connected long ago.
        (void)reserve(worker.address, worker.peer);
        admission_.addresses().entered(worker.address, Moment());
    }
}

bool Acceptor::reserve(const std::string& address, std::string_view peer) {
    release_unused();
    reserved_ = address;
    admission_.addresses().reserve(address, is_patient_ || !is_limited(address, peer));
    return budgets_.open(address, admission_.addresses().spent(address));
}

bool Acceptor::is_limited(const std::string& address, std::string_view peer) const {
    return !is_in(exempt_, address) && !trusts(peer);
}

bool Acceptor::trusts(std::string_view peer) const {
    return !proxies_.empty() && is_in(proxies_, address_of_peer(peer));
}

std::optional<TurnedAway> Acceptor::introduced(const std::string& proxy, const Accepted& client) {
    const Moment now = Clock::now();
    auto why = admission_.addresses().turns_away(client.address, now);
    if (!why && !reserve(client.address, client.peer)) why = TurnedAway::OutOfResources;
    if (why) {
        newcomers_.note_turned_away(client, *why);
    } else {
        admission_.addresses().entered(client.address, now);
        left(proxy, Duration::zero());
    }
    return why;
}

void Acceptor::release_unused() {
    if (admission_.addresses().clients(reserved_) != 0) return;
    (void)budgets_.close(reserved_, Moment());
    admission_.addresses().forget(reserved_, Clock::now());
}

bool Acceptor::is_open() const {
    return !resources_.listeners.empty() && !rest_.is_on() &&
           resources_.outbox.size() + resources_.births_outbox.size() < kControlBytesMax;
}

void Acceptor::accept_clients(const std::function<void(Accepted)>& take) {
    (void)rest_.ends_now(Clock::now());
    open_spare();
    for (std::optional<Accepted> next; is_open() && (next = newcomers_.next());) {
        take(std::move(*next));
    }
    for (const Listener& listener : resources_.listeners) {
        for (int taken = 0; is_open() && taken < kAcceptsPerTurn; ++taken) {
            Accepted client = accept_client(listener);
            if (client.fd.valid()) {
                if (!newcomers_.queue_up(client)) take(std::move(client));
            } else if (is_shortage(client.error)) {
                if (newcomers_.turn_all_away(TurnedAway::OutOfResources))
                    continue;  // That has made room.
                turn_away_without_descriptor(listener);
                rest("accept", client.error);
            } else if (client.error == EAGAIN) {
                break;
            }
        }
    }
}

bool Acceptor::admit(Accepted& client) {
    // However many people a proxy connects, each of them counts for an address of their own soon.
    const std::string address = trusts(client.peer) ? "" : client.address;
    const auto why = admission_.turns_away(address, resources_.workers.size(),
                                           read_counters(resources_).members, Clock::now());
    if (why) {
        newcomers_.keep_out(client, *why);
        return false;
    }
    if (reserve(client.address, client.peer)) return true;
    if (newcomers_.turn_all_away(TurnedAway::OutOfResources) &&
        reserve(client.address, client.peer)) {
        return true;
    }
    has_no_worker(client, "memfd_create", errno);
    return false;
}

void Acceptor::entered(const Accepted& client) {
    admission_.addresses().entered(client.address, Clock::now());
    if (std::exchange(newcomers_wait_, false)) journal_.info("new clients come in again");
}

void Acceptor::left(const std::string& address, Duration penalty) {
    AddressLimits& addresses = admission_.addresses();
    const Moment now = Clock::now();
    const bool is_last = addresses.clients(address) == 1;
    const Moment spent = is_last ? budgets_.close(address, now) : Moment();
    addresses.left(address, penalty, spent, now);
    rest_.end();
}

std::size_t Acceptor::penalised() const {
    return admission_.addresses().penalised(Clock::now());
}

void Acceptor::has_no_worker(const Accepted& client, const char* call, int error) {
    newcomers_.turn_away(client, TurnedAway::OutOfResources);
    rest(call, error);
}

// Without a free descriptor no client can be accepted, so this gives up the spare one for a moment.
void Acceptor::turn_away_without_descriptor(const Listener& listener) {
    spare_.reset();
    const Accepted client = accept_client(listener);
    if (client.fd.valid()) newcomers_.turn_away(client, TurnedAway::OutOfResources);
}

void Acceptor::rest(const char* call, int error) {
    if (!std::exchange(newcomers_wait_, true)) {
        journal_.warning("%s: %s; new clients wait", call, std::strerror(error));
    }
    rest_.begin(Clock::now());
    open_spare();
}

void Acceptor::open_spare() {
    if (!spare_.valid()) spare_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace chatd
