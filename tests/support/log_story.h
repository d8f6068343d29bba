// A log, and beside it everything that it was ever told: for the specifications of src/log.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "log/log.h"
#include "log/reader.h"
#include "support/expect.h"
#include "support/random.h"
#include "support/where.h"

namespace chatd::test {

inline constexpr std::size_t kRing = kHistoryBytesMin;
inline constexpr std::size_t kLeastBytes = sizeof(FrameHeader) + sizeof(Entry);
inline constexpr std::size_t kMostBytes = kLeastBytes + kNameBytesMax + kTextBytesMax;
static_assert(kMostBytes % 8 == 0);

// The memory of a log. A second writer would find a copy of it if the first one died at this
// moment.
class Memory {
  public:
    explicit Memory(HistorySize size = {kRing, false}) : words_(size.bytes() / 8) {
        header() = empty_log_header(size.ring_bytes);
        const std::size_t log_words = log_memory_bytes(size.ring_bytes) / 8;
        if (size.has_archive) std::memcpy(&words_[log_words], &header(), sizeof(LogHeader));
    }

    [[nodiscard]] std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(words_)); }
    [[nodiscard]] std::span<std::byte> ring() {
        return bytes().subspan(kLogHeaderBytes, header().ring_bytes);
    }
    [[nodiscard]] LogHeader& header() { return *reinterpret_cast<LogHeader*>(words_.data()); }
    [[nodiscard]] LogHeader& archive_header() {
        return *reinterpret_cast<LogHeader*>(&words_[log_memory_bytes(header().ring_bytes) / 8]);
    }
    [[nodiscard]] std::byte& at(Position position) { return ring()[position % kRing]; }

    bool operator==(const Memory&) const = default;

  private:
    std::vector<std::uint64_t> words_;
};

// An entry as it was when it was appended, whatever became of it in the ring.
struct Told {
    Entry entry;
    std::string name;
    std::string text;
    std::string bytes;
    Position at;
    Position next;
};

// A log and, beside it, all that it was ever told.
class Story {
  public:
    explicit Story(HistorySize size = {kRing, false}) : memory(size) {}

    Memory memory;
    std::unique_ptr<Log> log = std::make_unique<Log>(memory.bytes());
    std::vector<Told> told;

    const Told& append(Entry entry, std::string_view name, std::string_view text) {
        const LogEntry added = log->append(entry, name, text);
        told.push_back({added.entry, std::string(added.frame.name), std::string(added.frame.text),
                        std::string(added.frame.bytes), added.at, added.next});
        return told.back();
    }

    const Told& say(std::string_view text, std::uint64_t to = 0, std::uint64_t from = 1) {
        Entry entry{};
        entry.kind = to == 0 ? EntryKind::Say : EntryKind::Tell;
        entry.from = from;
        entry.to = to;
        return append(entry, "bob", text);
    }

    // Appends an entry of so many bytes, a multiple of 8.
    const Told& say_bytes(std::size_t bytes) {
        Entry entry{};
        entry.kind = EntryKind::Say;
        entry.from = 1;
        const std::size_t name_bytes = std::min(bytes - kLeastBytes, kNameBytesMax);
        return append(entry, std::string(name_bytes, 'n'),
                      std::string(bytes - kLeastBytes - name_bytes, 'x'));
    }

    // A new writer takes up the memory, as when the first one has died.
    void reopen() { log = std::make_unique<Log>(memory.bytes()); }

    [[nodiscard]] std::vector<Told> kept() const {
        std::vector<Told> found;
        for (const Told& one : told) {
            if (one.at >= log->tail()) found.push_back(one);
        }
        return found;
    }
};

// Members 1 to 4 do whatever members do; now and then somebody says as much as fits.
class Audience {
  public:
    explicit Audience(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t end) { return random_.below(end); }

    void do_something(Story& story) {
        Entry entry{};
        entry.kind = static_cast<EntryKind>(1 + below(7));
        entry.from = 1 + below(4);
        entry.time_ms = static_cast<std::int64_t>(random_.number());
        entry.counter = below(3);
        if (below(8) < privacy_ && (entry.kind == EntryKind::Tell || entry.kind == EntryKind::Say ||
                                    entry.kind == EntryKind::Refused)) {
            entry.to = 1 + below(4);
        }
        const std::size_t most = below(4) == 0 ? kTextBytesMax : 300;
        std::string text(below(most + 1), 'x');
        for (char& letter : text) letter = static_cast<char>('a' + text.size() % 26);
        story.append(entry, std::string(below(kNameBytesMax + 1), 'n'), text);
    }

    // `privacy` of eight entries that may be private are private.
    void set_privacy(std::size_t privacy) { privacy_ = privacy; }

  private:
    Random random_;
    std::size_t privacy_ = 2;
};

inline void expect_same(const LogEntry& found, const Told& told, Where where = Where::here()) {
    const Caller caller(where);
    ASSERT_EQ(found.frame.bytes, told.bytes);
    ASSERT_EQ(found.at, told.at);
    ASSERT_EQ(found.next, told.next);
    ASSERT_EQ(found.entry.seq, told.entry.seq);
}

// Expects the log to hold exactly these entries, walking back from its end.
inline void expect_holds(const Log& log, const std::vector<Told>& told,
                         Where where = Where::here()) {
    const Caller caller(where);
    std::optional<LogEntry> entry = log.newest();
    for (auto one = told.rbegin(); one != told.rend(); ++one) {
        ASSERT_TRUE(entry.has_value());
        expect_same(*entry, *one);
        entry = log.before(*entry);
    }
    ASSERT_FALSE(entry.has_value());
}

// Expects that no reader can tell the two logs apart.
inline void expect_same_log(const Log& one, const Log& other, Where where = Where::here()) {
    const Caller caller(where);
    ASSERT_EQ(one.tail(), other.tail());
    ASSERT_EQ(one.head(), other.head());
    ASSERT_EQ(one.next_seq(), other.next_seq());
    ASSERT_EQ(one.messages(), other.messages());
}

// The bytes that collect_pieces() has to give, found by looking at every entry.
inline std::string naive(const Story& story, Position from, Position to, std::uint64_t session,
                         Reading reading) {
    std::string bytes;
    for (const Told& one : story.told) {
        const Entry& entry = one.entry;
        const bool live = entry.to == 0 || entry.to == session || entry.from == session;
        const bool past = is_message(entry.kind) && (entry.to == 0 || entry.to == session);
        if (one.at < from || one.at >= to || !(reading == Reading::Live ? live : past)) continue;
        bytes += one.bytes;
    }
    return bytes;
}

// The bytes that a reader gets who takes so many pieces at a time.
inline std::string collected(const Log& log, Position from, Position to, std::uint64_t session,
                             Reading reading, std::size_t pieces_max, Where where = Where::here()) {
    const Caller caller(where);
    std::string bytes;
    std::vector<Piece> pieces(pieces_max);
    while (from < to) {
        const Position before = from;
        std::size_t entries = SIZE_MAX;
        const std::size_t count = collect_pieces(log, &from, to, session, reading, pieces, entries);
        ASSERT_TRUE(count <= pieces_max && from <= to && from > before);
        ASSERT_TRUE(count > 0 || from == to);
        for (std::size_t i = 0; i < count; ++i) {
            ASSERT_FALSE(pieces[i].bytes.empty());
            bytes += pieces[i].bytes;
        }
    }
    std::size_t entries = SIZE_MAX;
    ASSERT_EQ(collect_pieces(log, &from, to, session, reading, pieces, entries), 0);
    return bytes;
}

inline std::string live(const Log& log, Position from, std::uint64_t session,
                        Where where = Where::here()) {
    return collected(log, from, log.head(), session, Reading::Live, 2, where);
}

// Brings the head to `rest` bytes before the end of the ring, by nothing but an entry or two at a
// time of a size that leaves room for a next one.
inline void fill_up_to(Story& story, std::size_t rest) {
    const std::size_t goal = kRing - rest;
    for (;;) {
        const std::size_t left = goal - story.log->head() % kRing;
        if (left == 0) return;
        story.say_bytes(left <= kMostBytes ? left : std::min(left / 16 * 8, kMostBytes));
    }
}

}  // namespace chatd::test
