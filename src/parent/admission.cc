#include "parent/admission.h"

#include <algorithm>

#include "text/catalogue.h"

namespace chatd {

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

std::optional<TurnedAway> Admission::refusal(std::string_view address, std::size_t clients,
                                             std::uint64_t members, Moment now) {
    if (clients >= clients_max_) return TurnedAway::RoomFull;
    if (const auto why = addresses_.refusal(address, now)) return why;
    // The broker counts the members; its count may be wrong.
    const std::uint64_t logins = clients - std::min<std::uint64_t>(clients, members);
    if (login_throttle_.turns_away(logins)) return TurnedAway::TooManyLogins;
    return std::nullopt;
}

std::string Admission::refusal_line(TurnedAway why, std::string_view address, Moment now) const {
    std::string line;
    const auto append = [&](Text text, const std::string& filling = "") {
        append_text(line, language_, text, {filling});
    };
    switch (why) {
        case TurnedAway::RoomFull: append(Text::RoomFull); break;
        case TurnedAway::TooManyOfAddress:
            append(Text::TooManyOfYours, std::to_string(per_address_max_));
            break;
        case TurnedAway::Penalised:
            append(Text::Penalised, std::to_string(addresses_.waiting_time(address, now).count()));
            break;
        case TurnedAway::OutOfResources: append(Text::ServerBusy); break;
        case TurnedAway::TooManyLogins: append(Text::TooManyLogins); break;
    }
    return line += '\n';
}

}  // namespace chatd
