// Admission: whether a client may come in, and the line that it reads when not. The limits apply in
// this order: all clients; clients and penalties of one address; clients that have told no name
// yet.
//
// This file must never use a descriptor or read a clock: the acceptor does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "options.h"
#include "parent/address_limits.h"

namespace chatd {

// While many clients have told no name yet, newcomers are turned away by chance, and the more of
// them the more such clients there are. So a person gets in with a few tries. If the first to come
// were the first to be served, somebody who floods the port would get all places. After sshd's
// MaxStartups (sshd_config(5)), and RED (Floyd and Jacobson, 1993).
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

    // Why a client of this address is turned away; none: it may come in. `clients` are connected,
    // and `members` of them are in the room. This only asks: addresses() counts.
    [[nodiscard]] std::optional<TurnedAway> refusal(std::string_view address, std::size_t clients,
                                                    std::uint64_t members, Moment now);

    // What that client reads, with the end of the line.
    [[nodiscard]] std::string refusal_line(TurnedAway why, std::string_view address,
                                           Moment now) const;

    // The clients that come and go, by address.
    [[nodiscard]] AddressLimits& addresses() { return addresses_; }
    [[nodiscard]] const AddressLimits& addresses() const { return addresses_; }

  private:
    Language language_;
    std::uint32_t clients_max_;
    std::uint32_t per_address_max_;
    AddressLimits addresses_;
    LoginThrottle login_throttle_;
};

}  // namespace chatd
