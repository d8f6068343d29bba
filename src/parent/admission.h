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
#include <string>
#include <string_view>

#include "options.h"
#include "parent/address_limits.h"
#include "parent/login_throttle.h"

namespace chatd {

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
