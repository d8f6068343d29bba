#include "parent/address_limits.h"

#include <algorithm>
#include <iterator>

#include "base/bounds.h"
#include "base/check.h"

namespace chatd {

AddressLimits::AddressLimits(std::uint32_t per_address_max, std::pmr::memory_resource* memory)
    : per_address_max_(per_address_max), addresses_(memory) {}

AddressLimits::Answer AddressLimits::asks(std::string_view address, Moment now) const {
    const auto found = addresses_.find(address);
    if (found == addresses_.end()) return Answer::Yes;
    if (has_to_wait(found->second, now)) return Answer::Penalised;
    const bool full = per_address_max_ != 0 && found->second.clients >= per_address_max_;
    return full ? Answer::TooMany : Answer::Yes;
}

bool AddressLimits::has_to_wait(const Address& address, Moment now) {
    return address.counts && now < address.waits_until;
}

std::size_t AddressLimits::penalised(Moment now) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        addresses_, [now](const auto& row) { return has_to_wait(row.second, now); }));
}

std::chrono::seconds AddressLimits::waits(std::string_view address, Moment now) const {
    const auto found = addresses_.find(address);
    if (found == addresses_.end() || found->second.waits_until <= now) return {};
    return std::chrono::ceil<std::chrono::seconds>(found->second.waits_until - now);
}

void AddressLimits::expect(std::string_view address) {
    if (addresses_.find(address) == addresses_.end()) addresses_.emplace(address, Address{});
}

void AddressLimits::came(std::string_view address) {
    const auto found = addresses_.find(address);
    CHATD_CHECK(found != addresses_.end());
    ++found->second.clients;
}

void AddressLimits::went(std::string_view address, std::chrono::seconds penalty, Moment now) {
    const auto found = addresses_.find(address);
    if (found == addresses_.end()) return;
    Address& it = found->second;
    --it.clients;
    if (now >= it.waits_until) it.counts = false;
    if (penalty.count() != 0) {
        it.waits_until = std::min(std::max(it.waits_until, now) + penalty, now + kPenaltyMax);
        it.counts |= it.waits_until - now >= kPenaltyMin;
    }
    if (it.clients != 0) return;
    // A flood from everywhere is not for penalties to end.
    const bool full = addresses_.size() > kAddressesRememberedMax;
    if (now >= it.waits_until || full) addresses_.erase(found);
    if (full) forget_what_is_over(now);
}

// At most once a second: as long as the penalties of more than kSourcesMax addresses last, there is
// nothing to forget.
void AddressLimits::forget_what_is_over(Moment now) {
    if (now - forgotten_at_ < std::chrono::seconds(1)) return;
    forgotten_at_ = now;
    for (auto it = addresses_.begin(); it != addresses_.end();) {
        const bool over = it->second.clients == 0 && now >= it->second.waits_until;
        it = over ? addresses_.erase(it) : std::next(it);
    }
}

}  // namespace chatd
