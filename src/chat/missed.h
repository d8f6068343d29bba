// What happened while the client was away. Whoever comes back asks for the last messages, and what
// happens meanwhile is held back, so that everything is shown once and in its order. This file must
// never know how to ask.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <vector>

#include "chat/event.h"

namespace chatd {

// When something happened. Numbers begin again when a server without a history is started again, so
// the time counts first.
struct Happened {
    std::int64_t time_ms = 0;
    std::uint64_t seq = 0;
    auto operator<=>(const Happened&) const = default;
};

[[nodiscard]] inline Happened happened(const Event& event) {
    return {event.time_ms, event.seq};
}

class Missed {
  public:
    // Takes an event that came while the client catches up. Of more than kHeldBackMax the oldest
    // are dropped.
    void hold(Event event);

    struct News {
        std::vector<Event> missed;  // messages after `last_seen`, the oldest first, each once
        bool is_all = true;         // no: there were older ones, which nothing tells of
        std::vector<Event> live;    // what happened since the client is back, as it came
    };
    // The client has caught up: nothing is held any more.
    [[nodiscard]] News take(Happened last_seen);

    void clear() { (void)take({}); }

  private:
    std::deque<Event> held_;
    bool has_dropped_ = false;
};

}  // namespace chatd
