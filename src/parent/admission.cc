#include "parent/admission.h"

#include <algorithm>

#include "base/bounds.h"
#include "base/check.h"
#include "text/catalogue.h"

namespace chatd {

std::optional<TurnedAway> AddressLimits::turns_away(std::string_view address, Moment now) const {
    const Address* const found = find(address);
    if (found == nullptr) return std::nullopt;
    const bool full = per_address_max_ != 0 && found->clients >= per_address_max_;
    if (full) return TurnedAway::TooManyOfAddress;
    return found->has_to_wait(now) ? std::optional(TurnedAway::Penalised) : std::nullopt;
}

Moment AddressLimits::next(std::string_view address) const {
    const Address* const found = find(address);
    return found == nullptr ? Moment() : found->connects.next();
}

const AddressLimits::Address* AddressLimits::find(std::string_view address) const {
    const auto found = addresses_.find(address);
    return found == addresses_.end() ? nullptr : &found->second;
}

std::uint32_t AddressLimits::clients(std::string_view address) const {
    const Address* const found = find(address);
    return found == nullptr ? 0 : found->clients;
}

Moment AddressLimits::spent(std::string_view address) const {
    const Address* const found = find(address);
    return found == nullptr ? Moment() : found->spent;
}

void AddressLimits::reserve(std::string_view address, bool is_exempt) {
    if (find(address) == nullptr) addresses_.emplace(address, Address{.is_exempt = is_exempt});
}

void AddressLimits::forget(std::string_view address, Moment now) {
    const auto found = addresses_.find(address);
    if (found == addresses_.end() || found->second.clients != 0) return;
    if (found->second.is_rested(now)) addresses_.erase(found);
}

void AddressLimits::entered(std::string_view address, Moment now) {
    const auto found = addresses_.find(address);
    CHATD_CHECK(found != addresses_.end());
    ++found->second.clients;
    found->second.entered = now;
    if (!found->second.is_exempt) found->second.connects.spend(now);
}

void AddressLimits::left(std::string_view address, Duration penalty, Moment spent, Moment now) {
    const auto found = addresses_.find(address);
    if (found == addresses_.end()) return;
    Address& row = found->second;
    --row.clients;
    row.spent = spent;
    const Moment latest = std::max(now, row.entered + kPenaltyMax);
    if (!row.is_exempt) row.connects.charge(penalty, latest, now);
    if (row.clients != 0) return;
    // Nothing stops a flood from very many addresses, so above this bound they are forgotten.
    const bool full = addresses_.size() > kAddressesRememberedMax;
    if (row.is_rested(now) || full) addresses_.erase(found);
    if (full) forget_rested(now);
}

std::size_t AddressLimits::penalised(Moment now) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        addresses_, [now](const auto& row) { return row.second.has_to_wait(now); }));
}

// Searches at most once a second, because there is nothing to forget while more than
// kAddressesRememberedMax addresses are not rested.
void AddressLimits::forget_rested(Moment now) {
    if (now - forgotten_at_ < std::chrono::seconds(1)) return;
    forgotten_at_ = now;
    std::erase_if(addresses_, [now](const auto& row) {
        return row.second.clients == 0 && row.second.is_rested(now);
    });
}

bool LoginThrottle::turns_away(std::uint64_t logins) {
    if (logins_max_ == 0 || logins <= logins_max_) return false;
    std::uniform_int_distribution<std::uint64_t> place(1, logins_max_);
    return place(random_) <= logins - logins_max_;
}

Admission::Admission(const Options& options, std::uint32_t clients_max,
                     std::pmr::memory_resource* memory, std::uint32_t seed)
    : language_(options.language),
      clients_max_(clients_max),
      per_address_max_(options.per_address_max),
      addresses_(options.per_address_max, memory),
      login_throttle_(options.logins_max.value_or(clients_max / 2), seed) {}

std::optional<TurnedAway> Admission::turns_away(std::string_view address, std::size_t clients,
                                                std::uint64_t members, Moment now) {
    if (clients >= clients_max_) return TurnedAway::RoomFull;
    if (const auto why = addresses_.turns_away(address, now)) return why;
    // The broker counts the members; its count may be wrong.
    const std::uint64_t logins = clients - std::min<std::uint64_t>(clients, members);
    if (login_throttle_.turns_away(logins)) return TurnedAway::TooManyLogins;
    return std::nullopt;
}

std::string Admission::line_for(TurnedAway why) const {
    switch (why) {
        case TurnedAway::RoomFull: return line(Text::RoomFull);
        case TurnedAway::TooManyOfAddress: return line(Text::TooManyOfYours, per_address_max_);
        case TurnedAway::OutOfResources: return line(Text::ServerBusy);
        case TurnedAway::TooManyLogins: return line(Text::TooManyLogins);
        case TurnedAway::Closing: return line(Text::ServerCloses);
        case TurnedAway::Penalised: break;
    }
    // By then all who wait now have come in.
    return line(Text::Penalised, kQueuedOfAddressMax * (kPenaltyMax / 1s));
}

std::string Admission::line_for_waiting(std::size_t place) const {
    return line(Text::Waiting, static_cast<std::int64_t>(place) * (kPenaltyMax / 1s));
}

std::string Admission::line(Text text, std::int64_t number) const {
    std::string made;
    append_text(made, language_, text, {std::to_string(number)});
    return made + '\n';
}

}  // namespace chatd
