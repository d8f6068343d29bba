// Poison: a request that kills the broker that handles it. A broker that is killed from outside is
// most often killed while it handles some request, and that request must not be lost. But when one
// broker after the other dies of the same request, the request is what kills them, and it is
// refused.
//
// This file must never refuse anything itself: the room does (see broker/room).
#pragma once

#include <cstdint>
#include <optional>

#include "broker/members.h"

namespace chatd {

class Poison {
  public:
    explicit Poison(PoisonRecord& record) : record_(record) {}

    // begin(): this broker starts to handle a request. end(): it is done. In between, the record
    // names the request.
    void begin(std::uint64_t session, std::uint64_t counter);
    void end();

    // Which request the broker before this one died of; none if it died of none.
    struct Request {
        std::uint64_t session;
        std::uint64_t counter;
    };
    [[nodiscard]] std::optional<Request> take_suspect();

    // Notes that the last broker died of this request. True: kPoisonDeaths brokers in a row did.
    [[nodiscard]] bool is_convicted(const Request& request);

  private:
    PoisonRecord& record_;
};

}  // namespace chatd
