#include "fuzz/claimed_broker.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>

#include "base/bounds.h"
#include "fuzz/claim.h"
#include "log/crowd.h"
#include "log/reader.h"
#include "text/clean.h"
#include "text/name.h"

namespace chatd::fuzz {
namespace {

constexpr std::uint32_t kReplayed = 10;
constexpr std::int64_t kBeginMs = 1'700'488'979'000;

std::vector<std::uint64_t> words(std::size_t bytes) {
    return std::vector<std::uint64_t>((bytes + 7) / 8);
}

bool is_good_name(std::string_view name) {
    return check_name(name) == NameFault::None;
}

// The wait status of a worker that ended for this reason.
int wait_status_for(LeaveReason reason) {
    const auto status = [](WorkerExit exit) { return static_cast<int>(exit) << 8; };
    switch (reason) {
        case LeaveReason::Quit: return status(WorkerExit::Goodbye);
        case LeaveReason::Lost: return status(WorkerExit::Lost);
        case LeaveReason::Removed: return status(WorkerExit::Removed);
        case LeaveReason::Idle: return status(WorkerExit::Idle);
        case LeaveReason::Killed: return 9;
        default: return status(WorkerExit::Failed);
    }
}

}  // namespace

ClaimedBroker::ClaimedBroker(std::uint32_t members_max, Rate lines)
    : log_memory_(words(log_memory_bytes(kHistoryBytesMin))),
      members_memory_(words(Members::memory_bytes(members_max))),
      lines_(lines) {
    const LogHeader header = empty_log_header(kHistoryBytesMin);
    std::memcpy(log_memory_.data(), &header, sizeof header);
    take_up();
}

void ClaimedBroker::take_up() {
    sessions_.reset();
    room_.reset();
    log_.emplace(std::as_writable_bytes(std::span(log_memory_)));
    room_.emplace(std::as_writable_bytes(std::span(members_memory_)), *log_, now_ms_);
    const Sessions::Settings settings{lines_, kReplayed, true, "0.0.0"};
    sessions_.emplace(settings, *log_, *room_, static_cast<WorkerObserver&>(*this));
    workers_.clear();
}

void ClaimedBroker::restart() {
    const Names before = names();
    const std::uint64_t next_seq = log_->next_seq();
    const Position head = log_->head();
    take_up();
    CLAIM(log_->lost_bytes() == 0 && log_->head() == head && log_->next_seq() == next_seq);
    CLAIM(names() == before);
    claim_members();
}

Now ClaimedBroker::now() const {
    return {Moment(std::chrono::milliseconds(now_ms_ - kBeginMs)), now_ms_};
}

// --- In

// Does what the broker does with a link that it accepts. Returns false when the process connects
// too often.
bool ClaimedBroker::begin(Link& link) {
    const auto known = workers_.find(link.pid);
    sessions_->born({.birth_ns = link.birth_ns, .pid = link.pid}, "192.0.2.7:51234");
    link.begun = sessions_->connected(link.pid, known == workers_.end() ? nullptr : &known->second,
                                      now().moment);
    return link.begun.has_value();
}

bool ClaimedBroker::receive(Link& link, std::string_view bytes) {
    if (!link.begun && !begin(link)) return false;
    WorkerState& worker = *link.begun;
    const auto take = [&](const Frame& frame) {
        const Names before = names();
        const Member* const mine = room_->members().by_pid(link.pid);
        const std::set<std::uint64_t> own = {mine == nullptr ? 0 : mine->session, worker.session};
        const bool was_expelled = worker.process.is_expelled;
        const Position head = log_->head();
        const Sessions::Verdict verdict = sessions_->handle(worker, frame, now());
        claim_news(before, own);
        if (was_expelled) CLAIM(verdict == Sessions::Verdict::Dismiss && log_->head() == head);
        return verdict == Sessions::Verdict::GoOn;
    };
    const bool goes_on = link.frames.read(bytes, take);
    link.session = worker.session;
    workers_.insert_or_assign(link.pid, worker);
    return goes_on;
}

void ClaimedBroker::end_process(const Link& link, LeaveReason reason) {
    const Names before = names();
    const Member* const member = room_->members().by_pid(link.pid);
    const std::set<std::uint64_t> own = {member == nullptr ? 0 : member->session};
    const Ended ended{
        .birth_ns = link.birth_ns,
        .lived_ms = 1,
        .pid = link.pid,
        .wait_status = wait_status_for(reason),
    };
    sessions_->worker_ended(link.begun ? &*link.begun : nullptr, ended, now());
    workers_.erase(link.pid);
    claim_news(before, own);
    CLAIM(is_closing_ || room_->members().by_pid(link.pid) == nullptr);
}

void ClaimedBroker::close_room() {
    const Names before = names();
    sessions_->close_room(now());
    is_closing_ = true;
    claim_news(before, {});
}

// --- Out

std::string ClaimedBroker::deliver(Link& link) {
    std::string out;
    if (!link.begun && !begin(link)) return out;
    WorkerState& worker = *link.begun;
    Sessions::answered(worker);
    const auto send = [&out](std::span<const Piece> pieces) {
        const std::size_t before = out.size();
        for (const Piece& piece : pieces) out.append(piece.bytes);
        return std::optional(out.size() - before);
    };
    Crowds crowds(*log_);
    crowds.set_end(log_->head());
    CLAIM(worker.reader.flush(*log_, crowds, sessions_->standing_of(worker), send));
    CLAIM(!worker.reader.is_behind(log_->head()));
    claim_for(worker, out);
    return out;
}

// --- What the broker's journal would say

void ClaimedBroker::joined(const WorkerState& worker, std::string_view peer) {
    CLAIM(is_good_name(worker.name) && is_clean_text(peer));
    CLAIM(worker.state == WorkerState::State::Member);
}

void ClaimedBroker::renamed(const WorkerState& worker, std::string_view old_name) {
    CLAIM(is_good_name(worker.name) && worker.name != old_name);
}

void ClaimedBroker::broke_rules(const WorkerState& worker) {
    CLAIM(!worker.process.is_expelled);
    ++expelled_;
}

void ClaimedBroker::ended(std::string_view name, const Ended& ended) {
    CLAIM(!name.empty() && !describe_worker_end(ended.wait_status).empty());
}

void ClaimedBroker::was_a_stranger(const Member& /*member*/) {
    CLAIM(false);
}

// --- Claims

ClaimedBroker::Names ClaimedBroker::names() const {
    Names all;
    for (const Member* const member : room_->members().matching({})) {
        CLAIM(all.emplace(member->session, member->name()).second);
    }
    return all;
}

// The entries that were added to the log are in order and come from the `own` sessions alone. They
// account for all changes of the names in the room.
void ClaimedBroker::claim_news(const Names& before, std::set<std::uint64_t> own) {
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

void ClaimedBroker::claim_entry(const LogEntry& found) {
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
    if (entry.kind == EntryKind::Refused) CLAIM(text.empty() || may_be_name(text));
    if (entry.kind == EntryKind::Join) CLAIM(entry.from == entry.seq && text.empty());
    const bool is_private = entry.kind == EntryKind::Tell || entry.kind == EntryKind::Refused;
    CLAIM((entry.to != 0) == is_private);
    if (entry.kind == EntryKind::Refused) CLAIM(entry.to == entry.from);
}

// The counters of each session rise without holes.
void ClaimedBroker::claim_counter(const Entry& entry) {
    if (entry.counter == 0) {
        CLAIM(!is_message(entry.kind) && entry.kind != EntryKind::Rename);
        return;
    }
    std::uint64_t& last = counters_[entry.from];
    CLAIM(entry.counter == last + 1);
    last = entry.counter;
}

void ClaimedBroker::claim_members() const {
    std::set<std::string> keys;
    std::set<std::int32_t> pids;
    const auto members = room_->members().matching({});
    CLAIM(members.size() == room_->members().size());
    for (const Member* const member : members) {
        CLAIM(is_good_name(member->name()) && is_clean_text(member->peer()));
        CLAIM(keys.insert(fold_name(member->name())).second);
        CLAIM(pids.insert(member->pid).second);
        const auto counter = counters_.find(member->session);
        CLAIM(member->counter == (counter == counters_.end() ? 0 : counter->second));
    }
}

// The broker sent this worker only frames that the worker may get.
void ClaimedBroker::claim_for(const WorkerState& worker, std::string_view sent) {
    while (!sent.empty()) {
        Frame frame{};
        CLAIM(take_frame(sent, frame) == FrameStatus::Whole);
        CLAIM(frame.type >= FrameType::Welcome && frame.type <= FrameType::Crowd);
        CLAIM(is_clean_text(frame.text));
        if (frame.type != FrameType::People) CLAIM(is_clean_text(frame.name));
        if (frame.type == FrameType::Entry) CLAIM(is_for(frame.as<Entry>(), worker.session));
    }
}

}  // namespace chatd::fuzz
