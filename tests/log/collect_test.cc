// Specification of collect_pieces() and cut_pieces() in log/reader: what is read of the log, as it
// lies there.

#include "log/reader.h"

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
#include "support/log_story.h"
#include "support/where.h"

using namespace chatd;
using namespace chatd::test;

TestSuite(collect, .timeout = 20);

namespace {

std::size_t all_entries = SIZE_MAX;  // more than any test looks at

}  // namespace

Test(collect, a_live_reader_gets_what_is_for_all_for_it_or_its_own) {
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

Test(collect, the_past_is_what_was_said_to_all_or_to_the_reader) {
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

Test(collect, what_is_for_all_is_one_piece_or_two_around_the_end_of_the_ring) {
    Story story;
    for (int i = 0; i < 3000; ++i) {
        story.say(std::string(static_cast<std::size_t>(i) % 700, 'x'));
        std::array<Piece, 32> pieces;
        Position from = story.log->tail();
        const std::size_t count = collect_pieces(*story.log, &from, story.log->head(), 1,
                                                 Reading::Live, pieces, all_entries);
        ASSERT_EQ(from, story.log->head());
        ASSERT_TRUE(count == 1 || count == 2);
        ASSERT_TRUE(count == 1 || pieces[1].at % kRing == 0);
    }
}

Test(collect, a_piece_ends_where_something_is_left_out) {
    Story story;
    for (int i = 0; i < 10; ++i) {
        story.say("to all");
        story.say("to all");
        story.say("private", 7, 8);
    }
    std::array<Piece, 32> pieces;
    Position from = 0;
    EXPECT_EQ(
        collect_pieces(*story.log, &from, story.log->head(), 1, Reading::Live, pieces, all_entries),
        10);
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(pieces[i].at, story.told[3 * i].at);
        EXPECT_EQ(pieces[i].bytes, story.told[3 * i].bytes + story.told[3 * i + 1].bytes);
    }
}

Test(collect, pieces_lie_where_their_positions_say) {
    Story story;
    Audience audience(8);
    for (int i = 0; i < 500; ++i) {
        audience.do_something(story);
        for (const Reading reading : {Reading::Live, Reading::Replay}) {
            std::array<Piece, 32> pieces;
            Position from = story.log->tail();
            const std::size_t count = collect_pieces(*story.log, &from, story.log->head(), 1,
                                                     reading, pieces, all_entries);
            for (const Piece& piece : std::span(pieces).first(count)) {
                ASSERT_TRUE(piece.bytes.data() ==
                            reinterpret_cast<const char*>(&story.memory.at(piece.at)));
                ASSERT_TRUE(piece.at % kRing + piece.bytes.size() <= kRing);
            }
        }
    }
}

namespace {

// A reader gets the same as a filter of the whole story, with any number of pieces and at any time.
void check_readers(unsigned seed, std::size_t privacy, Where where = Where::here()) {
    const Caller caller(where);
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

Test(collect, a_reader_gets_what_a_filter_gives_when_much_is_private) {
    for (unsigned seed = 10; seed < 13; ++seed) check_readers(seed, 6);
}

Test(collect, a_reader_gets_what_a_filter_gives_when_little_is_private) {
    for (unsigned seed = 20; seed < 23; ++seed) check_readers(seed, 1);
}

Test(collect, a_reader_gets_what_a_filter_gives_when_nothing_is_private) {
    for (unsigned seed = 30; seed < 33; ++seed) check_readers(seed, 0);
}

Test(collect, a_reader_may_stop_at_any_byte_and_go_on_from_there) {
    Story story;
    Audience audience(9);
    for (int i = 0; i < 60; ++i) {
        story.say(std::string(audience.below(20), 'x'),
                  audience.below(4) == 0 ? 2 + audience.below(2) : 0, 1 + audience.below(3));
    }
    // The end of the ring is to lie among the entries that are collected.
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
        const std::size_t count =
            collect_pieces(*story.log, &from, story.log->head(), 1, reading, pieces, all_entries);
        ASSERT_EQ(from, story.log->head());
        for (std::size_t bytes = 0; bytes < all.size(); ++bytes) {
            const Cut cut = cut_pieces(std::span(pieces).first(count), bytes);
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

Test(collect, no_more_entries_are_looked_at_than_allowed) {
    Story story;
    for (int i = 0; i < 10; ++i) story.say("private", 7, 8);
    story.say("to all");
    std::array<Piece, 32> pieces;
    Position from = 0;
    std::size_t entries = 4;
    EXPECT_EQ(
        collect_pieces(*story.log, &from, story.log->head(), 1, Reading::Live, pieces, entries), 0);
    EXPECT_EQ(from, story.told[4].at);
    EXPECT_EQ(entries, 0);
    entries = 100;
    EXPECT_EQ(
        collect_pieces(*story.log, &from, story.log->head(), 1, Reading::Live, pieces, entries), 1);
    EXPECT_EQ(entries, 93);
}
