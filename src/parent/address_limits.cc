#include "parent/address_limits.h"

#include <algorithm>

#include "base/bounds.h"
#include "base/check.h"

namespace chatd {

AddressLimits::AddressLimits(std::uint32_t per_address_max, std::pmr::memory_resource* memory)
    : per_address_max_(per_address_max), addresses_(memory) {}

std::optional<TurnedAway> AddressLimits::refusal(std::string_view address, Moment now) const {
    const auto found = addresses_.find(address);
    if (found == addresses_.end()) return std::nullopt;
    if (found->second.has_to_wait(now)) return TurnedAway::Penalised;
    const bool full = per_address_max_ != 0 && found->second.clients >= per_address_max_;
    return full ? std::optional(TurnedAway::TooManyOfAddress) : std::nullopt;
}

std::chrono::seconds AddressLimits::waiting_time(std::string_view address, Moment now) const {
    const auto found = addresses_.find(address);
    if (found == addresses_.end() || found->second.penalty_until <= now) return {};
    return std::chrono::ceil<std::chrono::seconds>(found->second.penalty_until - now);
}

void AddressLimits::reserve(std::string_view address) {
    if (addresses_.find(address) == addresses_.end()) addresses_.emplace(address, Address{});
}

void AddressLimits::entered(std::string_view address) {
    const auto found = addresses_.find(address);
    CHATD_CHECK(found != addresses_.end());
    ++found->second.clients;
}

void AddressLimits::Address::penalise(std::chrono::seconds penalty, Moment now) {
    if (now >= penalty_until) applies = false;
    if (penalty.count() == 0) return;
    penalty_until = std::min(std::max(penalty_until, now) + penalty, now + kPenaltyMax);
    applies |= penalty_until - now >= kPenaltyMin;
}

void AddressLimits::left(std::string_view address, std::chrono::seconds penalty, Moment now) {
    const auto found = addresses_.find(address);
    if (found == addresses_.end()) return;
    --found->second.clients;
    found->second.penalise(penalty, now);
    if (found->second.clients != 0) return;
    // Penalties cannot stop a flood from very many addresses, so above this bound they are dropped.
    const bool full = addresses_.size() > kAddressesRememberedMax;
    if (now >= found->second.penalty_until || full) addresses_.erase(found);
    if (full) forget_expired(now);
}

std::size_t AddressLimits::penalised(Moment now) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        addresses_, [now](const auto& row) { return row.second.has_to_wait(now); }));
}

// At most once a second: while the penalties of more than kAddressesRememberedMax addresses last,
// there is nothing to forget.
void AddressLimits::forget_expired(Moment now) {
    if (now - forgotten_at_ < std::chrono::seconds(1)) return;
    forgotten_at_ = now;
    std::erase_if(addresses_, [now](const auto& row) {
        return row.second.clients == 0 && now >= row.second.penalty_until;
    });
}

}  // namespace chatd
