#include "log/log.h"

#include <algorithm>
#include <atomic>

#include "base/bounds.h"
#include "base/check.h"
#include "base/fault.h"
#include "protocol/describe.h"

namespace chatd {

LogEntry Log::append(Entry entry, std::string_view name, std::string_view text) {
    entry.seq = next_seq_;
    entry.messages = 0;
    return append_with_seq(entry, name, text);
}

LogEntry Log::append_with_seq(Entry entry, std::string_view name, std::string_view text) {
    CHATD_CHECK(entry.seq >= next_seq_);
    entry.messages = std::max(entry.messages, messages_ + is_public_message(entry));
    scratch_.clear();
    append_frame(scratch_, entry, name, text);
    make_room(scratch_.size());
    const Position at = begin_lap_if_full(scratch_.size());
    write(at, entry);
    fault_point("broker:in-append");
    move_head(at + scratch_.size());
    fault_point("broker:after-append");
    const LogEntry added = entry_at(at);
    note(added);
    trace_frames("appends", added.frame.bytes);
    return added;
}

// Returns the position for an entry of this size: the head, or the start of the next lap behind a
// pad.
Position Log::begin_lap_if_full(std::size_t bytes) {
    const std::size_t rest = bytes_to_ring_end(head_);
    if (rest < bytes) {
        const FrameHeader pad{.bytes = static_cast<std::uint32_t>(rest),
                              .version = kFrameVersion,
                              .type = FrameType::Pad,
                              .name_bytes = 0,
                              .pad_bytes = 0};
        std::memcpy(place(head_), &pad, sizeof pad);
        last_lap_end_ = head_;
        lap_begin_ = head_ + rest;
        return lap_begin_;
    }
    if (head_ % ring_.size() == 0) last_lap_end_ = lap_begin_ = head_;
    return head_;
}

// Puts `entry` into the frame in scratch_, now that its place is known, and the frame into the
// ring.
void Log::write(Position at, Entry& entry) {
    entry.back_bytes = empty_ ? 0 : static_cast<std::uint32_t>(at - newest_);
    std::memcpy(scratch_.data() + sizeof(FrameHeader), &entry, sizeof entry);
    set_checksum(scratch_);
    std::memcpy(place(at), scratch_.data(), scratch_.size());
}

// Brings up to date what follows from the entries.
void Log::note(const LogEntry& added) {
    empty_ = false;
    newest_ = added.at;
    next_seq_ = added.entry.seq + 1;
    messages_ = added.entry.messages;
    if (added.entry.to != 0) private_end_ = added.next;
    if (is_message(added.entry.kind)) newest_message_ = added.at;
    while (!marks_.empty() && marks_.front().at < tail_) marks_.pop_front();
    if (marks_.empty() || added.at >= marks_.back().at + kMarkDistanceBytes) {
        marks_.push_back({added.entry.seq, added.at});
    }
}

// Lets the oldest entries go until `bytes` fit in one piece.
void Log::make_room(std::size_t bytes) {
    const std::size_t rest = bytes_to_ring_end(head_);
    const std::size_t needed = rest < bytes ? rest + bytes : bytes;
    CHATD_CHECK(needed <= ring_.size());
    Position tail = tail_;
    while (head_ + needed - tail > ring_.size()) {
        if (archive_ != nullptr) keep(tail);
        tail += header_at(tail).bytes;
    }
    if (tail != tail_) move_tail(tail);
}

// Puts the entry into the archive, if it was said to all. An entry that was damaged in the file
// meanwhile would get a new checksum there, and a wrong number would shut out all that follow.
void Log::keep(Position leaving) {
    const std::optional<Frame> frame = whole_entry(bytes_at(leaving, head_));
    if (!frame) return;  // a pad, or damaged
    const auto entry = frame->as<Entry>();
    const bool is_in_order = entry.seq >= archive_->next_seq_ && entry.seq < next_seq_;
    if (!is_public_message(entry) || !is_in_order) return;
    archive_->append_with_seq(entry, frame->name, frame->text);
    fault_point("broker:after-archive");
}

// The next broker looks at the memory after this one died. The order of the stores is all that it
// can rely on, so the compiler must keep that order.
void Log::move_head(Position head) {
    std::atomic_ref(header_->head).store(head, std::memory_order_release);
    head_ = head;
}

void Log::move_tail(Position tail) {
    std::atomic_ref(header_->tail).store(tail, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    tail_ = tail;
}

// The contiguous bytes from `at`, up to `end` at most.
std::string_view Log::bytes_at(Position at, Position end) const {
    return {reinterpret_cast<const char*>(place(at)),
            std::min<std::size_t>(end - at, bytes_to_ring_end(at))};
}

FrameHeader Log::header_at(Position at) const {
    FrameHeader header;
    std::memcpy(&header, place(at), sizeof header);
    return header;
}

LogEntry Log::entry_at(Position at) const {
    CHATD_CHECK(at >= tail_ && at < head_);
    if (header_at(at).type == FrameType::Pad) at += header_at(at).bytes;
    std::string_view bytes = bytes_at(at, head_);
    Frame frame{};
    CHATD_CHECK(take_frame(bytes, frame) == FrameStatus::Whole);
    return {frame.as<Entry>(), frame, at, at + frame.bytes.size()};
}

std::optional<LogEntry> Log::newest() const {
    return empty_ ? std::nullopt : std::optional(entry_at(newest_));
}

std::optional<LogEntry> Log::before(const LogEntry& entry) const {
    const std::uint32_t back_bytes = entry.entry.back_bytes;
    if (back_bytes == 0 || entry.at < tail_ + back_bytes) return std::nullopt;
    return entry_at(entry.at - back_bytes);
}

Position Log::after_seq(std::uint64_t seq) const {
    // Nearly always the entry is among the newest: that of a newcomer, or of a link that broke.
    Position newer = head_;
    std::optional<LogEntry> last = newest();
    for (std::size_t i = 0; last && last->entry.seq > seq; ++i) {
        if (i == kEntriesAtOnce) return after_seq_by_marks(seq);
        newer = last->at;
        last = before(*last);
    }
    return newer;
}

Position Log::after_seq_by_marks(std::uint64_t seq) const {
    const auto above = std::ranges::upper_bound(marks_, seq, {}, &Mark::seq);
    Position at = above == marks_.begin() ? tail_ : std::max(tail_, std::prev(above)->at);
    while (at < head_) {
        const LogEntry entry = entry_at(at);
        if (entry.entry.seq > seq) return entry.at;
        at = entry.next;
    }
    return head_;
}

Log::Search Log::search(Position end, std::uint32_t most, std::uint64_t session) const {
    return {.end = end, .most = most, .session = session, .next = newest_message_};
}

bool Log::go_on(Search& search, std::size_t& entries) const {
    // The log may have let go of the entry since the last step.
    while (search.messages < search.most && search.next && *search.next >= tail_) {
        if (entries == 0) return false;
        --entries;
        const LogEntry found = entry_at(*search.next);
        if (found.at < search.end && is_replayed_for(found.entry, search.session)) {
            search.begin = found.at;
            search.first_seq = found.entry.seq;
            ++search.messages;
        }
        const std::optional<LogEntry> older = before(found);
        search.next = older ? std::optional(older->at) : std::nullopt;
    }
    return true;
}

std::uint64_t Log::messages_before(Position at) const {
    if (at == head_) return messages_;
    const Entry entry = entry_at(at).entry;
    return entry.messages - is_public_message(entry);
}

std::array<Piece, 2> Log::runs(Position from, Position to) const {
    const auto run = [this](Position begin, Position end) {
        return begin < end ? Piece{begin, bytes_at(begin, end)} : Piece{end, {}};
    };
    if (from < lap_begin_ && lap_begin_ <= to)
        return {run(from, last_lap_end_), run(lap_begin_, to)};
    return {run(from, to), run(to, to)};
}

}  // namespace chatd
