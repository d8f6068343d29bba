// The log: everything that happened in the room, in its one order. Every reader is a position in
// it (see log/reader).
//
// The log is a ring of entries in memory that outlives the process writing it: a memfd or a file,
// mapped by the broker alone. An entry never crosses the end of the ring; a pad fills the rest. The
// writer may die between any two stores, so an entry is whole before the head moves over it, and
// the tail has left an old entry before its bytes are overwritten.
//
// Behind a log lies its archive, another log: what was said to all goes there when it leaves the
// log, and nothing else does. So private words, comings and goings can push it out of the log, but
// only newer messages to all can push it out of the archive.
//
// Sequence numbers and the count of messages only grow. Sequence numbers have holes where entries
// were lost, because no number may be given twice: a session is the number of its Join, and a
// newcomer with the number of somebody else would be shown that person's private words.
//
// This file must never make a system call or read a clock: it works on the bytes it is given.
#pragma once

#include <array>
#include <deque>
#include <memory>

#include "log/log_format.h"

namespace chatd {

// An entry where it lies in the ring. The views in `frame` are valid until the next append.
struct LogEntry {
    Entry entry;
    Frame frame;
    Position at;
    Position next;
};

// A run of whole frames, ready to be sent. Valid until the next append.
struct Piece {
    Position at;
    std::string_view bytes;
};
[[nodiscard]] inline std::size_t bytes_of(std::span<const Piece> pieces) {
    std::size_t bytes = 0;
    for (const Piece& piece : pieces) bytes += piece.bytes.size();
    return bytes;
}

// May this session see the entry? It sees its own entries too: its worker learns from them that
// they are in the log, and where.
[[nodiscard]] inline bool is_for(const Entry& entry, std::uint64_t session) {
    return entry.to == 0 || entry.to == session || entry.from == session;
}

// Did a person say this?
[[nodiscard]] inline bool is_message(EntryKind kind) {
    return kind == EntryKind::Say || kind == EntryKind::Emote || kind == EntryKind::Tell;
}

// Did a person say this to all?
[[nodiscard]] inline bool is_public_message(const Entry& entry) {
    return is_message(entry.kind) && entry.to == 0;
}

// Does a replay show the entry to this session?
[[nodiscard]] inline bool is_replayed_for(const Entry& entry, std::uint64_t session) {
    return is_message(entry.kind) && (entry.to == 0 || entry.to == session);
}

class Log {
  public:
    // Takes up the log in `memory`, which must pass is_log() and outlive this object, and the
    // archive behind it, if there is one. Cuts off what is not whole at the log's end: see
    // lost_bytes().
    explicit Log(std::span<std::byte> memory);
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    // Adds an entry and lets the oldest ones go to make room. The log sets seq, messages,
    // back_bytes and checksum. Returns the entry as it lies in the ring.
    LogEntry append(Entry entry, std::string_view name, std::string_view text);

    // Adds an entry of another log and keeps its seq, which must be at least next_seq().
    LogEntry append_with_seq(Entry entry, std::string_view name, std::string_view text);

    // Makes next_seq() greater than `seq`: the numbers up to `seq` were used, even if the entries
    // that had them are lost.
    void continue_after(std::uint64_t seq) { next_seq_ = std::max(next_seq_, seq + 1); }

    // The position of the oldest entry, or of a pad before it, and the position after the newest
    // entry. They are equal while the log is empty.
    [[nodiscard]] Position tail() const { return tail_; }
    [[nodiscard]] Position head() const { return head_; }

    // The sequence number that append() gives next, greater than all that were given. At least 1.
    [[nodiscard]] std::uint64_t next_seq() const { return next_seq_; }
    // The number of messages that were ever said to all.
    [[nodiscard]] std::uint64_t messages() const { return messages_; }
    // The number of bytes that this object cut off when it took up the log.
    [[nodiscard]] std::uint64_t lost_bytes() const { return lost_bytes_; }

    // What was said to all before the oldest entry; null: this log has no archive. Its entries have
    // the sequence numbers that they had in the log, and positions of their own.
    [[nodiscard]] Log* archive() const { return archive_.get(); }

    // --- For a log in a file

    // The caller has put the whole log on the disk.
    void note_synced();

    // The position up to which the log was on the disk at the last note_synced().
    [[nodiscard]] Position synced() const;

    // Writes everything that is not yet on the disk into memory once more. A kernel that could not
    // write a page may mark it as clean all the same, and would not try again (fsync(2), EIO).
    void rewrite_unsynced();

    // --- Looking at entries

    // The first entry at or after `at`. `at` is in [tail, head), where an entry begins or ended.
    [[nodiscard]] LogEntry entry_at(Position at) const;

    // The newest entry; none while the log is empty.
    [[nodiscard]] std::optional<LogEntry> newest() const;

    // The entry before this one; none when it is gone, or when there never was one.
    [[nodiscard]] std::optional<LogEntry> before(const LogEntry& entry) const;

    // The position after the last entry whose sequence number is at most `seq`; that of the oldest
    // entry when all are newer. Looks at the newest entries, or only at those around there.
    [[nodiscard]] Position after_seq(std::uint64_t seq) const;

    // A search for the last messages before `end` that a replay shows to `session`, at most `most`:
    // where they begin, and how many there are. It may have to walk back through the whole log, so
    // it goes on in steps.
    struct Search {
        Position end;
        std::uint32_t most;
        std::uint64_t session;
        Position begin = end;
        std::uint64_t first_seq = 0;  // of the entry at `begin`; 0: no message was found
        std::uint32_t messages = 0;
        std::optional<Position> next = {};  // the entry to look at; none: there is no more
    };
    [[nodiscard]] Search search(Position end, std::uint32_t most, std::uint64_t session) const;

    // Looks at so many entries at most, and counts `entries` down. True: the search is over.
    [[nodiscard]] bool go_on(Search& search, std::size_t& entries) const;

    // The greatest number that an entry before `at` may have; `at` may be the head.
    [[nodiscard]] std::uint64_t seq_before(Position at) const {
        return (at == head_ ? next_seq_ : entry_at(at).entry.seq) - 1;
    }

    // The number of messages that were said to all before the entry at `at`; `at` may be the head.
    [[nodiscard]] std::uint64_t messages_before(Position at) const;

    // The bytes between two positions as they lie in the ring: two runs, because a pad may lie
    // between them. One run or both may be empty.
    [[nodiscard]] std::array<Piece, 2> runs(Position from, Position to) const;

    // The position after the newest private entry: from there on everybody may be sent all bytes.
    [[nodiscard]] Position private_end() const { return private_end_; }

  private:
    [[nodiscard]] std::byte* place(Position at) const { return ring_.data() + at % ring_.size(); }
    [[nodiscard]] std::size_t bytes_to_ring_end(Position at) const {
        return ring_.size() - at % ring_.size();
    }
    [[nodiscard]] Position after_seq_by_marks(std::uint64_t seq) const;
    [[nodiscard]] std::string_view bytes_at(Position at, Position end) const;
    [[nodiscard]] FrameHeader header_at(Position at) const;
    [[nodiscard]] bool follows(Position at, Position end) const;
    void recover();
    void leave_what_is_archived();
    [[nodiscard]] Position begin_lap_if_full(std::size_t bytes);
    void write(Position at, Entry& entry);
    void note(const LogEntry& entry);
    void make_room(std::size_t bytes);
    void keep(Position leaving);
    void move_head(Position head);
    void move_tail(Position tail);

    LogHeader* header_;
    std::span<std::byte> ring_;
    std::unique_ptr<Log> archive_;

    // Copies of what lies in the memory, and what follows from it.
    Position tail_ = 0;
    Position head_ = 0;
    bool empty_ = true;
    Position newest_ = 0;  // the position of the newest entry; means nothing while empty_
    std::uint64_t next_seq_ = 1;
    std::uint64_t messages_ = 0;
    std::uint64_t lost_bytes_ = 0;
    Position last_lap_end_ = 0;  // the entries of the lap before this one end here
    Position lap_begin_ = 0;     // the entries of this lap begin here; a pad may lie in between
    std::optional<Position> newest_message_;  // a search skips the Joins and Leaves after it
    Position private_end_ = 0;

    // Entries all over the log, the oldest first, at least kMarkDistanceBytes from one to the next:
    // a search for a number begins at one of these.
    struct Mark {
        std::uint64_t seq;
        Position at;
    };
    std::deque<Mark> marks_;
    std::string scratch_;  // the frame being appended
};

}  // namespace chatd
