#include "log/crowd.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "text/name.h"

namespace chatd {
namespace {

// May the entry be told as part of a crowd to the reader `session`?
bool may_join_crowd(const LogEntry& found, std::uint64_t session) {
    if (found.entry.to != 0 || (session != 0 && found.entry.from == session)) return false;
    return found.entry.kind == EntryKind::Join ||
           (found.entry.kind == EntryKind::Leave && found.frame.text.empty());
}

// Makes one crowd of neighbouring Join and Leave entries, from `begin` on.
class CrowdBuilder {
  public:
    explicit CrowdBuilder(Position begin) : begin_(begin), end_(begin) {}

    // False when the crowd is full; or when a member who left comes back, or somebody whose name
    // looks the same: a reader is told first who came and then who left, so the line would say the
    // opposite of what happened.
    [[nodiscard]] bool accepts(const LogEntry& found) {
        if (crowd_.entered + crowd_.left == kCrowdPeopleMax) return false;
        return found.entry.kind == EntryKind::Leave || !is_gone(found.frame.name);
    }

    void add(const LogEntry& found) {
        const bool leaves = found.entry.kind == EntryKind::Leave;
        if (leaves) {
            unkeyed_.push_back(found.frame.name);
            note_reason(found.entry);
        }
        std::uint32_t& people = leaves ? crowd_.left : crowd_.entered;
        std::vector<std::string_view>& names = leaves ? left_ : entered_;
        if (++people <= kCrowdNames + 1) names.push_back(found.frame.name);
        crowd_.last_seq = found.entry.seq;
        crowd_.time_ms = found.entry.time_ms;
        end_ = found.next;
    }

    // The crowd; none when too few people come and go.
    [[nodiscard]] std::optional<CrowdStretch> result() const {
        if (crowd_.entered < 2 && crowd_.left < 2) return std::nullopt;
        std::string names;
        append_names(names, entered_, crowd_.entered);
        append_names(names, left_, crowd_.left);
        CrowdStretch stretch{begin_, end_, {}};
        append_frame(stretch.frame, crowd_, {}, names);
        return stretch;
    }

  private:
    // The keys of those who left are made only now, because most crowds never need them.
    bool is_gone(std::string_view newcomer) {
        for (const std::string_view name : std::exchange(unkeyed_, {})) {
            for (std::string& key : keys_of(name)) gone_.insert(std::move(key));
        }
        return !gone_.empty() && std::ranges::any_of(keys_of(newcomer), [this](const auto& key) {
            return gone_.contains(key);
        });
    }

    // Two names that share a key cannot be in the room at the same time: see Members::is_taken().
    static std::array<std::string, 3> keys_of(std::string_view name) {
        auto [first, second] = skeletons_of(name);
        return {fold_name(name), std::move(first), std::move(second)};
    }

    void note_reason(const Entry& entry) {
        const auto reason = static_cast<LeaveReason>(entry.reason);
        if (crowd_.left == 0) {
            crowd_.reason = reason;
            crowd_.detail = entry.detail;
        } else if (crowd_.reason != reason || crowd_.detail != entry.detail) {
            crowd_.reason = LeaveReason::Quit;
            crowd_.detail = 0;
        }
    }

    static void append_names(std::string& text, const std::vector<std::string_view>& names,
                             std::uint32_t people) {
        for (std::size_t i = 0; i < named_of(people); ++i) {
            if (!text.empty()) text += ' ';
            text += names[i];
        }
    }

    Position begin_;
    Position end_;
    Crowd crowd_{};
    std::vector<std::string_view> entered_;  // names, at most one more than kCrowdNames
    std::vector<std::string_view> left_;     // the same
    std::vector<std::string_view> unkeyed_;  // those who left and have no key in gone_ yet
    std::unordered_set<std::string> gone_;
};

}  // namespace

CrowdsFound crowds_between(const Log& log, Position from, Position to, std::uint64_t session) {
    CrowdsFound found;
    std::optional<CrowdBuilder> builder;
    const auto finish = [&] {
        auto stretch = builder ? builder->result() : std::nullopt;
        if (stretch) found.crowds.push_back(std::move(*stretch));
        builder.reset();
    };
    found.end = to;
    for (std::size_t entries = 0; from < to; ++entries) {
        const LogEntry entry = log.entry_at(from);
        if (entry.at >= to) break;
        const bool may_join = may_join_crowd(entry, session);
        if (!may_join || (builder && !builder->accepts(entry))) finish();
        if (found.crowds.size() == kCrowdsAtOnce || entries == kCrowdEntriesAtOnce) {
            found.end = from;
            break;
        }
        if (may_join) {
            if (!builder) builder.emplace(entry.at);
            builder->add(entry);
        }
        from = entry.next;
    }
    finish();
    return found;
}

std::size_t Crowds::entries_from(Position begin) const {
    if (begin >= common_ || by_begin_.contains(begin)) return 0;
    const std::uint64_t newer = log_.next_seq() - 1 - log_.seq_before(begin);
    return std::min<std::uint64_t>(newer, kCrowdEntriesAtOnce);
}

const CrowdsFound& Crowds::from(Position begin) {
    if (by_begin_.size() == kCrowdBeginningsMax && !by_begin_.contains(begin)) by_begin_.clear();
    const auto [found, is_new] = by_begin_.try_emplace(begin);
    if (is_new) found->second = crowds_between(log_, begin, end_, 0);
    return found->second;
}

std::string_view take_names(std::string_view& names, std::uint32_t count) {
    std::size_t end = 0;
    for (; count != 0 && end < names.size(); --count) {
        end = std::min(names.find(' ', end), names.size()) + 1;
    }
    const std::string_view taken = names.substr(0, end == 0 ? 0 : end - 1);
    names.remove_prefix(std::min(end, names.size()));
    return taken;
}

}  // namespace chatd
