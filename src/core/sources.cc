#include "core/sources.h"

#include <algorithm>
#include <iterator>

#include "bounds.h"
#include "core/check.h"

namespace chatd {

Sources::Sources(std::uint32_t per_source_max, std::pmr::memory_resource* memory)
    : per_source_max_(per_source_max), sources_(memory) {}

Sources::Answer Sources::asks(std::string_view source, Moment now) const {
    const auto found = sources_.find(source);
    if (found == sources_.end()) return Answer::Yes;
    if (has_to_wait(found->second, now)) return Answer::Penalised;
    const bool full = per_source_max_ != 0 && found->second.clients >= per_source_max_;
    return full ? Answer::TooMany : Answer::Yes;
}

bool Sources::has_to_wait(const Source& source, Moment now) {
    return source.counts && now < source.waits_until;
}

std::size_t Sources::penalised(Moment now) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        sources_, [now](const auto& row) { return has_to_wait(row.second, now); }));
}

std::chrono::seconds Sources::waits(std::string_view source, Moment now) const {
    const auto found = sources_.find(source);
    if (found == sources_.end() || found->second.waits_until <= now) return {};
    return std::chrono::ceil<std::chrono::seconds>(found->second.waits_until - now);
}

void Sources::expect(std::string_view source) {
    if (sources_.find(source) == sources_.end()) sources_.emplace(source, Source{});
}

void Sources::came(std::string_view source) {
    const auto found = sources_.find(source);
    CHATD_CHECK(found != sources_.end());
    ++found->second.clients;
}

void Sources::went(std::string_view source, std::chrono::seconds penalty, Moment now) {
    const auto found = sources_.find(source);
    if (found == sources_.end()) return;
    Source& it = found->second;
    --it.clients;
    if (now >= it.waits_until) it.counts = false;
    if (penalty.count() != 0) {
        it.waits_until = std::min(std::max(it.waits_until, now) + penalty, now + kPenaltyMax);
        it.counts |= it.waits_until - now >= kPenaltyMin;
    }
    if (it.clients != 0) return;
    // A flood from everywhere is not for penalties to end.
    const bool full = sources_.size() > kSourcesMax;
    if (now >= it.waits_until || full) sources_.erase(found);
    if (full) forget_what_is_over(now);
}

// At most once a second: as long as the penalties of more than kSourcesMax sources last, there is
// nothing to forget.
void Sources::forget_what_is_over(Moment now) {
    if (now - forgotten_at_ < std::chrono::seconds(1)) return;
    forgotten_at_ = now;
    for (auto it = sources_.begin(); it != sources_.end();) {
        const bool over = it->second.clients == 0 && now >= it->second.waits_until;
        it = over ? sources_.erase(it) : std::next(it);
    }
}

}  // namespace chatd
