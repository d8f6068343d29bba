#include "broker/links.h"

#include <utility>

#include "base/check.h"

namespace chatd {

Link& Links::add(UniqueFd fd, WorkerState connected) {
    std::size_t slot = links_.size();
    if (free_slots_.empty()) {
        links_.emplace_back();
    } else {
        slot = free_slots_.back();
        free_slots_.pop_back();
    }
    links_[slot] = std::make_unique<Link>(std::move(fd), slot, std::move(connected));
    Link* const link = links_[slot].get();
    const bool is_new = by_pid_.emplace(link->pid(), link).second;
    CHATD_CHECK(is_new);
    return *link;
}

Link* Links::by_pid(pid_t pid) const {
    const auto found = by_pid_.find(pid);
    return found == by_pid_.end() ? nullptr : found->second;
}

void Links::forget(Link& link) {
    by_pid_.erase(link.pid());
    forgotten_.push_back(&link);
}

void Links::drop_forgotten() {
    for (Link* const link : forgotten_) {
        const std::size_t slot = link->slot();
        free_slots_.push_back(slot);
        links_[slot].reset();
    }
    forgotten_.clear();
}

}  // namespace chatd
