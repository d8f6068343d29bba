// Where clients come from: how many of each address are here, and which addresses have earned that
// they wait. The parent asks before it takes a client, and tells how each one ended.
//
// This file must never read a clock or an address: it is told the time, and a address is a text.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <string>
#include <string_view>

#include "base/rate_limiter.h"

namespace chatd {

class AddressLimits {
  public:
    // per_source_max: clients of one address at a time; 0: no limit.
    AddressLimits(std::uint32_t per_address_max, std::pmr::memory_resource* memory);

    // May one more of this address come in?
    enum class Answer : std::uint8_t {
        Yes,
        TooMany,    // are here
        Penalised,  // see waits()
    };
    [[nodiscard]] Answer asks(std::string_view address, Moment now) const;

    // How long a penalised address waits.
    [[nodiscard]] std::chrono::seconds waits(std::string_view address, Moment now) const;

    // One may come: what came() takes is made here. May throw std::bad_alloc, where came() does
    // not.
    void expect(std::string_view address);

    // An expected one came in; it went, and how it ended earns its address so much waiting.
    // Penalties add up, up to kPenaltyMax, and count once there are kPenaltyMin of them: one mishap
    // is no reason. After sshd's PerSourcePenalties (sshd_config(5)).
    void came(std::string_view address);
    void went(std::string_view address, std::chrono::seconds penalty, Moment now);

    // AddressLimits that have to wait now.
    [[nodiscard]] std::size_t penalised(Moment now) const;

    // AddressLimits that are remembered.
    [[nodiscard]] std::size_t size() const { return addresses_.size(); }

  private:
    struct Address {
        std::uint32_t clients = 0;
        Moment waits_until{};
        bool counts = false;  // the penalties have reached kPenaltyMin
    };
    static bool has_to_wait(const Address& address, Moment now);
    using Table = std::pmr::map<std::pmr::string, Address, std::less<>>;

    void forget_what_is_over(Moment now);

    std::uint32_t per_address_max_;
    Table addresses_;
    Moment forgotten_at_{};
};

}  // namespace chatd
