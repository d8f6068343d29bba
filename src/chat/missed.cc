#include "chat/missed.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/bounds.h"

namespace chatd {

void Missed::hold(Event event) {
    if (held_.size() == kHeldBackMax) {
        held_.pop_front();
        has_dropped_ = true;
    }
    held_.push_back(std::move(event));
}

// The server shows messages twice, to a newcomer and for /history, and what has just happened is
// among them. It has told of all that was missed when it has told of something that was seen, or of
// less than it was asked for.
Missed::News Missed::take(Happened last_seen) {
    News news;
    std::vector<Event> past;
    for (Event& event : held_) (event.past ? past : news.live).push_back(std::move(event));
    held_.clear();
    std::ranges::stable_sort(past, {}, happened);
    const auto is_same = [](const Event& one, const Event& other) {
        return happened(one) == happened(other);
    };
    past.erase(std::unique(past.begin(), past.end(), is_same), past.end());
    const auto first = std::ranges::upper_bound(past, last_seen, {}, happened);
    const bool has_dropped = std::exchange(has_dropped_, false);
    news.is_all = !has_dropped && (first != past.begin() || past.size() < kMissedAsked);
    news.missed.assign(std::move_iterator(first), std::move_iterator(past.end()));
    std::erase_if(news.missed, [&news](const Event& event) {
        return std::ranges::find(news.live, happened(event), happened) != news.live.end();
    });
    return news;
}

}  // namespace chatd
