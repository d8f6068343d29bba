// The links of the broker: found by their number, which epoll gives back, and by the pid of their
// worker. A link that is forgotten stays where it is until the turn ends, for events and lists of
// this turn may still name it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "broker/link.h"

namespace chatd {

class Links {
  public:
    // rate: of requests that a worker may make.
    explicit Links(Rate rate) : rate_(rate) {}

    // The process has no link in here yet, or only one that was forgotten.
    Link& add(UniqueFd fd, pid_t pid);

    [[nodiscard]] Link& at(std::size_t slot) { return *links_[slot]; }
    [[nodiscard]] Link* by_pid(pid_t pid) const;

    // Not found by its pid any more, and gone with drop_forgotten().
    void forget(Link& link);
    void drop_forgotten();

    // Calls `visit` for each link that is open.
    template <class Visit>
    void for_each_open(Visit visit) {
        for (const auto& link : links_) {
            if (link != nullptr && link->open()) visit(*link);
        }
    }

  private:
    Rate rate_;
    std::vector<std::unique_ptr<Link>> links_;
    std::vector<std::size_t> free_slots_;
    std::unordered_map<pid_t, Link*> by_pid_;
    std::vector<Link*> forgotten_;
};

}  // namespace chatd
