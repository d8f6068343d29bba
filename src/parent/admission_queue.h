// The admission queue: clients whose address connects too often wait here, accepted but without a
// worker, until it is the turn of their address. So one that waits comes in, whatever its
// neighbours do. Those of one address come in in their order.
//
// This file must never use a descriptor or read a clock: a client is what the shell keeps of it
// (parent/newcomers), and the address limits say whose turn it is.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "parent/admission.h"

namespace chatd {

template <class Client>  // with an `address`, which is a text
class AdmissionQueue {
  public:
    AdmissionQueue() { clients_.reserve(kQueuedMax); }  // All memory is taken here.

    // The clients that wait: of this address, and all.
    [[nodiscard]] std::size_t waiting(std::string_view address) const {
        return static_cast<std::size_t>(std::ranges::count(clients_, address, &Client::address));
    }
    [[nodiscard]] std::size_t size() const { return clients_.size(); }

    // Is there a place for one more client of this address?
    [[nodiscard]] bool has_place(std::string_view address) const {
        return size() < kQueuedMax && waiting(address) < kQueuedOfAddressMax;
    }

    void add(Client client) { clients_.push_back(std::move(client)); }  // has_place() must be true

    // The condition must not throw.
    template <class Condition>
    void drop_if(Condition condition) {
        std::erase_if(clients_, condition);
    }

    // Takes the first client out for which this holds; none: there is no such client.
    template <class Condition>
    [[nodiscard]] std::optional<Client> take_if(Condition condition) {
        const auto found = std::ranges::find_if(clients_, condition);
        return found == clients_.end() ? std::nullopt : std::optional(take(found));
    }

    // The same for the first client whose address has its turn.
    [[nodiscard]] std::optional<Client> take_due(const AddressLimits& addresses, Moment now) {
        return take_if([&](const Client& client) { return now >= addresses.next(client.address); });
    }

    // Takes any client out; none: nobody waits.
    [[nodiscard]] std::optional<Client> take_last() {
        return clients_.empty() ? std::nullopt : std::optional(take(clients_.end() - 1));
    }

    // When the next turn of one of them comes; none: nobody waits.
    [[nodiscard]] Deadline wake_at(const AddressLimits& addresses) const {
        Deadline first;
        for (const Client& client : clients_) {
            first = earliest({first, addresses.next(client.address)});
        }
        return first;
    }

  private:
    using Place = typename std::vector<Client>::iterator;
    Client take(Place place) {
        Client client = std::move(*place);
        clients_.erase(place);
        return client;
    }

    std::vector<Client> clients_;  // in the order in which they came
};

}  // namespace chatd
