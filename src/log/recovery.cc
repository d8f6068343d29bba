// How a log is taken up after its writer has died, with whatever it was writing; and how it is put
// on the disk, so that it can be taken up after the machine has.

#include "log/log.h"

#include <algorithm>

#include "base/check.h"

namespace chatd {

Log::Log(std::span<std::byte> memory)
    : header_(reinterpret_cast<LogHeader*>(memory.data())),
      ring_(memory.subspan(kLogHeaderBytes, header_->ring_bytes)) {
    CHATD_CHECK(is_log(*header_, memory.size()));
    recover();
    const std::span<std::byte> behind = memory.subspan(log_memory_bytes(ring_.size()));
    if (!is_archive(header_of(behind), ring_.size(), behind.size())) return;
    archive_ = std::make_unique<Log>(behind.first(log_memory_bytes(ring_.size())));
    leave_what_is_archived();
}

// Rebuilds all derived values from the entries, so that nothing stored can contradict them.
void Log::recover() {
    tail_ = header_->tail;
    const Position end = header_->head;
    Position at = tail_;
    Position whole = at;  // A pad that no entry follows is cut off too.
    while (at < end) {
        const std::size_t rest = bytes_to_ring_end(at);
        if (rest <= end - at && is_pad(bytes_at(at, end), rest)) {
            at += rest;
            continue;
        }
        if (!follows(at, end)) break;
        if (at % ring_.size() == 0) {
            last_lap_end_ = whole;
            lap_begin_ = at;
        }
        head_ = end;  // entry_at() checks against it.
        const LogEntry entry = entry_at(at);
        note(entry);
        at = whole = entry.next;
    }
    lost_bytes_ = end - whole;
    head_ = whole;
    if (lost_bytes_ != 0) move_head(whole);
}

// Does a whole entry lie at `at` that continues the log? One that an earlier lap left is older than
// the entry before it; one that was written to the wrong place (a misdirected sector) does not lead
// back to the entry before it.
bool Log::follows(Position at, Position end) const {
    const std::optional<Frame> frame = whole_entry(bytes_at(at, end));
    if (!frame) return false;
    const auto entry = frame->as<Entry>();
    const bool leads_back = empty_ ? entry.back_bytes == 0 || at < tail_ + entry.back_bytes
                                   : at == newest_ + entry.back_bytes;
    return leads_back && entry.seq >= next_seq_ && entry.messages >= messages_;
}

// The writer before may have died after it put entries into the archive and before the tail left
// them. And when all of the log is lost, its numbers go on behind those of the archive.
void Log::leave_what_is_archived() {
    lost_bytes_ += archive_->lost_bytes_;
    Position tail = tail_;
    while (tail < head_ && entry_at(tail).entry.seq < archive_->next_seq_) {
        tail = entry_at(tail).next;
    }
    if (tail != tail_) move_tail(tail);
    empty_ = tail_ == head_;
    next_seq_ = std::max(next_seq_, archive_->next_seq_);
    messages_ = std::max(messages_, archive_->messages_);
}

void Log::note_synced() {
    header_->synced = head_;
    if (archive_ != nullptr) archive_->note_synced();
}

Position Log::synced() const {
    return std::clamp<Position>(header_->synced, tail_, head_);
}

void Log::rewrite_unsynced() {
    const auto rewrite = [](volatile std::byte* byte) {
        const std::byte same = *byte;
        *byte = same;
    };
    rewrite(reinterpret_cast<std::byte*>(header_));
    // One byte of each page would be enough, but this is simpler.
    for (Position at = synced(); at < head_; at += 8) rewrite(place(at));
    if (archive_ != nullptr) archive_->rewrite_unsynced();
}

}  // namespace chatd
