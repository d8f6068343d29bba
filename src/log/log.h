// The log: everything that happened in the room, in its one order. Every reader is a position in
// it.
//
// A ring of entries in memory that outlives the process writing it: a memfd or a file, mapped by
// the broker alone. Positions are bytes since the log began; they only grow, and a position's place
// is its remainder by the ring's size. An entry never crosses the end of the ring: a pad fills the
// rest. The writer may die between any two stores: an entry is whole before the head moves over it,
// and the tail has left an old entry before its bytes are overwritten.
//
// Sequence numbers only grow, and so does the count of messages. They have holes where something
// was lost, for no number is given twice: a session is the number of its Join, and whoever got that
// of somebody else would be shown what was for that one's eyes.
//
// This file must never make a system call or read a clock: it works on the bytes it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/frame.h"

namespace chatd {

using Position = std::uint64_t;

// Of all that lies in the memory, entries included.
inline constexpr std::uint32_t kLogVersion = 1;

// At the beginning of the memory, and of a history file.
struct LogHeader {
    char magic[8];
    std::uint32_t version;
    std::uint32_t header_bytes;
    std::uint64_t ring_bytes;
    std::uint64_t tail;    // position of the oldest entry
    std::uint64_t head;    // position after the newest entry
    std::uint64_t synced;  // up to here, and without holes, it is known to be on the disk
};

// The ring begins on a page of its own.
inline constexpr std::size_t kLogHeaderBytes = 4096;

// Something that happened, looked at where it lies: valid until the next append.
struct LogEntry {
    Entry entry;
    Frame frame;
    Position at;
    Position next;
};

// The entry at the front of `bytes`, if there is a whole one with the right checksum. What people
// say is never taken for one: in a frame stand bytes that no clean text has.
[[nodiscard]] std::optional<Frame> whole_entry(std::string_view bytes);

// The pad there that fills all of `rest` bytes up to the end of the ring.
[[nodiscard]] bool is_pad(std::string_view bytes, std::size_t rest);

// A run of whole frames, ready to be sent.
struct Piece {
    Position at;
    std::string_view bytes;
};

// May this session see the entry? Its own come back to it: that is how it knows they are in the
// log, and where.
[[nodiscard]] inline bool is_for(const Entry& entry, std::uint64_t session) {
    return entry.to == 0 || entry.to == session || entry.from == session;
}

// Said by a person.
[[nodiscard]] inline bool is_message(EntryKind kind) {
    return kind == EntryKind::Say || kind == EntryKind::Emote || kind == EntryKind::Tell;
}

// Is it what /history shows to this session, and a newcomer is told?
[[nodiscard]] inline bool is_replayed_for(const Entry& entry, std::uint64_t session) {
    return is_message(entry.kind) && (entry.to == 0 || entry.to == session);
}

// What a reader reads.
enum class Reading : std::uint8_t { Live, Replay };

class Log {
  public:
    // The memory a log of ring_bytes needs. ring_bytes is rounded down to a multiple of 8.
    static std::size_t memory_bytes(std::size_t ring_bytes) { return kLogHeaderBytes + ring_bytes; }

    // What the memory of an empty log begins with; the rest is not looked at.
    static LogHeader empty_header(std::size_t ring_bytes);

    // Does it say that a log follows, of whatever version and in whatever state?
    static bool has_magic(const LogHeader& header);

    // Can a log begin so, whatever is left of it?
    static bool is_header(const LogHeader& header);

    // Is this the beginning of a log that is total_bytes long?
    static bool is_log(const LogHeader& header, std::size_t total_bytes);

    // Takes up the log that lies in `memory`, which must pass is_log and outlive this object. What
    // is not whole at its end is cut off: see lost_bytes().
    explicit Log(std::span<std::byte> memory);

    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    // Adds an entry; seq, messages, back_bytes and checksum are the log's to set. Old entries make
    // room. Returns the entry as it lies in the log.
    LogEntry append(Entry entry, std::string_view name, std::string_view text);

    // Adds an entry of another log as it was, after older ones only: its number stays.
    LogEntry restore(Entry entry, std::string_view name, std::string_view text);

    // The next entry gets a number greater than `seq`: so far they went, whatever is lost of them.
    void continue_after(std::uint64_t seq);

    [[nodiscard]] Position tail() const { return tail_; }
    [[nodiscard]] Position head() const { return head_; }
    [[nodiscard]] std::uint64_t next_seq() const { return next_seq_; }
    [[nodiscard]] std::uint64_t messages() const { return messages_; }  // said to all, ever
    [[nodiscard]] std::uint64_t lost_bytes() const { return lost_bytes_; }

    // --- For a log in a file

    // The position up to which note_synced() has said that it is on the disk.
    [[nodiscard]] Position synced() const;
    void note_synced();  // all of it is

    // Writes what is not yet, once more: a kernel that could not put a page on the disk may take it
    // for clean afterwards, and would not try again (fsync(2), EIO).
    void rewrite_unsynced();

    // The first entry at or after `at`, which is in [tail, head) and where an entry begins or
    // ended.
    [[nodiscard]] LogEntry entry_at(Position at) const;

    // The newest entry; the one before `entry`, unless it is gone.
    [[nodiscard]] std::optional<LogEntry> newest() const;
    [[nodiscard]] std::optional<LogEntry> before(const LogEntry& entry) const;

    // The position after the last entry with a sequence number of at most `seq`: the tail when all
    // that is left is newer.
    [[nodiscard]] Position after_seq(std::uint64_t seq) const;

    // Where to begin so that at most `count` messages that `session` may see lie before `end`, and
    // how many there are.
    struct Stretch {
        Position begin;
        std::uint32_t messages;
    };
    [[nodiscard]] Stretch last_messages(Position end, std::uint32_t count,
                                        std::uint64_t session) const;

    // What `session` reads from `*from` on, not past `to`, as runs of bytes: fills `pieces` (two at
    // least), moves `*from` behind what they hold, returns how many were filled. 0 only when
    // `*from` has reached `to`.
    std::size_t collect(Position* from, Position to, std::uint64_t session, Reading reading,
                        std::span<Piece> pieces) const;

    // How far a reader has come that took only the first `bytes` of these pieces, which is fewer
    // than they hold: the frame in which that ends counts as taken, and its rest must follow.
    struct Cut {
        Position next;
        std::string_view rest;
    };
    [[nodiscard]] static Cut cut(std::span<const Piece> pieces, std::size_t bytes);

    // Said to all before the entry at `at`; all that were ever said when `at` is the head.
    [[nodiscard]] std::uint64_t messages_before(Position at) const;

  private:
    [[nodiscard]] std::byte* place(Position at) const { return ring_.data() + at % ring_.size(); }
    [[nodiscard]] FrameHeader header_at(Position at) const;
    [[nodiscard]] std::string_view run_at(Position at, Position end) const;
    [[nodiscard]] bool follows(Position at, Position end) const;
    void recover();
    void note(const LogEntry& entry);
    void note_lap(Position end, Position begin);
    void make_room(std::size_t bytes);
    void move_head(Position head);
    void move_tail(Position tail);
    std::size_t collect_all(Position* from, Position to, std::span<Piece> pieces) const;

    LogHeader* header_;
    std::span<std::byte> ring_;

    // Copies of what is in the memory or follows from it.
    Position tail_ = 0;
    Position head_ = 0;
    Position newest_ = 0;
    bool empty_ = true;
    std::uint64_t next_seq_ = 1;
    std::uint64_t messages_ = 0;
    std::uint64_t lost_bytes_ = 0;
    Position lap_end_ = 0;    // where the entries of the lap before this one end
    Position lap_begin_ = 0;  // where those of this one begin: a pad lies in between
    std::optional<Position> newest_message_;  // ten thousand may have come in after it
    Position private_end_ = 0;                // behind the newest entry that is not for everybody

    std::string scratch_;
};

}  // namespace chatd
