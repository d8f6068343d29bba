// Admission: whether a client may come in, and the line that it reads when it is turned away. The
// limits apply in this order: all clients; connections and clients of one address; clients that
// have told no name yet.
//
// This file must never use a descriptor, read a clock or look into an address: the acceptor passes
// the time, and an address is a text.
#pragma once

#include <map>
#include <memory_resource>
#include <random>

#include "options.h"
#include "protocol/counters.h"

namespace chatd {

// The clients of each address, counted, and the addresses that have to wait, because their clients
// connect too often, or because of how their clients ended.
class AddressLimits {
  public:
    // per_address_max: clients of one address; 0: no limit. `memory` outlives this object.
    AddressLimits(std::uint32_t per_address_max, std::pmr::memory_resource* memory)
        : per_address_max_(per_address_max), addresses_(memory) {}

    // The reason to turn one more client of this address away: TooManyOfAddress or Penalised. None:
    // the client may come in.
    [[nodiscard]] std::optional<TurnedAway> turns_away(std::string_view address, Moment now) const;

    // The moment from which on the next client of this address may come in. It may be in the past,
    // and is at most kPenaltyMax after the last one came in.
    [[nodiscard]] Moment next(std::string_view address) const;

    // Makes the memory that entered() needs, so that entered() cannot fail. Throws std::bad_alloc.
    // is_exempt: the address never has to wait.
    void reserve(std::string_view address, bool is_exempt);
    void entered(std::string_view address, Moment now);  // a client, after reserve()

    // Forgets the address if it has no clients and has rested: it was reserved for nothing.
    void forget(std::string_view address, Moment now);

    // A client has left, and its address gets this penalty: its next clients come in more slowly.
    // The model is PerSourcePenalties of sshd_config(5), which lock addresses out. spent: see
    // SharedBudget, if this was the last client of the address.
    void left(std::string_view address, Duration penalty, Moment spent, Moment now);

    // The clients of this address, and what the last of them left as spent.
    [[nodiscard]] std::uint32_t clients(std::string_view address) const;
    [[nodiscard]] Moment spent(std::string_view address) const;

    // The number of addresses that have to wait now, and of those that are remembered.
    [[nodiscard]] std::size_t penalised(Moment now) const;
    [[nodiscard]] std::size_t size() const { return addresses_.size(); }

  private:
    struct Address {
        std::uint32_t clients = 0;
        bool is_exempt = false;
        RateLimiter connects{{kConnectsPerSecond, kConnectsAtOnce}};
        Moment entered{};  // when its last client came in
        Moment spent{};

        [[nodiscard]] bool has_to_wait(Moment now) const { return !connects.allows(now); }
        [[nodiscard]] bool is_rested(Moment now) const {
            return connects.rested(now) && now >= spent;
        }
    };

    [[nodiscard]] const Address* find(std::string_view address) const;
    void forget_rested(Moment now);

    std::uint32_t per_address_max_;
    std::pmr::map<std::pmr::string, Address, std::less<>> addresses_;
    Moment forgotten_at_{};
};

// While many clients have told no name yet, newcomers are turned away by chance: more of them when
// there are more such clients. So a person gets in with a few tries. If the first to come
// were the first to be served, somebody who floods the port would get all places. The models are
// MaxStartups of sshd_config(5) and RED (Floyd and Jacobson, 1993).
class LoginThrottle {
  public:
    // With up to `logins_max` clients without a name no newcomer is turned away; with twice as
    // many, every newcomer is. 0: no newcomer ever is. `seed`: of the random numbers.
    LoginThrottle(std::uint32_t logins_max, std::uint32_t seed)
        : logins_max_(logins_max), random_(seed) {}

    // Is the next newcomer turned away, with `logins` clients that have told no name?
    [[nodiscard]] bool turns_away(std::uint64_t logins);

  private:
    std::uint32_t logins_max_;
    std::minstd_rand random_;
};

class Admission {
  public:
    // clients_max: of the whole server. `memory` outlives this object. `seed`: see LoginThrottle.
    Admission(const Options& options, std::uint32_t clients_max, std::pmr::memory_resource* memory,
              std::uint32_t seed);

    // The reason to turn a client of this address away, if any; empty: it counts for none.
    // `clients` are connected, and `members` of them are in the room. This only asks: addresses()
    // counts.
    [[nodiscard]] std::optional<TurnedAway> turns_away(std::string_view address,
                                                       std::size_t clients, std::uint64_t members,
                                                       Moment now);

    // The line that a client reads when it is turned away, with its end.
    [[nodiscard]] std::string line_for(TurnedAway why) const;

    // The same for one that waits for the turn of its address, as the first (1) or behind others.
    [[nodiscard]] std::string line_for_waiting(std::size_t place) const;

    // The clients that come and go, by address.
    [[nodiscard]] AddressLimits& addresses() { return addresses_; }
    [[nodiscard]] const AddressLimits& addresses() const { return addresses_; }

  private:
    [[nodiscard]] std::string line(Text text, std::int64_t number = 0) const;

    Language language_;
    std::uint32_t clients_max_;
    std::uint32_t per_address_max_;
    AddressLimits addresses_;
    LoginThrottle login_throttle_;
};

}  // namespace chatd
