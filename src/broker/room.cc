#include "broker/room.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.h"
#include "base/fault.h"
#include "text/clean.h"
#include "text/name.h"
#include "text/utf8.h"

namespace chatd {
namespace {

void set_name(Member& member, std::string_view name) {
    CHATD_CHECK(name.size() <= sizeof member.name_text);
    std::copy(name.begin(), name.end(), member.name_text);
    member.name_bytes = static_cast<std::uint8_t>(name.size());
}

void set_peer(Member& member, std::string_view peer) {
    CHATD_CHECK(peer.size() <= sizeof member.peer_text);
    std::copy(peer.begin(), peer.end(), member.peer_text);
    member.peer_bytes = static_cast<std::uint8_t>(peer.size());
}

Entry entry_from(const Member& member, EntryKind kind, std::int64_t now_ms) {
    Entry entry{};
    entry.kind = kind;
    entry.from = member.session;
    entry.time_ms = now_ms;
    return entry;
}

// The other reasons are not a worker's to say.
bool may_be_told(LeaveReason reason) {
    return reason <= LeaveReason::Removed || reason == LeaveReason::Idle;
}

}  // namespace

std::size_t Room::memory_bytes(std::uint32_t members_max) {
    return sizeof(Header) + members_max * sizeof(Member);
}

Room::Room(std::span<std::byte> memory, Log& log, std::int64_t now_ms)
    : header_(reinterpret_cast<Header*>(memory.data())),
      table_(reinterpret_cast<Member*>(memory.data() + sizeof(Header)),
             (memory.size() - sizeof(Header)) / sizeof(Member)),
      log_(log) {
    recover_rows();
    for (auto row = table_.rbegin(); row != table_.rend(); ++row) {
        if (row->session == 0) {
            free_.push_back(&*row);
        } else {
            index(*row);
        }
    }
    refuse_poison(now_ms);
}

// Brings the rows up to the log, before anything is looked up by what stands in them: the broker
// may have died in the middle of writing one.
void Room::recover_rows() {
    // The end of the log may be lost: what the table knows of has happened all the same.
    log_.continue_after(header_->applied_seq);
    std::unordered_map<std::uint64_t, Member*> rows;
    for (Member& row : table_) {
        // A row is written before its Join is in the log: one without the other never happened.
        if (row.session >= log_.next_seq()) row.session = 0;
        if (row.session != 0) rows.emplace(row.session, &row);
    }
    if (rows.empty()) header_->applied_seq = log_.next_seq() - 1;
    for (Position at = log_.after_seq(header_->applied_seq); at < log_.head();) {
        const LogEntry entry = log_.entry_at(at);
        const auto found = rows.find(entry.entry.from);
        if (found != rows.end()) settle(*found->second, entry);
        at = entry.next;
    }
    header_->applied_seq = log_.next_seq() - 1;
}

// A broker that is killed from outside is most often killed while it handles something, and that
// must not be lost. But a request with which one broker after the other dies is what kills them: it
// is refused.
void Room::refuse_poison(std::int64_t now_ms) {
    const std::uint64_t session = std::exchange(header_->handled_session, 0);
    const std::uint64_t counter = header_->handled_counter;
    Member* const sender = by_session(session);
    if (sender == nullptr || sender->counter >= counter) return;
    const bool again = header_->suspect_session == session && header_->suspect_counter == counter;
    header_->suspect_session = session;
    header_->suspect_counter = counter;
    header_->suspect_deaths = again ? header_->suspect_deaths + 1 : 1;
    if (header_->suspect_deaths < kPoisonDeaths) return;
    poisoner_ = sender->name();
    Entry entry = entry_from(*sender, EntryKind::Refused, now_ms);
    entry.counter = counter;
    refuse(*sender, entry, Refusal::Poison, {});
}

Member* Room::by_session(std::uint64_t session) {
    const auto found = sessions_.find(session);
    return found == sessions_.end() ? nullptr : found->second;
}

Member* Room::by_pid(std::int32_t pid) {
    const auto found = pids_.find(pid);
    return found == pids_.end() ? nullptr : found->second;
}

Member* Room::by_name(std::string_view name) {
    const auto found = names_.find(fold_name(name));
    return found == names_.end() ? nullptr : found->second;
}

// Is it the name of somebody else, or does it look like one? `self` may be null.
bool Room::is_taken(std::string_view name, const Member* self) {
    const Member* const owner = by_name(name);
    if (owner != nullptr && owner != self) return true;
    return std::ranges::any_of(skeletons_of(name), [&](const std::string& skeleton) {
        const auto [first, last] = looks_.equal_range(skeleton);
        return std::any_of(first, last, [&](const auto& look) { return look.second != self; });
    });
}

std::vector<const Member*> Room::matching(std::string_view prefix, std::size_t max) const {
    const std::string folded = fold_name(prefix);
    std::vector<const Member*> found;
    for (auto it = names_.lower_bound(folded); it != names_.end(); ++it) {
        if (found.size() == max || !it->first.starts_with(folded)) break;
        found.push_back(it->second);
    }
    return found;
}

Room::Admission Room::attach(const Applicant& applicant, std::int64_t now_ms) {
    if (Member* const known = by_pid(applicant.pid)) {
        if (known->birth_ns == applicant.birth_ns &&
            (applicant.session == known->session || applicant.session == 0)) {
            // Back over a new link; or its Welcome was lost with a broker after the Join was in.
            return {known, {}};
        }
        // The kernel has given the pid to a new process: the old one is gone, whatever it was.
        remove(*known, LeaveReason::Lost, 0, now_ms);
    }
    if (applicant.session != 0) return {nullptr, Refusal::Removed};
    if (is_taken(applicant.name, nullptr)) return {nullptr, Refusal::NameTaken};
    if (free_.empty()) return {nullptr, Refusal::RoomFull};
    return join(applicant, now_ms);
}

Room::Admission Room::join(const Applicant& applicant, std::int64_t now_ms) {
    Member& member = *free_.back();
    free_.pop_back();
    member = Member{};
    member.birth_ns = applicant.birth_ns;
    member.since_ms = now_ms;
    member.active_ms = now_ms;
    member.pid = applicant.pid;
    set_name(member, applicant.name);
    set_peer(member, applicant.peer);
    // The row first, whole: see recover_rows().
    std::atomic_ref(member.session).store(log_.next_seq(), std::memory_order_release);
    fault_point("broker:after-row");
    append(entry_from(member, EntryKind::Join, now_ms), applicant.name, {});
    fault_point("broker:after-join");
    index(member);
    return {&member, {}};
}

bool Room::post(Member& member, const Post& request, std::string_view name, std::string_view text,
                std::int64_t now_ms) {
    if (request.counter <= member.counter) return true;
    if (request.counter != member.counter + 1) return false;
    header_->handled_counter = request.counter;
    std::atomic_ref(header_->handled_session).store(member.session, std::memory_order_release);
    fault_point("broker:while-handling", text);
    const bool honest = append_post(member, request, name, text, now_ms);
    fault_point("broker:after-apply");
    std::atomic_ref(header_->handled_session).store(0, std::memory_order_release);
    return honest;
}

bool Room::append_post(Member& member, const Post& request, std::string_view name,
                       std::string_view text, std::int64_t now_ms) {
    Entry entry = entry_from(member, request.kind, now_ms);
    entry.counter = request.counter;
    std::string fewer_marks;
    if (!is_clean_text(text)) {
        if (!is_clean_but_for_marks(text)) return false;
        // A worker from before an upgrade may count them by another rule, or not at all.
        fewer_marks = clean_text(text);
        if (fewer_marks.empty()) append_utf8(fewer_marks, kReplacementCharacter);
        text = fewer_marks;
    }
    switch (request.kind) {
        case EntryKind::Say:
        case EntryKind::Emote:
            if (text.empty()) return false;
            append(entry, member.name(), text);
            return true;
        case EntryKind::Tell: return append_tell(member, entry, name, text);
        case EntryKind::Rename: return append_rename(member, entry, name);
        case EntryKind::Leave:
            if (!may_be_told(request.reason)) return false;
            entry.reason = static_cast<std::uint8_t>(request.reason);
            append(entry, member.name(), text);
            return true;
        default: return false;
    }
}

bool Room::append_tell(const Member& member, Entry entry, std::string_view to,
                       std::string_view text) {
    if (text.empty() || check_name(to) != NameFault::None) return false;
    const Member* const reader = by_name(to);
    if (reader == nullptr) {
        refuse(member, entry, Refusal::NobodyThere, to);
        return true;
    }
    entry.to = reader->session;
    append(entry, member.name(), text);
    return true;
}

bool Room::append_rename(const Member& member, Entry entry, std::string_view name) {
    if (check_name(name) != NameFault::None) return false;
    if (is_taken(name, &member)) {
        refuse(member, entry, Refusal::NameTaken, name);
        return true;
    }
    append(entry, member.name(), name);
    return true;
}

// A request that does nothing still makes its entry: so the sender learns of it in order and
// exactly once, like of everything else.
void Room::refuse(const Member& member, Entry entry, Refusal reason, std::string_view wanted) {
    entry.kind = EntryKind::Refused;
    entry.reason = static_cast<std::uint8_t>(reason);
    entry.to = member.session;
    append(entry, member.name(), wanted);
}

std::optional<Position> Room::end_of(std::uint64_t session, std::uint64_t last_seq) const {
    for (auto entry = log_.newest(); entry && entry->entry.seq > last_seq;
         entry = log_.before(*entry)) {
        if (entry->entry.kind == EntryKind::Leave && entry->entry.from == session) {
            return entry->next;
        }
    }
    return std::nullopt;
}

void Room::remove(Member& member, LeaveReason reason, std::uint8_t detail, std::int64_t now_ms) {
    Entry entry = entry_from(member, EntryKind::Leave, now_ms);
    entry.reason = static_cast<std::uint8_t>(reason);
    entry.detail = detail;
    append(entry, member.name(), {});
}

void Room::close(std::int64_t now_ms) {
    Entry entry{};
    entry.kind = EntryKind::Closing;
    entry.time_ms = now_ms;
    append(entry, {}, {});
}

void Room::append(const Entry& entry, std::string_view name, std::string_view text) {
    apply(log_.append(entry, name, text));
}

void Room::apply(const LogEntry& added) {
    if (Member* const member = by_session(added.entry.from)) {
        const bool named_anew = added.entry.kind == EntryKind::Rename;
        if (named_anew) forget_name(*member);
        if (added.entry.kind == EntryKind::Leave) forget(*member);
        settle(*member, added);
        if (named_anew) index_name(*member);
    }
    // Not before the row is as it says.
    std::atomic_ref(header_->applied_seq).store(added.entry.seq, std::memory_order_release);
}

// What an entry means for the row of its sender. Doing it twice is doing it once.
void Room::settle(Member& member, const LogEntry& added) {
    if (added.entry.counter != 0) {
        member.counter = added.entry.counter;
        member.active_ms = added.entry.time_ms;
    }
    if (added.entry.kind == EntryKind::Rename) set_name(member, added.frame.text);
    if (added.entry.kind == EntryKind::Leave) member.session = 0;
}

void Room::index(Member& member) {
    index_name(member);
    sessions_.emplace(member.session, &member);
    pids_.emplace(member.pid, &member);
}

void Room::forget(Member& member) {
    forget_name(member);
    sessions_.erase(member.session);
    pids_.erase(member.pid);
    free_.push_back(&member);
}

void Room::index_name(Member& member) {
    names_.emplace(fold_name(member.name()), &member);
    const auto [first, second] = skeletons_of(member.name());
    looks_.emplace(first, &member);
    if (second != first) looks_.emplace(second, &member);
}

void Room::forget_name(const Member& member) {
    names_.erase(fold_name(member.name()));
    for (const std::string& skeleton : skeletons_of(member.name())) {
        const auto [first, last] = looks_.equal_range(skeleton);
        const auto own =
            std::find_if(first, last, [&](const auto& look) { return look.second == &member; });
        if (own != last) looks_.erase(own);
    }
}

}  // namespace chatd
