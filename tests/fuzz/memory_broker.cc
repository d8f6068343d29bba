#include "fuzz/memory_broker.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "base/bounds.h"
#include "fuzz/claim.h"
#include "log/crowd.h"
#include "text/clean.h"
#include "text/name.h"

namespace chatd::fuzz {
namespace {

constexpr std::uint64_t kStranger = UINT64_MAX;
constexpr std::uint32_t kReplayed = 10;

std::vector<std::uint64_t> words(std::size_t bytes) {
    return std::vector<std::uint64_t>((bytes + 7) / 8);
}

bool is_good_name(std::string_view name) {
    return check_name(name) == NameFault::None;
}

}  // namespace

MemoryBroker::MemoryBroker(std::uint32_t members_max)
    : log_memory_(words(Log::memory_bytes(kHistoryBytesMin))),
      members_memory_(words(Room::memory_bytes(members_max))) {
    const LogHeader header = Log::empty_header(kHistoryBytesMin);
    std::memcpy(log_memory_.data(), &header, sizeof header);
    log_.emplace(std::as_writable_bytes(std::span(log_memory_)));
    room_.emplace(std::as_writable_bytes(std::span(members_memory_)), *log_, now_ms_);
}

void MemoryBroker::restart() {
    const Names before = names();
    const std::uint64_t next_seq = log_->next_seq();
    const Position head = log_->head();
    room_.reset();
    log_.emplace(std::as_writable_bytes(std::span(log_memory_)));
    room_.emplace(std::as_writable_bytes(std::span(members_memory_)), *log_, now_ms_);
    CLAIM(log_->lost_bytes() == 0 && log_->head() == head && log_->next_seq() == next_seq);
    CLAIM(names() == before);
    claim_members();
}

// --- In

bool MemoryBroker::receive(Link& link, std::string_view bytes) {
    const auto take = [&](const Frame& frame) {
        const Names before = names();
        const Member* const mine = room_->by_pid(link.pid);
        const std::set<std::uint64_t> own = {mine == nullptr ? 0 : mine->session, link.session};
        const bool taken = handle(link, frame);
        claim_news(before, own);
        return taken;
    };
    return link.frames.read(bytes, take);
}

bool MemoryBroker::handle(Link& link, const Frame& frame) {
    switch (frame.type) {
        case FrameType::Attach: return attach(link, frame);
        case FrameType::Post: return post(link, frame);
        case FrameType::AskWho: return may_ask(link) && answer_who(link, frame.name);
        case FrameType::AskReplay:
            if (!may_ask(link)) return false;
            link.past_asked = std::min(frame.as<AskReplay>().messages, kReplayMax);
            return true;
        default: return false;
    }
}

bool MemoryBroker::may_ask(Link& link) {
    return link.session != 0 && !std::exchange(link.asking, true);
}

bool MemoryBroker::attach(Link& link, const Frame& frame) {
    const auto wanted = frame.as<Attach>();
    if (link.session != 0 || !is_good_name(frame.name) || !is_clean_text(frame.text)) return false;
    const auto admission =
        room_->attach({link.pid, wanted.birth_ns, wanted.session, frame.name, frame.text}, now_ms_);
    if (admission.member != nullptr) {
        admit(link, *admission.member, wanted);
    } else if (room_->end_of(wanted.session, wanted.last_seq)) {
        see_off(link, wanted);
    } else {
        append_frame(link.replies, Denied{admission.reason});
    }
    return true;
}

void MemoryBroker::see_off(Link& link, const Attach& wanted) {
    link.session = kStranger;
    start(link, log_->after_seq(wanted.last_seq), wanted.messages);
}

void MemoryBroker::admit(Link& link, const Member& member, const Attach& wanted) {
    link.session = member.session;
    link.takes_crowds = wanted.crowds != 0;
    const bool back = wanted.session != 0;
    const Position begin = log_->after_seq(back ? wanted.last_seq : member.session);
    const std::uint64_t messages = back ? wanted.messages : log_->messages_before(begin);
    welcome(link, member, messages);
    start(link, begin, messages);
    if (wanted.newcomer != 0) replay(link, log_->after_seq(member.session), kReplayed);
}

void MemoryBroker::welcome(Link& link, const Member& member, std::uint64_t messages) {
    std::string names;
    for (const Member* const present : room_->matching({}, kNamesShown)) {
        if (!names.empty()) names += ' ';
        names.append(present->name());
    }
    append_frame(link.replies,
                 Welcome{member.session, member.counter, messages, now_ms_, room_->members(), 0},
                 "0.0.0", names);
}

bool MemoryBroker::post(const Link& link, const Frame& frame) {
    if (link.session == 0) return false;
    Member* const member = room_->by_session(link.session);
    if (member == nullptr) return true;
    if (room_->post(*member, frame.as<Post>(), frame.name, frame.text, now_ms_)) return true;
    room_->remove(*member, LeaveReason::Expelled, 0, now_ms_);
    return false;
}

bool MemoryBroker::answer_who(Link& link, std::string_view prefix) {
    const std::vector<const Member*> found = room_->matching(prefix);
    const auto matching = static_cast<std::uint32_t>(found.size());
    const std::uint32_t shown = std::min(matching, kPeopleShown);
    append_frame(link.replies, People{now_ms_, room_->members(), matching}, prefix);
    for (std::uint32_t i = 0; i < shown; ++i) {
        const Member& member = *found[i];
        append_frame(link.replies,
                     Person{member.since_ms, now_ms_ - member.active_ms, member.pid, 0},
                     member.name(), member.peer());
    }
    append_frame(link.replies, Done{matching - shown});
    return true;
}

void MemoryBroker::bury(const Link& link, LeaveReason reason) {
    Member* const member = room_->by_pid(link.pid);
    if (member == nullptr) return;
    const Names before = names();
    const std::uint64_t session = member->session;
    room_->remove(*member, reason, 9, now_ms_);
    claim_news(before, {session});
}

void MemoryBroker::close_room() {
    const Names before = names();
    room_->close(now_ms_);
    claim_news(before, {});
}

// --- Out

std::uint64_t MemoryBroker::acked(const Link& link) {
    const Member* const member = room_->by_session(link.session);
    return member == nullptr ? kNoLongerMember : member->counter;
}

void MemoryBroker::start(Link& link, Position position, std::uint64_t messages) {
    link.at = position;
    const std::uint64_t said = log_->messages_before(link.at);
    link.messages = std::min(messages, said);
    if (link.messages < said) miss(link, said);
}

void MemoryBroker::miss(Link& link, std::uint64_t messages) {
    const Member* const member = room_->by_session(link.session);
    append_frame(link.replies, Gap{messages - link.messages, acked(link)},
                 member == nullptr ? std::string_view() : member->name());
    link.messages = messages;
}

void MemoryBroker::replay(Link& link, Position came, std::uint32_t messages) {
    link.reviewing = true;
    link.review_at = log_->last_messages(came, messages, link.session).begin;
    link.review_end = came;
}

std::string MemoryBroker::deliver(Link& link) {
    link.asking = false;
    std::string out;
    for (;;) {
        out.append(std::exchange(link.replies, {}));
        if (std::exchange(link.reviewing, false)) {
            link.review_at = std::max(link.review_at, log_->tail());
            send_log(link, Reading::Replay, link.review_at, link.review_end, out);
            append_frame(out, Done{});
        }
        if (link.session != 0) send_live(link, out);
        if (!link.past_asked) break;
        const std::uint32_t messages = *std::exchange(link.past_asked, std::nullopt);
        const auto found = log_->last_messages(link.at, messages, link.session).messages;
        append_frame(link.replies, Replay{now_ms_, found, 0});
        replay(link, link.at, messages);
    }
    claim_for(link, out);
    return out;
}

void MemoryBroker::send_live(Link& link, std::string& out) {
    if (link.at < log_->tail()) {
        link.at = log_->tail();
        miss(link, log_->messages_before(link.at));
        out.append(std::exchange(link.replies, {}));
    }
    const Position end = log_->head();
    if (link.takes_crowds && link.at < end) {
        const bool is_member = room_->by_session(link.session) != nullptr;
        for (const CrowdStretch& crowd :
             crowds_between(*log_, link.at, end, is_member ? 0 : link.session)) {
            send_log(link, Reading::Live, link.at, crowd.begin, out);
            out.append(crowd.frame);
            link.at = crowd.end;
        }
    }
    send_log(link, Reading::Live, link.at, end, out);
    link.messages = log_->messages_before(link.at);
}

void MemoryBroker::send_log(const Link& link, Reading reading, Position& at, Position end,
                            std::string& out) {
    std::array<Piece, 4> pieces;
    while (at < end) {
        const std::size_t count = log_->collect(&at, end, link.session, reading, pieces);
        for (const Piece& piece : std::span(pieces).first(count)) out.append(piece.bytes);
    }
}

// --- Claims

MemoryBroker::Names MemoryBroker::names() const {
    Names all;
    for (const Member* const member : room_->matching({})) {
        CLAIM(all.emplace(member->session, member->name()).second);
    }
    return all;
}

// What has been added to the log is in order, comes from `own` sessions alone, and is all that the
// names in the room have changed by.
void MemoryBroker::claim_news(const Names& before, std::set<std::uint64_t> own) {
    Names expected = before;
    while (claimed_to_ < log_->head()) {
        const LogEntry found = log_->entry_at(claimed_to_);
        claimed_to_ = found.next;
        claim_entry(found);
        const Entry& entry = found.entry;
        if (entry.kind == EntryKind::Join) own.insert(entry.seq);
        CLAIM(entry.kind == EntryKind::Closing || own.contains(entry.from));
        switch (entry.kind) {
            case EntryKind::Join: expected[entry.from] = found.frame.name; break;
            case EntryKind::Leave: expected.erase(entry.from); break;
            case EntryKind::Rename: expected[entry.from] = found.frame.text; break;
            default: break;
        }
        if (entry.to != 0) CLAIM(expected.contains(entry.to));
        if (entry.kind != EntryKind::Join && entry.kind != EntryKind::Closing) {
            CLAIM(before.at(entry.from) == found.frame.name);
        }
    }
    CLAIM(names() == expected);
    claim_members();
}

void MemoryBroker::claim_entry(const LogEntry& found) {
    const Entry& entry = found.entry;
    CLAIM(whole_entry(found.frame.bytes).has_value());
    CLAIM(entry.seq > last_seq_);
    CLAIM(entry.messages >= last_messages_ && entry.messages <= last_messages_ + 1);
    CLAIM(entry.time_ms == now_ms_ && entry.room == 0);
    last_seq_ = entry.seq;
    last_messages_ = entry.messages;
    claim_counter(entry);

    const std::string_view text = found.frame.text;
    CLAIM(is_clean_text(text));
    CLAIM(entry.kind == EntryKind::Closing || is_good_name(found.frame.name));
    CLAIM(entry.kind >= EntryKind::Join && entry.kind <= EntryKind::Closing);
    if (is_message(entry.kind)) CLAIM(!text.empty());
    if (entry.kind == EntryKind::Rename) CLAIM(is_good_name(text));
    if (entry.kind == EntryKind::Refused) CLAIM(text.empty() || is_good_name(text));
    if (entry.kind == EntryKind::Join) CLAIM(entry.from == entry.seq && text.empty());
    const bool is_private = entry.kind == EntryKind::Tell || entry.kind == EntryKind::Refused;
    CLAIM((entry.to != 0) == is_private);
    if (entry.kind == EntryKind::Refused) CLAIM(entry.to == entry.from);
}

// Of each session they rise without holes.
void MemoryBroker::claim_counter(const Entry& entry) {
    if (entry.counter == 0) {
        CLAIM(!is_message(entry.kind) && entry.kind != EntryKind::Rename);
        return;
    }
    std::uint64_t& last = counters_[entry.from];
    CLAIM(entry.counter == last + 1);
    last = entry.counter;
}

void MemoryBroker::claim_members() const {
    std::set<std::string> keys;
    std::set<std::int32_t> pids;
    const auto members = room_->matching({});
    CLAIM(members.size() == room_->members());
    for (const Member* const member : members) {
        CLAIM(is_good_name(member->name()) && is_clean_text(member->peer()));
        CLAIM(keys.insert(fold_name(member->name())).second);
        CLAIM(pids.insert(member->pid).second);
        const auto counter = counters_.find(member->session);
        CLAIM(member->counter == (counter == counters_.end() ? 0 : counter->second));
    }
}

// Whatever a link is sent is what its worker may be sent.
void MemoryBroker::claim_for(const Link& link, std::string_view sent) {
    while (!sent.empty()) {
        Frame frame{};
        CLAIM(take_frame(sent, frame) == FrameStatus::Whole);
        CLAIM(frame.type >= FrameType::Welcome && frame.type <= FrameType::Crowd);
        CLAIM(is_clean_text(frame.text));
        if (frame.type != FrameType::People) CLAIM(is_clean_text(frame.name));
        if (frame.type == FrameType::Entry) CLAIM(is_for(frame.as<Entry>(), link.session));
    }
}

}  // namespace chatd::fuzz
