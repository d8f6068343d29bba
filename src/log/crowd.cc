#include "log/crowd.h"

#include <optional>
#include <string_view>
#include <unordered_set>

namespace chatd {
namespace {

// Whether the entry may be told as part of a crowd to the reader `session`.
bool may_join_crowd(const LogEntry& entry, std::uint64_t session) {
    if (entry.entry.to != 0 || (session != 0 && entry.entry.from == session)) return false;
    return entry.entry.kind == EntryKind::Join ||
           (entry.entry.kind == EntryKind::Leave && entry.frame.text.empty());
}

// The people of one crowd who come, or those who leave.
class Party {
  public:
    void add(std::string_view name) {
        ++people_;
        if (people_ <= kCrowdNames + 1) names_.push_back(name);
    }

    [[nodiscard]] std::uint32_t people() const { return people_; }

    void append_names(std::string& text) const {
        for (std::size_t i = 0; i < named_of(people_); ++i) {
            if (!text.empty()) text += ' ';
            text.append(names_[i]);
        }
    }

  private:
    std::uint32_t people_ = 0;
    std::vector<std::string_view> names_;
};

// Collects neighbouring Join and Leave entries from `begin` on.
class Gathering {
  public:
    explicit Gathering(Position begin) : begin_(begin) {}

    // Returns false, and takes nothing, when a member who left comes back: a reader is told first
    // who came and then who left, so the line would say the opposite of what happened.
    [[nodiscard]] bool add(const LogEntry& found) {
        const bool leaves = found.entry.kind == EntryKind::Leave;
        if (!leaves && gone_.contains(found.frame.name)) return false;
        if (leaves) {
            gone_.insert(found.frame.name);
            note_reason(found.entry);
        }
        (leaves ? left_ : entered_).add(found.frame.name);
        last_ = found;
        return true;
    }

    // None when too few people come and go.
    [[nodiscard]] std::optional<CrowdStretch> result() const {
        if (entered_.people() < 2 && left_.people() < 2) return std::nullopt;
        std::string names;
        entered_.append_names(names);
        left_.append_names(names);
        const Crowd crowd{.last_seq = last_.entry.seq,
                          .time_ms = last_.entry.time_ms,
                          .entered = entered_.people(),
                          .left = left_.people(),
                          .reason = reason_.value_or(LeaveReason::Quit),
                          .detail = reason_ ? detail_ : std::uint8_t{0}};
        CrowdStretch stretch{begin_, last_.next, {}};
        append_frame(stretch.frame, crowd, {}, names);
        return stretch;
    }

  private:
    // Keeps the reason that all who left have in common, if there is one.
    void note_reason(const Entry& entry) {
        const auto reason = static_cast<LeaveReason>(entry.reason);
        if (left_.people() == 0) {
            reason_ = reason;
            detail_ = entry.detail;
        } else if (reason_ != reason || detail_ != entry.detail) {
            reason_.reset();
        }
    }

    Position begin_;
    LogEntry last_{};
    Party entered_;
    Party left_;
    std::unordered_set<std::string_view> gone_;
    std::optional<LeaveReason> reason_;
    std::uint8_t detail_ = 0;
};

}  // namespace

std::vector<CrowdStretch> crowds_between(const Log& log, Position from, Position to,
                                         std::uint64_t session) {
    std::vector<CrowdStretch> crowds;
    std::optional<Gathering> gathering;
    const auto disperse = [&] {
        auto stretch = gathering ? gathering->result() : std::nullopt;
        if (stretch) crowds.push_back(std::move(*stretch));
        gathering.reset();
    };
    while (from < to) {
        const LogEntry found = log.entry_at(from);
        if (found.at >= to) break;
        const bool joins = may_join_crowd(found, session);
        if (!joins || (gathering && !gathering->add(found))) disperse();
        if (joins && !gathering) {
            (void)gathering.emplace(found.at).add(found);  // The first entry always fits.
        }
        from = found.next;
    }
    disperse();
    return crowds;
}

void Crowds::set_end(Position end) {
    if (end != end_) by_begin_.clear();
    end_ = end;
}

const std::vector<CrowdStretch>& Crowds::from(Position begin) {
    const auto [found, is_new] = by_begin_.try_emplace(begin);
    if (is_new) found->second = crowds_between(log_, begin, end_, 0);
    return found->second;
}

}  // namespace chatd
