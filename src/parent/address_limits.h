// How many clients of each address are connected, and which addresses have to wait because of how
// their clients ended.
//
// This file must never read a clock, and never look into an address: the caller passes the time,
// and an address is a text.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "protocol/counters.h"

namespace chatd {

class AddressLimits {
  public:
    // per_address_max: clients of one address at a time; 0: no limit. `memory` outlives this
    // object.
    AddressLimits(std::uint32_t per_address_max, std::pmr::memory_resource* memory);

    // Why one more client of this address may not enter now: TooManyOfAddress or Penalised. None:
    // it may.
    [[nodiscard]] std::optional<TurnedAway> refusal(std::string_view address, Moment now) const;

    // How long a penalised address still has to wait; 0 for any other.
    [[nodiscard]] std::chrono::seconds waiting_time(std::string_view address, Moment now) const;

    // Makes the memory that entered() needs, so that entered() cannot fail. Throws std::bad_alloc.
    void reserve(std::string_view address);

    // A client for which reserve() was called has entered.
    void entered(std::string_view address);

    // A client has left, and its address gets this penalty. Penalties add up, to kPenaltyMax at
    // most, and apply from kPenaltyMin on, because a single mishap is no reason. After sshd's
    // PerSourcePenalties (sshd_config(5)).
    void left(std::string_view address, std::chrono::seconds penalty, Moment now);

    // How many addresses have to wait now.
    [[nodiscard]] std::size_t penalised(Moment now) const;

    // How many addresses are remembered.
    [[nodiscard]] std::size_t size() const { return addresses_.size(); }

  private:
    struct Address {
        std::uint32_t clients = 0;
        Moment penalty_until{};
        bool applies = false;  // the penalties have reached kPenaltyMin

        [[nodiscard]] bool has_to_wait(Moment now) const { return applies && now < penalty_until; }
        void penalise(std::chrono::seconds penalty, Moment now);
    };

    void forget_expired(Moment now);

    std::uint32_t per_address_max_;
    std::pmr::map<std::pmr::string, Address, std::less<>> addresses_;
    Moment forgotten_at_{};
};

}  // namespace chatd
