#include "broker/room.h"

#include "base/bounds.h"
#include "base/fault.h"
#include "text/clean.h"
#include "text/name.h"

namespace chatd {
namespace {

Entry entry_from(const Member& member, EntryKind kind, std::int64_t now_ms) {
    return {.time_ms = now_ms, .from = member.session, .kind = kind};
}

// A worker may give only these reasons; the broker gives the others.
bool is_workers_to_say(LeaveReason reason) {
    return reason <= LeaveReason::Removed || reason == LeaveReason::Idle;
}

}  // namespace

Room::Room(std::span<std::byte> memory, Log& log, std::int64_t now_ms)
    : log_(log), members_(memory, log) {
    refuse_poison(now_ms);
}

Room::Answer Room::attach(const Applicant& applicant, std::int64_t now_ms) {
    if (Member* const known = members_.by_pid(applicant.pid)) {
        if (known->birth_ns == applicant.birth_ns &&
            (applicant.session == known->session || applicant.session == 0)) {
            // The member is back over a new link; or it has just joined, and its Welcome was lost
            // with a broker.
            return {known, {}};
        }
        // The kernel has given the pid to a new process, so the old one is gone.
        remove(*known, LeaveReason::Lost, 0, now_ms);
    }
    if (applicant.session != 0) return {nullptr, Refusal::Removed};
    if (!is_free(applicant.name, nullptr)) return {nullptr, Refusal::NameTaken};
    if (members_.is_full()) return {nullptr, Refusal::RoomFull};
    return join(applicant, now_ms);
}

Room::Answer Room::join(const Applicant& applicant, std::int64_t now_ms) {
    Member& member = members_.write_row(applicant, log_.next_seq(), now_ms);
    fault_point("broker:after-row");
    append(entry_from(member, EntryKind::Join, now_ms), applicant.name, {});
    fault_point("broker:after-join");
    members_.add_to_indexes(member);
    return {&member, {}};
}

bool Room::post(Member& member, const Post& request, std::string_view name, std::string_view text,
                std::int64_t now_ms) {
    if (request.counter <= member.counter) return true;
    if (request.counter != member.counter + 1) return false;
    members_.poison().begin({member.session, request.counter});
    fault_point("broker:while-handling", text);
    const bool is_honest = append_post(member, request, name, text, now_ms);
    fault_point("broker:after-apply");
    members_.poison().end();
    return is_honest;
}

bool Room::append_post(const Member& member, const Post& request, std::string_view name,
                       std::string_view text, std::int64_t now_ms) {
    if (!is_clean_text(text)) return false;
    Entry entry = entry_from(member, request.kind, now_ms);
    entry.counter = request.counter;
    switch (request.kind) {
        case EntryKind::Tell: return append_tell(member, entry, name, text);
        case EntryKind::Rename: return append_rename(member, entry, name);
        case EntryKind::Say:
        case EntryKind::Emote:
            if (text.empty()) return false;
            break;
        case EntryKind::Leave:
            if (!is_workers_to_say(request.reason)) return false;
            entry.reason = static_cast<std::uint8_t>(request.reason);
            break;
        default: return false;
    }
    append(entry, member.name(), text);
    return true;
}

bool Room::append_tell(const Member& member, Entry entry, std::string_view to,
                       std::string_view text) {
    if (text.empty() || !may_be_name(to)) return false;
    const Member* const reader = members_.by_name(to);
    if (reader == nullptr) {
        refuse(member, entry, Refusal::NobodyThere, to);
        return true;
    }
    entry.to = reader->session;
    append(entry, member.name(), text);
    return true;
}

bool Room::append_rename(const Member& member, Entry entry, std::string_view name) {
    if (!may_be_name(name)) return false;
    if (!is_free(name, &member)) {
        refuse(member, entry, Refusal::NameTaken, name);
        return true;
    }
    append(entry, member.name(), name);
    return true;
}

// An honest worker asks for good names alone; but it may be of an older program, with other rules.
bool Room::is_free(std::string_view name, const Member* self) const {
    return check_name(name) == NameFault::None && !members_.is_taken(name, self);
}

// A request that does nothing makes an entry too: so its sender learns of it in order and exactly
// once, like of everything else.
void Room::refuse(const Member& member, Entry entry, Refusal reason, std::string_view wanted) {
    entry.kind = EntryKind::Refused;
    entry.reason = static_cast<std::uint8_t>(reason);
    entry.to = member.session;
    append(entry, member.name(), wanted);
}

void Room::append(const Entry& entry, std::string_view name, std::string_view text) {
    members_.apply(log_.append(entry, name, text));
}

void Room::refuse_poison(std::int64_t now_ms) {
    const auto suspect = members_.poison().take_suspect();
    if (!suspect) return;
    const Member* const sender = members_.by_session(suspect->session);
    if (sender == nullptr || sender->counter >= suspect->counter) return;
    if (!members_.poison().is_convicted(*suspect)) return;
    poisoner_ = sender->name();
    Entry entry = entry_from(*sender, EntryKind::Refused, now_ms);
    entry.counter = suspect->counter;
    refuse(*sender, entry, Refusal::Poison, {});
}

std::optional<Position> Room::end_of(std::uint64_t session, std::uint64_t last_seq) const {
    auto entry = log_.newest();
    for (std::size_t i = 0; i < kEntriesPerTurn && entry && entry->entry.seq > last_seq; ++i) {
        if (entry->entry.kind == EntryKind::Leave && entry->entry.from == session) {
            return entry->next;
        }
        entry = log_.before(*entry);
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
    append({.time_ms = now_ms, .kind = EntryKind::Closing}, {}, {});
}

}  // namespace chatd
