#include "chat/missed.h"

#include <algorithm>
#include <utility>

#include "base/bounds.h"

namespace chatd {

void Missed::hold(Event event) {
    if (held_.size() == kHeldBackMax) {
        held_.pop_front();
        ++dropped_;
    }
    held_.push_back(std::move(event));
}

// The server shows messages twice, to a newcomer and for /history, and what has just happened is
// among them.
Missed::News Missed::take(Happened last_seen) {
    News news;
    news.dropped = std::exchange(dropped_, 0);
    for (Event& event : held_) {
        if (!event.past) {
            news.live.push_back(std::move(event));
        } else if (happened(event) > last_seen) {
            news.missed.push_back(std::move(event));
        }
    }
    held_.clear();
    std::ranges::stable_sort(news.missed, {}, happened);
    const auto is_same = [](const Event& one, const Event& other) {
        return happened(one) == happened(other);
    };
    news.missed.erase(std::unique(news.missed.begin(), news.missed.end(), is_same),
                      news.missed.end());
    std::erase_if(news.missed, [&news](const Event& event) {
        return std::ranges::find(news.live, happened(event), happened) != news.live.end();
    });
    return news;
}

}  // namespace chatd
