// The acceptor: accepts clients, turns away those that may not come in, and rests when the machine
// is short of descriptors, processes or memory. It reads nothing of a client and waits for none.
#pragma once

#include <functional>

#include "parent/admission.h"
#include "parent/budgets.h"
#include "parent/newcomers.h"
#include "parent/resources.h"

namespace chatd {

class Acceptor {
  public:
    // Counts the workers of `resources`. All three outlive this object. Throws std::bad_alloc, and
    // SetupError.
    Acceptor(const Options& options, Resources& resources, Journal& journal);

    // --- One turn of the parent's loop
    // False while the acceptor rests, or while the broker has too many unread frames.
    [[nodiscard]] bool is_open() const;
    [[nodiscard]] bool is_resting() const { return rest_.is_on(); }
    [[nodiscard]] Deadline wake_at() const {
        return is_open() ? newcomers_.wake_at() : Deadline(rest_.until());
    }

    // Calls `take` for each client that waits for the turn of its address, when that has come; then
    // for new clients, kAcceptsPerTurn for each listener at most.
    void accept_clients(const std::function<void(Accepted)>& take);

    // --- From the client to its worker
    // May this client come in? If so, all that entered() needs is reserved. If not, the client was
    // turned away, or waits for the turn of its address. Throws std::bad_alloc.
    [[nodiscard]] bool admit(Accepted& client);

    void entered(const Accepted& client);  // Counts the client, which has its worker now.

    // The budgets on which the workers of each address draw, and whether this address has a limit.
    [[nodiscard]] const Budgets& budgets() const { return budgets_; }
    [[nodiscard]] bool is_limited(const std::string& address, std::string_view peer) const;

    // Is this peer a proxy that may say for whom it connects?
    [[nodiscard]] bool trusts(std::string_view peer) const;

    // A client that has come in as one of `proxy` is this one: it counts for its own address from
    // now on. Otherwise returns why it may not be here; of the limits, only those of its address
    // are left to ask. Ends the rest, because its introduction needs no descriptor any more. Throws
    // std::bad_alloc.
    [[nodiscard]] std::optional<TurnedAway> introduced(const std::string& proxy,
                                                       const Accepted& client);
    [[nodiscard]] std::string line_for(TurnedAway why) const { return admission_.line_for(why); }

    // Turns the client away because `call` failed with this error, and rests.
    void has_no_worker(const Accepted& client, const char* call, int error);

    // A client of this address has left with this penalty. Ends the rest.
    void left(const std::string& address, Duration penalty);

    // Begins to rest, because `call` failed with this error, which is_shortage(): new clients wait
    // until a worker ends, kListenerRest at most.
    void rest(const char* call, int error);

    // Tells those that wait for the turn of their address to come again, and why; and keeps nothing
    // for an address that has no client.
    void turn_all_away(TurnedAway why) {
        (void)newcomers_.turn_all_away(why);
        release_unused();
    }

    // How many addresses have to wait now, and how many clients do.
    [[nodiscard]] std::size_t penalised() const;
    [[nodiscard]] std::size_t waiting() const { return newcomers_.waiting(); }

  private:
    [[nodiscard]] bool reserve(const std::string& address, std::string_view peer);
    void release_unused();
    void turn_away_without_descriptor(const Listener& listener);
    void open_spare();

    Resources& resources_;
    Journal& journal_;
    Admission admission_;
    Newcomers newcomers_;
    Budgets budgets_;
    std::string reserved_;          // the address of the last newcomer, who may have got no worker
    bool is_patient_;               // --no-penalties
    std::vector<Network> exempt_;   // --no-penalty
    std::vector<Network> proxies_;  // --trust-proxy
    ListenerRest rest_;
    bool newcomers_wait_ = false;  // the journal says so, and no client has come in since
    UniqueFd spare_;               // see turn_away_without_descriptor()
};

}  // namespace chatd
