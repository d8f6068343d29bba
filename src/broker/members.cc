#include "broker/members.h"

#include <algorithm>
#include <atomic>

#include "base/check.h"
#include "text/name.h"

namespace chatd {
namespace {

// Copies `text` to the beginning of `place`, where it must fit, and returns its size.
std::uint8_t put_text(std::span<char> place, std::string_view text) {
    CHATD_CHECK(text.size() <= place.size());
    std::copy(text.begin(), text.end(), place.begin());
    return static_cast<std::uint8_t>(text.size());
}

void set_name(Member& member, std::string_view name) {
    member.name_bytes = put_text(member.name_text, name);
}

}  // namespace

Members::Members(std::span<std::byte> memory, Log& log)
    : header_(reinterpret_cast<Header*>(memory.data())),
      rows_(reinterpret_cast<Member*>(memory.data() + sizeof(Header)),
            (memory.size() - sizeof(Header)) / sizeof(Member)) {
    recover_rows(log);
    for (auto row = rows_.rbegin(); row != rows_.rend(); ++row) {
        if (row->session == 0) {
            free_.push_back(&*row);
        } else {
            add_to_indexes(*row);
        }
    }
}

// Brings the rows up to the log before anything is looked up by what stands in them, because the
// last broker may have died in the middle of writing one.
void Members::recover_rows(Log& log) {
    // The end of the log may be lost. Entries that the table has applied still count.
    log.continue_after(header_->applied_seq);
    std::unordered_map<std::uint64_t, Member*> used;
    for (Member& row : rows_) {
        // A row is written before its Join. If the log has no Join, the member did not join.
        if (row.session >= log.next_seq()) row.session = 0;
        if (row.session != 0) used.emplace(row.session, &row);
    }
    if (used.empty()) header_->applied_seq = log.next_seq() - 1;
    for (Position at = log.after_seq(header_->applied_seq); at < log.head();) {
        const LogEntry entry = log.entry_at(at);
        if (Member* const member = find_in(used, entry.entry.from)) settle(*member, entry);
        at = entry.next;
    }
    header_->applied_seq = log.next_seq() - 1;
}

// The members with this folded name.
std::vector<Member*> Members::called(const std::string& folded) const {
    std::vector<Member*> found;
    auto it = names_.lower_bound({folded, nullptr});
    for (; it != names_.end() && it->first == folded; ++it) found.push_back(it->second);
    return found;
}

Member* Members::by_name(std::string_view name) const {
    const std::vector<Member*> found = called(fold_name(name));
    if (found.size() == 1) return found.front();
    const auto exact =
        std::ranges::find_if(found, [&](const Member* each) { return each->name() == name; });
    return exact == found.end() ? nullptr : *exact;
}

bool Members::is_taken(std::string_view name, const Member* self) const {
    const auto looks_like_another = [&](const std::string& skeleton) {
        const auto [first, last] = looks_.equal_range(skeleton);
        return std::any_of(first, last, [&](const auto& each) { return each.second != self; });
    };
    const std::vector<Member*> same = called(fold_name(name));
    return std::ranges::any_of(same, [&](const Member* each) { return each != self; }) ||
           std::ranges::any_of(skeletons_of(name), looks_like_another);
}

std::vector<const Member*> Members::matching(std::string_view prefix, std::size_t max) const {
    const std::string folded = fold_name(prefix);
    std::vector<const Member*> found;
    for (auto it = names_.lower_bound({folded, nullptr}); it != names_.end(); ++it) {
        if (found.size() == max || !it->first.starts_with(folded)) break;
        found.push_back(it->second);
    }
    return found;
}

// No name has a byte 0xFF, so this byte makes a text that all names with the prefix are less than.
std::uint32_t Members::count_matching(std::string_view prefix) const {
    const std::string folded = fold_name(prefix);
    return static_cast<std::uint32_t>(names_.order_of_key({folded + '\xFF', nullptr}) -
                                      names_.order_of_key({folded, nullptr}));
}

Member& Members::write_row(const Applicant& applicant, std::uint64_t session, std::int64_t now_ms) {
    Member& member = *free_.back();
    free_.pop_back();
    member = Member{};
    member.birth_ns = applicant.birth_ns;
    member.since_ms = now_ms;
    member.active_ms = now_ms;
    member.pid = applicant.pid;
    set_name(member, applicant.name);
    member.peer_bytes = put_text(member.peer_text, applicant.peer);
    // The session is stored last: a row that has one is whole.
    std::atomic_ref(member.session).store(session, std::memory_order_release);
    return member;
}

void Members::apply(const LogEntry& added) {
    if (Member* const member = by_session(added.entry.from)) {
        const bool has_new_name = added.entry.kind == EntryKind::Rename;
        if (has_new_name) forget_name(*member);
        if (added.entry.kind == EntryKind::Leave) remove_from_indexes(*member);
        settle(*member, added);
        if (has_new_name) index_name(*member);
    }
    // The number is stored last: the row is complete when the number says so.
    std::atomic_ref(header_->applied_seq).store(added.entry.seq, std::memory_order_release);
}

// Applies an entry to its sender's row. Applying it twice has the same effect as once.
void Members::settle(Member& member, const LogEntry& added) {
    if (added.entry.counter != 0) {
        member.counter = added.entry.counter;
        member.active_ms = added.entry.time_ms;
    }
    if (added.entry.kind == EntryKind::Rename) set_name(member, added.frame.text);
    if (added.entry.kind == EntryKind::Leave) member.session = 0;
}

void Members::add_to_indexes(Member& member) {
    index_name(member);
    sessions_.emplace(member.session, &member);
    pids_.emplace(member.pid, &member);
}

void Members::remove_from_indexes(Member& member) {
    forget_name(member);
    sessions_.erase(member.session);
    pids_.erase(member.pid);
    free_.push_back(&member);
}

void Members::index_name(Member& member) {
    names_.insert({fold_name(member.name()), &member});
    const auto [first, second] = skeletons_of(member.name());
    looks_.emplace(first, &member);
    if (second != first) looks_.emplace(second, &member);
}

void Members::forget_name(Member& member) {
    names_.erase({fold_name(member.name()), &member});
    for (const std::string& skeleton : skeletons_of(member.name())) {
        const auto [first, last] = looks_.equal_range(skeleton);
        const auto own =
            std::find_if(first, last, [&](const auto& each) { return each.second == &member; });
        if (own != last) looks_.erase(own);
    }
}

}  // namespace chatd
