// The zombies of --reap-delay: workers that have ended and are left to be looked at. The room knows
// of their ends, and nothing of chatd counts them any more; an entry in the kernel's table is all
// there is.
//
// This file must never collect one: it says which one to collect.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <vector>

#include "base/bounds.h"
#include "base/check.h"
#include "base/time.h"

namespace chatd {

class Zombies {
  public:
    // delay: the time that each is left. All memory is taken here.
    explicit Zombies(std::chrono::seconds delay) : delay_(delay) { list_.reserve(kZombiesMax + 1); }

    // False: none is ever left.
    [[nodiscard]] bool are_wanted() const { return delay_ != delay_.zero(); }

    // This worker has just ended. take_due() must have returned none before.
    void add(pid_t pid, Moment now) {
        CHATD_CHECK(list_.size() <= kZombiesMax);
        list_.push_back({pid, now + delay_});
    }

    // Takes the oldest off the list, when its time has come or there are more than kZombiesMax.
    [[nodiscard]] std::optional<pid_t> take_due(Moment now) {
        if (!is_due(wake_at(), now) && list_.size() <= kZombiesMax) return std::nullopt;
        const pid_t pid = list_.front().pid;
        list_.erase(list_.begin());
        return pid;
    }

    // The time of the oldest; none: there is no zombie.
    [[nodiscard]] Deadline wake_at() const {
        return list_.empty() ? Deadline() : Deadline(list_.front().until);
    }

    [[nodiscard]] bool contains(pid_t pid) const {
        return std::ranges::find(list_, pid, &Zombie::pid) != list_.end();
    }

  private:
    struct Zombie {
        pid_t pid;
        Moment until;
    };

    std::chrono::seconds delay_;
    std::vector<Zombie> list_;  // the oldest first
};

}  // namespace chatd
