#include "broker/poison.h"

#include <atomic>
#include <utility>

#include "base/bounds.h"

namespace chatd {

void Poison::begin(std::uint64_t session, std::uint64_t counter) {
    record_.handled_counter = counter;
    std::atomic_ref(record_.handled_session).store(session, std::memory_order_release);
}

void Poison::end() {
    std::atomic_ref(record_.handled_session).store(0, std::memory_order_release);
}

std::optional<Poison::Request> Poison::take_suspect() {
    const std::uint64_t session = std::exchange(record_.handled_session, 0);
    if (session == 0) return std::nullopt;
    return Request{session, record_.handled_counter};
}

bool Poison::is_convicted(const Request& request) {
    const bool is_same =
        record_.suspect_session == request.session && record_.suspect_counter == request.counter;
    record_.suspect_session = request.session;
    record_.suspect_counter = request.counter;
    record_.suspect_deaths = is_same ? record_.suspect_deaths + 1 : 1;
    return record_.suspect_deaths >= kPoisonDeaths;
}

}  // namespace chatd
