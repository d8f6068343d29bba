// The listener that workers connect to, as the broker waits for it.
#pragma once

#include <cstdint>
#include <functional>

#include "base/time.h"
#include "sys/fd.h"
#include "sys/journal.h"
#include "sys/listener_rest.h"
#include "sys/poller.h"

namespace chatd {

class LinkListener {
  public:
    // Waits for `listener` in `poller` from now on, under this id. Both belong to the caller.
    LinkListener(int listener, Poller& poller, std::uint64_t id, Journal& journal);

    // Hands some waiting connections to `take`, at most kAcceptsPerTurn, because a process that
    // connects again and again must not keep the broker here. When descriptors are short, the
    // listener rests.
    void accept(const std::function<void(UniqueFd)>& take);

    // A worker came in: the shortage is over, and the journal says so.
    void came_in();

    // A descriptor was freed.
    void freed();

    // The rest ends when its time is over.
    [[nodiscard]] Deadline wake_at() const { return rest_.until(); }
    void turn(Moment now);

  private:
    void watch();
    void rest(int error);

    int listener_;
    Poller& poller_;
    std::uint64_t id_;
    Journal& journal_;
    ListenerRest rest_;
    bool is_short_ = false;  // of descriptors or memory, and the journal says so
};

}  // namespace chatd
