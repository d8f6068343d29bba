// Poison: a request that kills the broker that handles it. A broker that is killed from outside is
// most often killed while it handles some request, and that request must not be lost. But when one
// broker after the other dies of the same request, it kills them, and broker/room refuses it.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/bounds.h"

namespace chatd {

// Lies in memory that outlives the broker (broker/members), and is zeros at first.
class Poison {
  public:
    struct Request {
        std::uint64_t session;
        std::uint64_t counter;
    };

    // This broker handles this request, until end().
    void begin(const Request& request) {
        handled_.counter = request.counter;
        note_handled(request.session);
    }
    void end() { note_handled(0); }

    // Takes the request that the broker before this one died of; none if it died of none.
    [[nodiscard]] std::optional<Request> take_suspect() {
        const Request request = handled_;
        handled_.session = 0;
        return request.session == 0 ? std::nullopt : std::optional(request);
    }

    // Notes that the last broker died of this request. True: kPoisonDeaths brokers in a row did.
    [[nodiscard]] bool is_convicted(const Request& request) {
        const bool is_same =
            suspect_.session == request.session && suspect_.counter == request.counter;
        suspect_ = request;
        suspect_deaths_ = is_same ? suspect_deaths_ + 1 : 1;
        return suspect_deaths_ >= kPoisonDeaths;
    }

  private:
    // The session is stored last: a record that names one is complete.
    void note_handled(std::uint64_t session) {
        std::atomic_ref(handled_.session).store(session, std::memory_order_release);
    }

    Request handled_{};                 // session 0: none
    Request suspect_{};                 // of which the last broker died
    std::uint64_t suspect_deaths_ = 0;  // brokers in a row that died of it
};

}  // namespace chatd
