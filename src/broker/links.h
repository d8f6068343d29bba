// All links of the broker, found by their slot, which epoll gives back, and by the pid of their
// worker. A link that is forgotten stays in its slot until the turn ends, because events and lists
// of this turn may still name it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "broker/link.h"

namespace chatd {

class Links {
  public:
    // Adds a link to this worker, whose process must have none, or a forgotten one.
    Link& add(UniqueFd fd, WorkerState connected);

    // The link in this slot, where there must be one.
    [[nodiscard]] Link& at(std::size_t slot) { return *links_[slot]; }

    // The link of this process; null when it has none.
    [[nodiscard]] Link* by_pid(pid_t pid) const;

    // From now on the link is not found by its pid; drop_forgotten() destroys it.
    void forget(Link& link);
    void drop_forgotten();

    // Calls `visit` for each open link.
    template <class Visit>
    void for_each_open(Visit visit) {
        for (const auto& link : links_) {
            if (link != nullptr && link->is_open()) visit(*link);
        }
    }

  private:
    std::vector<std::unique_ptr<Link>> links_;
    std::vector<std::size_t> free_slots_;
    std::unordered_map<pid_t, Link*> by_pid_;
    std::vector<Link*> forgotten_;
};

}  // namespace chatd
