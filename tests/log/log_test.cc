// Specification of log/log: the order of all that happened, in a ring that outlives its writer.

#include "log/log.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "support/expect.h"

using namespace chatd;

namespace {

constexpr std::size_t kRing = kHistoryBytesMin;
constexpr std::size_t kLeastBytes = sizeof(FrameHeader) + sizeof(Entry);
constexpr std::size_t kMostBytes = kLeastBytes + kNameBytesMax + kTextBytesMax;
static_assert(kMostBytes % 8 == 0);

// What a log lies in. A copy is what a second writer finds when the first one dies at this moment.
class Memory {
  public:
    explicit Memory(std::size_t ring_bytes = kRing) : words_(Log::memory_bytes(ring_bytes) / 8) {
        header() = Log::empty_header(ring_bytes);
    }

    [[nodiscard]] std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(words_)); }
    [[nodiscard]] std::span<std::byte> ring() { return bytes().subspan(kLogHeaderBytes); }
    [[nodiscard]] LogHeader& header() { return *reinterpret_cast<LogHeader*>(words_.data()); }
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

bool is_public_message(const Entry& entry) {
    return is_message(entry.kind) && entry.to == 0;
}

// A log and, beside it, all that it was ever told.
class Story {
  public:
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

    // An entry of so many bytes, a multiple of 8.
    const Told& say_bytes(std::size_t bytes) {
        Entry entry{};
        entry.kind = EntryKind::Say;
        entry.from = 1;
        const std::size_t name_bytes = std::min(bytes - kLeastBytes, kNameBytesMax);
        return append(entry, std::string(name_bytes, 'n'),
                      std::string(bytes - kLeastBytes - name_bytes, 'x'));
    }

    // As if the writer had died, and another one came.
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

    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }

    void do_something(Story& story) {
        Entry entry{};
        entry.kind = static_cast<EntryKind>(1 + below(7));
        entry.from = 1 + below(4);
        entry.time_ms = static_cast<std::int64_t>(random_());
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

    // How many in eight of what may be private is.
    void set_privacy(std::size_t privacy) { privacy_ = privacy; }

  private:
    std::mt19937 random_;
    std::size_t privacy_ = 2;
};

void expect_same(const LogEntry& found, const Told& told) {
    ASSERT_EQ(found.frame.bytes, told.bytes);
    ASSERT_EQ(found.at, told.at);
    ASSERT_EQ(found.next, told.next);
    ASSERT_EQ(found.entry.seq, told.entry.seq);
}

// All that a log has, found from its end.
void expect_holds(const Log& log, const std::vector<Told>& told) {
    std::optional<LogEntry> entry = log.newest();
    for (auto one = told.rbegin(); one != told.rend(); ++one) {
        ASSERT_TRUE(entry.has_value());
        expect_same(*entry, *one);
        entry = log.before(*entry);
    }
    ASSERT_FALSE(entry.has_value());
}

// Two logs that nobody can tell apart.
void expect_same_log(const Log& one, const Log& other) {
    ASSERT_EQ(one.tail(), other.tail());
    ASSERT_EQ(one.head(), other.head());
    ASSERT_EQ(one.next_seq(), other.next_seq());
    ASSERT_EQ(one.messages(), other.messages());
}

// What collect() has to give, found out without cleverness.
std::string naive(const Story& story, Position from, Position to, std::uint64_t session,
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

// What a reader gets that takes so many pieces at a time.
std::string collected(const Log& log, Position from, Position to, std::uint64_t session,
                      Reading reading, std::size_t pieces_max) {
    std::string bytes;
    std::vector<Piece> pieces(pieces_max);
    while (from < to) {
        const Position before = from;
        const std::size_t count = log.collect(&from, to, session, reading, pieces);
        ASSERT_TRUE(count <= pieces_max && from <= to && from > before);
        ASSERT_TRUE(count > 0 || from == to);
        for (std::size_t i = 0; i < count; ++i) {
            ASSERT_FALSE(pieces[i].bytes.empty());
            bytes += pieces[i].bytes;
        }
    }
    ASSERT_EQ(log.collect(&from, to, session, reading, pieces), 0);
    return bytes;
}

std::string live(const Log& log, Position from, std::uint64_t session) {
    return collected(log, from, log.head(), session, Reading::Live, 2);
}

// Brings the head to `rest` bytes before the end of the ring, by nothing but an entry or two at a
// time of a size that leaves room for a next one.
void fill_up_to(Story& story, std::size_t rest) {
    const std::size_t goal = kRing - rest;
    for (;;) {
        const std::size_t left = goal - story.log->head() % kRing;
        if (left == 0) return;
        story.say_bytes(left <= kMostBytes ? left : std::min(left / 16 * 8, kMostBytes));
    }
}

}  // namespace

TestSuite(log, .timeout = 20);

// --- Appending and reading back

Test(log, a_new_log_is_empty) {
    Story story;
    const Log& log = *story.log;
    EXPECT_EQ(log.tail(), 0);
    EXPECT_EQ(log.head(), 0);
    EXPECT_EQ(log.next_seq(), 1);
    EXPECT_EQ(log.messages(), 0);
    EXPECT_EQ(log.lost_bytes(), 0);
    EXPECT_FALSE(log.newest().has_value());
    EXPECT_EQ(log.after_seq(0), 0);
    EXPECT_EQ(log.messages_before(0), 0);
    EXPECT_EQ(log.last_messages(0, 10, 1).begin, 0);
    EXPECT_EQ(log.last_messages(0, 10, 1).messages, 0);
    EXPECT_EQ(live(log, 0, 1), "");
}

Test(log, an_entry_reads_back_as_it_was_appended) {
    Story story;
    Entry entry{};
    entry.time_ms = -1;
    entry.from = 2;
    entry.to = 3;
    entry.counter = 4;
    entry.room = 5;
    entry.kind = EntryKind::Tell;
    entry.reason = 6;
    entry.detail = 7;
    const LogEntry added = story.log->append(entry, "bob", "hello");
    EXPECT_EQ(added.entry.time_ms, -1);
    EXPECT_EQ(added.entry.from, 2);
    EXPECT_EQ(added.entry.to, 3);
    EXPECT_EQ(added.entry.counter, 4);
    EXPECT_EQ(added.entry.room, 5);
    EXPECT_EQ(added.entry.kind, EntryKind::Tell);
    EXPECT_EQ(added.entry.reason, 6);
    EXPECT_EQ(added.entry.detail, 7);
    EXPECT_EQ(added.frame.type, FrameType::Entry);
    EXPECT_EQ(added.frame.name, "bob");
    EXPECT_EQ(added.frame.text, "hello");
    EXPECT_EQ(added.at, 0);
    EXPECT_EQ(added.next, story.log->head());
    EXPECT_EQ(story.log->entry_at(0).frame.bytes, added.frame.bytes);
    EXPECT_EQ(story.log->newest()->frame.bytes, added.frame.bytes);
}

Test(log, the_log_sets_what_is_its_own_to_set_whatever_the_caller_says) {
    Story story;
    Entry entry{};
    entry.kind = EntryKind::Say;
    entry.seq = entry.messages = 99;
    entry.back_bytes = entry.checksum = 99;
    const LogEntry added = story.log->append(entry, "bob", "hello");
    EXPECT_EQ(added.entry.seq, 1);
    EXPECT_EQ(added.entry.messages, 1);
    EXPECT_EQ(added.entry.back_bytes, 0);
    story.reopen();
    EXPECT_EQ(story.log->lost_bytes(), 0);
}

Test(log, sequence_numbers_begin_at_one_and_have_no_holes) {
    Story story;
    Audience audience(1);
    for (std::uint64_t seq = 1; seq <= 1000; ++seq) {
        EXPECT_EQ(story.log->next_seq(), seq);
        audience.do_something(story);
        EXPECT_EQ(story.told.back().entry.seq, seq);
    }
}

Test(log, what_people_say_to_all_is_counted_and_nothing_else) {
    Story story;
    std::uint64_t expected = 0;
    for (const std::uint64_t to : {0, 7}) {
        for (int kind = 1; kind <= static_cast<int>(EntryKind::Closing); ++kind) {
            Entry entry{};
            entry.kind = static_cast<EntryKind>(kind);
            entry.to = to;
            if (to == 0 && (entry.kind == EntryKind::Say || entry.kind == EntryKind::Emote ||
                            entry.kind == EntryKind::Tell)) {
                ++expected;
            }
            EXPECT_EQ(story.append(entry, "bob", "text").entry.messages, expected);
            EXPECT_EQ(story.log->messages(), expected);
        }
    }
    EXPECT_EQ(expected, 3);
}

Test(log, an_entry_may_be_as_large_as_a_frame_allows) {
    Story story;
    const std::string name(kNameBytesMax, 'n');
    const std::string text(kTextBytesMax, 't');
    for (int i = 0; i < 50; ++i) {
        const Told& told = story.append(Entry{}, name, text);
        EXPECT_EQ(told.name, name);
        EXPECT_EQ(told.text, text);
    }
    expect_holds(*story.log, story.kept());
    EXPECT_EQ(story.kept().size(), kRing / kMostBytes);
}

// --- The ring

Test(log, an_entry_never_crosses_the_end_of_the_ring) {
    Story story;
    Audience audience(2);
    std::size_t laps = 0;
    for (int i = 0; i < 2000; ++i) {
        audience.do_something(story);
        const Told& told = story.told.back();
        ASSERT_EQ(told.at / kRing, (told.next - 1) / kRing);
        ASSERT_EQ(told.at % 8, 0);
        laps = told.at / kRing;
    }
    EXPECT_GT(laps, 20);
}

Test(log, a_pad_of_every_possible_size_fills_the_end_of_the_ring) {
    for (std::size_t pad = 8; pad < kMostBytes; pad += 8) {
        Story story;
        fill_up_to(story, pad);
        const Position begin = story.told.back().at;
        const Position end = story.log->head();
        const Told& told = story.say_bytes(std::max(pad + 8, kLeastBytes));
        ASSERT_EQ(told.at, kRing);
        ASSERT_EQ(told.entry.back_bytes, kRing - begin);
        ASSERT_EQ(live(*story.log, begin, 1), story.told.rbegin()[1].bytes + told.bytes);
        ASSERT_EQ(live(*story.log, end, 1), told.bytes);
        expect_same(story.log->entry_at(end), told);
        expect_holds(*story.log, story.kept());

        const Position head = story.log->head();
        story.reopen();
        ASSERT_EQ(story.log->head(), head);
        expect_holds(*story.log, story.kept());
        ASSERT_EQ(live(*story.log, begin, 1), story.told.rbegin()[1].bytes + told.bytes);
    }
}

Test(log, an_entry_that_fits_exactly_needs_no_pad) {
    for (std::size_t bytes = kLeastBytes; bytes <= kMostBytes; bytes += 8) {
        Story story;
        fill_up_to(story, bytes);
        const Told last = story.say_bytes(bytes);
        ASSERT_EQ(last.next, kRing);
        ASSERT_EQ(live(*story.log, last.at, 1), last.bytes);
        const Told& first = story.say_bytes(bytes);
        ASSERT_EQ(first.at, kRing);
        ASSERT_EQ(first.entry.back_bytes, bytes);
        ASSERT_EQ(live(*story.log, last.at, 1), last.bytes + first.bytes);
        expect_holds(*story.log, story.kept());
        story.reopen();
        expect_holds(*story.log, story.kept());
        ASSERT_EQ(live(*story.log, last.at, 1), last.bytes + first.bytes);
    }
}

Test(log, the_tail_moves_over_whole_entries_and_no_further_than_it_must) {
    Story story;
    Audience audience(3);
    for (int i = 0; i < 2000; ++i) {
        audience.do_something(story);
        const Position tail = story.log->tail();
        const Position head = story.log->head();
        ASSERT_TRUE(head - tail <= kRing);
        std::size_t oldest = 0;
        while (story.told[oldest].at < tail) ++oldest;
        if (oldest == 0) {
            ASSERT_EQ(tail, 0);
            continue;
        }
        // It stands where an entry ended; the next one begins there or behind a pad.
        const Told& gone = story.told[oldest - 1];
        ASSERT_TRUE(tail == gone.next || tail == story.told[oldest].at);
        ASSERT_TRUE(head - gone.at > kRing);
        expect_same(story.log->entry_at(tail), story.told[oldest]);
    }
    EXPECT_GT(story.log->tail(), 20 * kRing);
}

Test(log, a_larger_ring_keeps_more) {
    Memory memory(3 * kRing);
    Log log(memory.bytes());
    Entry entry{};
    entry.kind = EntryKind::Say;
    for (int i = 0; i < 5000; ++i) log.append(entry, "bob", std::string(72, 'x'));
    EXPECT_GT(log.head() - log.tail(), 3 * kRing - 200);
    EXPECT_LE(log.head() - log.tail(), 3 * kRing);
}

Test(log, memory_beyond_the_ring_is_left_alone) {
    Memory memory(kRing + 8000);
    memory.header() = Log::empty_header(kRing);
    Log log(memory.bytes());
    for (int i = 0; i < 2000; ++i) log.append(Entry{}, "bob", std::string(500, 'x'));
    EXPECT_TRUE(std::ranges::all_of(memory.ring().subspan(kRing),
                                    [](std::byte byte) { return byte == std::byte{0}; }));
}

// --- Finding one's way

Test(log, from_the_newest_entry_one_goes_back_to_the_oldest) {
    Story story;
    Audience audience(4);
    for (int i = 0; i < 1000; ++i) {
        audience.do_something(story);
        expect_holds(*story.log, story.kept());
    }
    EXPECT_GT(story.log->tail(), 10 * kRing);
}

Test(log, after_seq_is_behind_the_last_entry_with_that_number_or_a_smaller_one) {
    Story story;
    Audience audience(5);
    for (int i = 0; i < 500; ++i) {
        audience.do_something(story);
        if (i % 50 != 49) continue;
        const std::vector<Told> kept = story.kept();
        for (const Told& one : kept) {
            const Position position = story.log->after_seq(one.entry.seq);
            ASSERT_EQ(live(*story.log, position, 1),
                      naive(story, one.next, story.log->head(), 1, Reading::Live));
            ASSERT_EQ(position == story.log->head(), one.entry.seq == kept.back().entry.seq);
        }
        ASSERT_EQ(story.log->after_seq(UINT64_MAX), story.log->head());
        for (const std::uint64_t gone : {std::uint64_t{0}, kept.front().entry.seq - 1}) {
            ASSERT_EQ(story.log->after_seq(gone), kept.front().at);
        }
    }
}

Test(log, last_messages_are_those_before_the_end_that_the_session_may_see) {
    Story story;
    Audience audience(6);
    for (int i = 0; i < 600; ++i) {
        audience.do_something(story);
        const std::vector<Told> kept = story.kept();
        for (int round = 0; round < 5; ++round) {
            const Told& last = kept[audience.below(kept.size())];
            const Position end = audience.below(2) == 0 ? last.at : last.next;
            const auto count = static_cast<std::uint32_t>(audience.below(30));
            const std::uint64_t session = 1 + audience.below(5);

            std::vector<Told> expected;
            for (const Told& one : kept) {
                if (one.next <= end && is_replayed_for(one.entry, session)) expected.push_back(one);
            }
            if (expected.size() > count) expected.erase(expected.begin(), expected.end() - count);

            const Log::Stretch found = story.log->last_messages(end, count, session);
            ASSERT_EQ(found.messages, expected.size());
            ASSERT_EQ(found.begin, expected.empty() ? end : expected.front().at);
        }
    }
}

Test(log, messages_before_is_what_was_said_to_all_before_a_position) {
    Story story;
    Audience audience(7);
    for (int i = 0; i < 500; ++i) {
        audience.do_something(story);
        std::uint64_t said = 0;
        for (const Told& one : story.told) {
            if (one.at >= story.log->tail()) ASSERT_EQ(story.log->messages_before(one.at), said);
            said += is_public_message(one.entry) ? 1 : 0;
            if (one.next >= story.log->tail()) {
                ASSERT_EQ(story.log->messages_before(one.next), said);
            }
        }
        ASSERT_EQ(said, story.log->messages());
    }
}

// --- Reading

Test(log, a_live_reader_gets_what_is_for_all_for_it_or_its_own) {
    Story story;
    const std::string to_all = story.say("to all", 0, 5).bytes;
    const std::string to_me = story.say("to me", 1, 5).bytes;
    story.say("to another", 6, 5);
    const std::string mine = story.say("mine", 6, 1).bytes;
    Entry refused{};
    refused.kind = EntryKind::Refused;
    refused.from = refused.to = 1;
    const std::string my_refusal = story.append(refused, "bob", {}).bytes;
    refused.from = refused.to = 5;
    story.append(refused, "eve", {});
    EXPECT_EQ(live(*story.log, 0, 1), to_all + to_me + mine + my_refusal);
}

Test(log, the_past_is_what_was_said_to_all_or_to_the_reader) {
    Story story;
    Entry entry{};
    entry.from = 5;
    for (const EntryKind kind : {EntryKind::Join, EntryKind::Leave, EntryKind::Rename,
                                 EntryKind::Refused, EntryKind::Closing}) {
        entry.kind = kind;
        story.append(entry, "eve", "text");
    }
    const std::string to_all = story.say("to all", 0, 5).bytes;
    const std::string to_me = story.say("to me", 1, 5).bytes;
    story.say("to another", 6, 5);
    story.say("mine, to another", 6, 1);
    entry.kind = EntryKind::Emote;
    const std::string emote = story.append(entry, "eve", "waves").bytes;
    EXPECT_EQ(collected(*story.log, 0, story.log->head(), 1, Reading::Replay, 2),
              to_all + to_me + emote);
}

Test(log, what_is_for_all_is_one_piece_or_two_around_the_end_of_the_ring) {
    Story story;
    for (int i = 0; i < 3000; ++i) {
        story.say(std::string(static_cast<std::size_t>(i) % 700, 'x'));
        std::array<Piece, 32> pieces;
        Position from = story.log->tail();
        const std::size_t count =
            story.log->collect(&from, story.log->head(), 1, Reading::Live, pieces);
        ASSERT_EQ(from, story.log->head());
        ASSERT_TRUE(count == 1 || count == 2);
        ASSERT_TRUE(count == 1 || pieces[1].at % kRing == 0);
    }
}

Test(log, a_piece_ends_where_something_is_left_out) {
    Story story;
    for (int i = 0; i < 10; ++i) {
        story.say("to all");
        story.say("to all");
        story.say("private", 7, 8);
    }
    std::array<Piece, 32> pieces;
    Position from = 0;
    EXPECT_EQ(story.log->collect(&from, story.log->head(), 1, Reading::Live, pieces), 10);
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(pieces[i].at, story.told[3 * i].at);
        EXPECT_EQ(pieces[i].bytes, story.told[3 * i].bytes + story.told[3 * i + 1].bytes);
    }
}

Test(log, pieces_lie_where_their_positions_say) {
    Story story;
    Audience audience(8);
    for (int i = 0; i < 500; ++i) {
        audience.do_something(story);
        for (const Reading reading : {Reading::Live, Reading::Replay}) {
            std::array<Piece, 32> pieces;
            Position from = story.log->tail();
            const std::size_t count =
                story.log->collect(&from, story.log->head(), 1, reading, pieces);
            for (const Piece& piece : std::span(pieces).first(count)) {
                ASSERT_TRUE(piece.bytes.data() ==
                            reinterpret_cast<const char*>(&story.memory.at(piece.at)));
                ASSERT_TRUE(piece.at % kRing + piece.bytes.size() <= kRing);
            }
        }
    }
}

namespace {

// Any reader, with any number of pieces, at any moment, gets what a filter of the whole story
// gives.
void check_readers(unsigned seed, std::size_t privacy) {
    Story story;
    Audience audience(seed);
    audience.set_privacy(privacy);
    for (int i = 0; i < 1500; ++i) {
        audience.do_something(story);
        if (audience.below(50) == 0) story.reopen();
        std::size_t oldest = story.told.size();
        while (oldest > 0 && story.told[oldest - 1].at >= story.log->tail()) --oldest;
        for (int round = 0; round < 3; ++round) {
            const std::size_t kept = story.told.size() - oldest;
            const std::size_t first = oldest + audience.below(kept);
            const std::size_t last = first + audience.below(story.told.size() - first);
            const Position from =
                audience.below(2) == 0 ? story.told[first].at : story.told[first].next;
            const Position to = std::array{story.told[last].at, story.told[last].next,
                                           story.log->head()}[audience.below(3)];
            if (to < from) continue;
            const std::uint64_t session = 1 + audience.below(5);
            const auto reading = static_cast<Reading>(audience.below(2));
            ASSERT_EQ(collected(*story.log, from, to, session, reading, 2 + audience.below(8)),
                      naive(story, from, to, session, reading));
        }
    }
}

}  // namespace

Test(log, a_reader_gets_what_a_filter_gives_when_much_is_private) {
    for (unsigned seed = 10; seed < 13; ++seed) check_readers(seed, 6);
}

Test(log, a_reader_gets_what_a_filter_gives_when_little_is_private) {
    for (unsigned seed = 20; seed < 23; ++seed) check_readers(seed, 1);
}

Test(log, a_reader_gets_what_a_filter_gives_when_nothing_is_private) {
    for (unsigned seed = 30; seed < 33; ++seed) check_readers(seed, 0);
}

Test(log, a_reader_may_stop_at_any_byte_and_go_on_from_there) {
    Story story;
    Audience audience(9);
    for (int i = 0; i < 60; ++i) {
        story.say(std::string(audience.below(20), 'x'),
                  audience.below(4) == 0 ? 2 + audience.below(2) : 0, 1 + audience.below(3));
    }
    // So that the end of the ring lies in between.
    fill_up_to(story, 200);
    const Position begin = story.log->head();
    for (int i = 0; i < 40; ++i) {
        story.say(std::string(audience.below(20), 'x'),
                  audience.below(4) == 0 ? 2 + audience.below(2) : 0, 1 + audience.below(3));
    }
    for (const Reading reading : {Reading::Live, Reading::Replay}) {
        const std::string all = collected(*story.log, begin, story.log->head(), 1, reading, 2);
        std::array<Piece, 64> pieces;
        Position from = begin;
        const std::size_t count = story.log->collect(&from, story.log->head(), 1, reading, pieces);
        ASSERT_EQ(from, story.log->head());
        for (std::size_t bytes = 0; bytes < all.size(); ++bytes) {
            const Log::Cut cut = Log::cut(std::span(pieces).first(count), bytes);
            const std::string sent = all.substr(0, bytes) + std::string(cut.rest);
            // The rest completes the frame that was begun, and nothing more.
            ASSERT_EQ(sent + collected(*story.log, cut.next, story.log->head(), 1, reading, 2),
                      all);
            ASSERT_TRUE(cut.rest.size() < kMostBytes);
            std::string_view whole = sent;
            Frame frame{};
            while (take_frame(whole, frame) == FrameStatus::Whole) {
            }
            ASSERT_EQ(whole, "");
            ASSERT_TRUE(cut.rest.size() < frame.bytes.size() || cut.rest.empty());
        }
    }
}

// --- A second writer

Test(log, a_log_reopened_before_every_append_is_the_same_log) {
    Story steady;
    Story interrupted;
    Audience one(40);
    Audience other(40);
    for (int i = 0; i < 1500; ++i) {
        interrupted.reopen();
        expect_same_log(*interrupted.log, *steady.log);
        ASSERT_EQ(interrupted.log->lost_bytes(), 0);
        one.do_something(steady);
        other.do_something(interrupted);
        ASSERT_TRUE(interrupted.memory == steady.memory);
    }
    expect_holds(*interrupted.log, steady.kept());
}

Test(log, a_reopened_log_reads_the_same_from_everywhere) {
    Story story;
    Audience audience(41);
    for (int i = 0; i < 300; ++i) {
        audience.do_something(story);
        if (i % 10 != 0) continue;
        Memory copy = story.memory;
        const Log second(copy.bytes());
        for (const Told& one : story.kept()) {
            for (const Position from : {one.at, one.next}) {
                ASSERT_EQ(live(second, from, 1), live(*story.log, from, 1));
                ASSERT_EQ(second.messages_before(from), story.log->messages_before(from));
            }
            ASSERT_EQ(second.after_seq(one.entry.seq), story.log->after_seq(one.entry.seq));
        }
    }
}

// The stores of an append are: the tail, the pad, the entry, the head. Whoever dies between two of
// them leaves all that was there, less what had to go; and the same append can be done once more.
Test(log, a_writer_that_dies_between_two_stores_leaves_a_whole_log) {
    Story story;
    Audience audience(42);
    std::size_t pads = 0;
    for (int i = 0; i < 400; ++i) {
        const Memory before = story.memory;
        const Position head = story.log->head();
        const std::uint64_t messages = story.log->messages();
        audience.do_something(story);
        const Told& told = story.told.back();
        if (told.at != head) ++pads;
        std::vector<Told> kept = story.kept();
        kept.pop_back();

        std::vector<std::size_t> written = {
            0, 4, 8, 12, 16, told.bytes.size() / 2, told.bytes.size() - 1, told.bytes.size()};
        for (const bool padded : {false, true}) {
            for (const std::size_t bytes : written) {
                if (bytes > 0 && !padded) continue;
                Memory memory = before;
                memory.header().tail = story.log->tail();
                if (padded && told.at != head) {
                    std::memcpy(&memory.at(head), &story.memory.at(head), sizeof(FrameHeader));
                }
                std::memcpy(&memory.at(told.at), told.bytes.data(), bytes);

                Log second(memory.bytes());
                ASSERT_EQ(second.lost_bytes(), 0);
                ASSERT_EQ(second.head(), head);
                ASSERT_EQ(second.tail(), story.log->tail());
                ASSERT_EQ(second.next_seq(), told.entry.seq);
                ASSERT_EQ(second.messages(), messages);
                expect_holds(second, kept);

                second.append(told.entry, told.name, told.text);
                ASSERT_TRUE(memory == story.memory);
            }
        }
    }
    EXPECT_GT(pads, 5);
}

// --- What a disk or a crash of the whole machine did to it

namespace {

// An entry behind two others, so that there is something to lose and something to keep.
Story three_entries() {
    Story story;
    story.say("first");
    story.say("second");
    story.say("the third, and last");
    return story;
}

void expect_last_is_gone(Story& story) {
    const Told last = story.told.back();
    story.reopen();
    ASSERT_EQ(story.log->lost_bytes(), last.bytes.size());
    ASSERT_EQ(story.log->head(), last.at);
    ASSERT_EQ(story.memory.header().head, last.at);
    ASSERT_EQ(story.log->next_seq(), last.entry.seq);
    ASSERT_EQ(story.log->messages(), last.entry.messages - 1);
    story.told.pop_back();
    expect_holds(*story.log, story.kept());

    // From then on it is a log like any other.
    story.say("instead");
    story.reopen();
    ASSERT_EQ(story.log->lost_bytes(), 0);
    expect_holds(*story.log, story.kept());
}

}  // namespace

Test(log, a_flipped_bit_anywhere_in_the_last_entry_cuts_it_off) {
    const std::size_t bytes = three_entries().told.back().bytes.size();
    for (std::size_t bit = 0; bit < 8 * bytes; ++bit) {
        Story story = three_entries();
        story.memory.at(story.told.back().at + bit / 8) ^= std::byte{1}
                                                           << static_cast<int>(bit % 8);
        expect_last_is_gone(story);
    }
}

Test(log, a_last_entry_of_which_only_a_part_was_written_is_cut_off) {
    const Told last = three_entries().told.back();
    for (const std::byte instead : {std::byte{0}, std::byte{0xFF}}) {
        for (std::size_t bytes = 0; bytes < last.bytes.size(); bytes += 8) {
            Story story = three_entries();
            std::fill(&story.memory.at(last.at + bytes), &story.memory.at(last.next), instead);
            expect_last_is_gone(story);
        }
    }
}

Test(log, an_entry_of_an_earlier_lap_is_not_taken_for_the_last) {
    Story story;
    while (story.log->head() < kRing) story.say_bytes(128);
    Memory stale = story.memory;
    const Position at = story.say_bytes(128).at;
    std::copy_n(&stale.at(at), 128, &story.memory.at(at));
    expect_last_is_gone(story);
}

Test(log, behind_a_damaged_entry_nothing_is_kept) {
    Story story;
    Audience audience(43);
    for (int i = 0; i < 100; ++i) audience.do_something(story);
    const std::vector<Told> kept = story.kept();
    for (std::size_t damaged = 1; damaged < kept.size(); ++damaged) {
        Memory memory = story.memory;
        memory.at(kept[damaged].at + kLeastBytes / 2) ^= std::byte{0x10};
        const Log log(memory.bytes());
        EXPECT_EQ(log.lost_bytes(), story.log->head() - log.head());
        EXPECT_EQ(log.next_seq(), kept[damaged].entry.seq);
        expect_holds(log, {kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(damaged)});
    }
}

// It would lead the way back into the middle of another one, and that ends every broker.
Test(log, a_whole_entry_in_the_place_of_another_is_not_believed) {
    Story story;
    story.say_bytes(128);
    story.say_bytes(96);
    const Position place = story.say_bytes(120).at;
    story.say_bytes(160);
    const Told& misplaced = story.say_bytes(120);
    story.say_bytes(96);
    std::copy_n(&story.memory.at(misplaced.at), misplaced.bytes.size(), &story.memory.at(place));
    story.reopen();
    EXPECT_EQ(story.log->head(), place);
    EXPECT_EQ(story.log->after_seq(0), story.log->tail());
    story.told.resize(2);
    story.say("next");
    expect_holds(*story.log, story.told);
}

// The same with the oldest, behind a pad: what lies in the pad is nothing.
Test(log, an_oldest_entry_that_leads_back_into_the_pad_before_it_is_not_believed) {
    Story story;
    fill_up_to(story, 480);
    const Position tail = story.log->head();
    story.say_bytes(96);
    const Told misplaced = story.say_bytes(96);
    ASSERT_EQ(misplaced.entry.back_bytes, 96);
    const Position behind_pad = kRing;
    ASSERT_TRUE(tail < behind_pad);
    const FrameHeader pad{480, kFrameVersion, FrameType::Pad, 0, 0};
    std::memcpy(&story.memory.at(tail), &pad, sizeof pad);
    std::copy_n(misplaced.bytes.data(), misplaced.bytes.size(),
                reinterpret_cast<char*>(&story.memory.at(behind_pad)));
    story.memory.header().tail = tail;
    story.memory.header().head = behind_pad + misplaced.bytes.size();
    story.reopen();
    EXPECT_EQ(story.log->after_seq(0), story.log->head());
    EXPECT_FALSE(story.log->newest().has_value());
}

Test(log, a_log_without_a_whole_entry_begins_anew) {
    Story story = three_entries();
    std::ranges::fill(story.memory.ring(), std::byte{0x55});
    const Position head = story.log->head();
    story.reopen();
    EXPECT_EQ(story.log->lost_bytes(), head);
    EXPECT_EQ(story.log->head(), story.log->tail());
    EXPECT_FALSE(story.log->newest().has_value());
    EXPECT_EQ(story.log->next_seq(), 1);
    story.told.clear();
    story.say("anew");
    expect_holds(*story.log, story.told);
}

// The ring may be anything, as long as the header is one: a file can come from anywhere.
Test(log, no_ring_of_random_bytes_is_believed) {
    std::mt19937_64 random(44);
    for (int round = 0; round < 100; ++round) {
        Story story;
        Audience audience(static_cast<unsigned>(round));
        for (int i = 0; i < 30; ++i) audience.do_something(story);
        for (int damage = 0; damage < 20; ++damage) {
            const Position at =
                story.log->tail() + random() % (story.log->head() - story.log->tail());
            story.memory.at(at) = static_cast<std::byte>(random());
        }
        if (round % 2 == 0) story.memory.header().tail += 8 * (random() % 10);
        if (round % 4 == 0) story.memory.header().head -= 8 * (random() % 10);
        Log log(story.memory.bytes());
        EXPECT_LE(log.head(), story.memory.header().head);
        (void)live(log, log.newest() ? log.newest()->at : log.head(), 1);
        log.append(Entry{}, "bob", "hello");
        EXPECT_EQ(log.newest()->frame.text, "hello");
    }
}

// --- Where something was lost

Test(log, an_entry_of_another_log_keeps_its_number_and_its_count) {
    Story story;
    story.say("first");
    Entry entry{};
    entry.kind = EntryKind::Say;
    entry.seq = 10;
    entry.messages = 5;
    const LogEntry added = story.log->restore(entry, "bob", "tenth");
    EXPECT_EQ(added.entry.seq, 10);
    EXPECT_EQ(added.entry.messages, 5);
    EXPECT_EQ(story.say("next").entry.seq, 11);
    EXPECT_EQ(story.told.back().entry.messages, 6);
    story.reopen();
    EXPECT_EQ(story.log->lost_bytes(), 0);
    EXPECT_EQ(story.log->next_seq(), 12);
    EXPECT_EQ(story.log->after_seq(5), added.at);
    EXPECT_EQ(story.log->after_seq(10), added.next);
}

// Else a reader would have missed less than nothing.
Test(log, the_count_of_messages_never_goes_back) {
    Story story;
    for (int i = 0; i < 5; ++i) story.say("hello");
    Entry entry{};
    entry.kind = EntryKind::Join;
    entry.seq = 10;
    entry.messages = 3;
    EXPECT_EQ(story.log->restore(entry, "bob", {}).entry.messages, 5);
    entry.kind = EntryKind::Say;
    entry.seq = 11;
    EXPECT_EQ(story.log->restore(entry, "bob", "hello").entry.messages, 6);
}

Test(log, numbers_go_on_where_they_were_though_entries_are_lost) {
    Story story = three_entries();
    story.log->continue_after(2);
    EXPECT_EQ(story.log->next_seq(), 4);
    story.log->continue_after(9);
    EXPECT_EQ(story.say("tenth").entry.seq, 10);
    EXPECT_EQ(story.log->before(*story.log->newest())->entry.seq, 3);
    story.reopen();
    EXPECT_EQ(story.log->lost_bytes(), 0);
    expect_holds(*story.log, story.told);
}

Test(log, an_entry_whose_number_cannot_be_is_not_whole) {
    Entry entry{};
    entry.kind = EntryKind::Say;
    const auto is_whole = [&entry](std::uint64_t seq, std::uint64_t messages) {
        Memory memory;
        Log log(memory.bytes());
        entry.seq = seq;
        entry.messages = messages;
        return whole_entry(log.restore(entry, "bob", "hello").frame.bytes).has_value();
    };
    EXPECT_TRUE(is_whole(1, 1));
    EXPECT_TRUE(is_whole(std::uint64_t{1} << 62, 1));
    EXPECT_FALSE(is_whole((std::uint64_t{1} << 62) + 1, 1));
    EXPECT_FALSE(is_whole(7, 8));
}

// --- What is a log

Test(log, the_ring_is_rounded_down_to_a_multiple_of_eight) {
    for (std::size_t bytes = kRing; bytes < kRing + 16; ++bytes) {
        const LogHeader header = Log::empty_header(bytes);
        EXPECT_EQ(header.ring_bytes, bytes / 8 * 8);
        EXPECT_TRUE(Log::is_log(header, Log::memory_bytes(bytes)));
    }
}

Test(log, an_empty_header_is_a_log_in_enough_memory) {
    const LogHeader header = Log::empty_header(kRing);
    EXPECT_TRUE(Log::is_log(header, kLogHeaderBytes + kRing));
    EXPECT_TRUE(Log::is_log(header, SIZE_MAX));
    EXPECT_FALSE(Log::is_log(header, kLogHeaderBytes + kRing - 1));
    EXPECT_FALSE(Log::is_log(header, 0));
}

Test(log, a_header_with_one_wrong_field_is_no_log) {
    constexpr std::size_t kTotal = kLogHeaderBytes + 2 * kHistoryBytesMax;
    LogHeader good = Log::empty_header(kRing);
    good.tail = 8;
    good.head = 8 + kRing;
    EXPECT_TRUE(Log::is_log(good, kTotal));
    const auto expect_refused = [&](auto change) {
        LogHeader header = good;
        change(header);
        EXPECT_FALSE(Log::is_log(header, kTotal));
    };
    for (std::size_t i = 0; i < sizeof good.magic; ++i) {
        expect_refused([&](LogHeader& header) { header.magic[i] ^= 1; });
    }
    expect_refused([](LogHeader& header) { header.version = 0; });
    expect_refused([](LogHeader& header) { ++header.version; });
    expect_refused([](LogHeader& header) { --header.header_bytes; });
    expect_refused([](LogHeader& header) { header.header_bytes *= 2; });
    expect_refused([](LogHeader& header) { header.ring_bytes += 4; });
    expect_refused([](LogHeader& header) { header.ring_bytes = kHistoryBytesMax + 8; });
    expect_refused([](LogHeader& header) { header.ring_bytes = UINT64_MAX - 7; });
    expect_refused([](LogHeader& header) { header.ring_bytes = 0; });
    expect_refused([](LogHeader& header) { ++header.tail; });
    expect_refused([](LogHeader& header) { header.tail = header.head + 8; });
    expect_refused([](LogHeader& header) { --header.head; });
    expect_refused([](LogHeader& header) { header.head += 8; });
    expect_refused([](LogHeader& header) { header.head = UINT64_MAX - 7; });
}

Test(log, a_ring_below_the_least_is_no_log) {
    LogHeader header = Log::empty_header(kHistoryBytesMin - 8);
    EXPECT_FALSE(Log::is_log(header, SIZE_MAX));
}

Test(log, zeros_are_no_log) {
    EXPECT_FALSE(Log::is_log(LogHeader{}, SIZE_MAX));
}

// --- A pad without its entry

namespace {

// The last entry of a lap, a pad, and the first entry of the next lap.
Story around_a_pad() {
    Story story;
    fill_up_to(story, 64);
    story.say("the first of its lap");
    return story;
}

std::string everything(const Log& log, Reading reading) {
    return collected(log, log.tail(), log.head(), 1, reading, 2);
}

}  // namespace

Test(log, a_reader_up_to_where_an_entry_begins_gets_neither_it_nor_the_pad_before_it) {
    const Story story = around_a_pad();
    const Told& last = story.told.rbegin()[1];
    const Told& first = story.told.back();
    ASSERT_TRUE(last.next < first.at);
    for (const Reading reading : {Reading::Live, Reading::Replay}) {
        EXPECT_EQ(collected(*story.log, last.at, first.at, 1, reading, 2), last.bytes);
        EXPECT_EQ(collected(*story.log, last.next, first.at, 1, reading, 2), "");
    }
}

Test(log, when_the_entry_behind_a_pad_is_cut_off_the_rest_can_be_read) {
    Story story = around_a_pad();
    const Told first = story.told.back();
    std::fill_n(&story.memory.at(first.at), first.bytes.size(), std::byte{0});
    story.told.pop_back();
    story.reopen();
    EXPECT_GE(story.log->lost_bytes(), first.bytes.size());
    for (const Reading reading : {Reading::Live, Reading::Replay}) {
        EXPECT_EQ(everything(*story.log, reading),
                  naive(story, story.log->tail(), story.log->head(), 1, reading));
    }
    story.say("instead");
    for (const Reading reading : {Reading::Live, Reading::Replay}) {
        EXPECT_EQ(everything(*story.log, reading),
                  naive(story, story.log->tail(), story.log->head(), 1, reading));
    }
}

Test(log, what_lies_behind_a_pad_from_an_earlier_lap_is_not_read) {
    Story story = around_a_pad();
    Story earlier;
    fill_up_to(earlier, 64);
    std::copy_n(&earlier.memory.at(0), earlier.told.front().bytes.size(), &story.memory.at(0));
    story.told.pop_back();
    story.reopen();
    EXPECT_EQ(everything(*story.log, Reading::Replay),
              naive(story, story.log->tail(), story.log->head(), 1, Reading::Replay));
}

// --- What is on the disk

Test(log, a_new_log_has_nothing_on_the_disk) {
    Story story;
    story.say("hello");
    EXPECT_EQ(story.log->synced(), story.log->tail());
}

Test(log, what_is_on_the_disk_is_known_to_the_next_writer) {
    Story story;
    story.say("on the disk");
    story.log->note_synced();
    const Position synced = story.log->head();
    story.say("not on the disk");
    story.reopen();
    EXPECT_EQ(story.log->synced(), synced);
}

Test(log, what_was_on_the_disk_and_is_gone_is_not_counted) {
    Story story;
    story.say("gone");
    story.log->note_synced();
    for (int i = 0; i < 100; ++i) story.say(std::string(kRing / 50, 'x'));
    EXPECT_EQ(story.log->synced(), story.log->tail());
}

Test(log, writing_once_more_what_is_not_on_the_disk_changes_nothing) {
    Story story;
    story.say("hello");
    story.log->note_synced();
    for (int i = 0; i < 70; ++i) story.say(std::string(kRing / 50, 'x'));
    story.log->rewrite_unsynced();
    story.reopen();
    EXPECT_EQ(story.log->lost_bytes(), 0);
    EXPECT_EQ(everything(*story.log, Reading::Replay),
              naive(story, story.log->tail(), story.log->head(), 1, Reading::Replay));
}

Test(log, positions_near_the_end_of_numbers_are_no_log) {
    LogHeader header = Log::empty_header(kRing);
    header.tail = header.head = UINT64_MAX - 7;
    EXPECT_FALSE(Log::is_log(header, SIZE_MAX));
}
