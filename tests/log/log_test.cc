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
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "log/reader.h"
#include "support/expect.h"
#include "support/log_story.h"
#include "support/random.h"
#include "support/where.h"

using namespace chatd;
using namespace chatd::test;

TestSuite(log, .timeout = 20);

namespace {

Log::Search last_messages(const Log& log, Position end, std::uint32_t most, std::uint64_t session) {
    Log::Search search = log.search(end, most, session);
    std::size_t entries = SIZE_MAX;
    EXPECT_TRUE(log.go_on(search, entries));
    return search;
}

}  // namespace

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
    EXPECT_EQ(last_messages(log, 0, 10, 1).begin, 0);
    EXPECT_EQ(last_messages(log, 0, 10, 1).messages, 0);
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
        // The tail is where an entry ended; the next entry begins there or behind a pad.
        const Told& gone = story.told[oldest - 1];
        ASSERT_TRUE(tail == gone.next || tail == story.told[oldest].at);
        ASSERT_TRUE(head - gone.at > kRing);
        expect_same(story.log->entry_at(tail), story.told[oldest]);
    }
    EXPECT_GT(story.log->tail(), 20 * kRing);
}

Test(log, a_larger_ring_keeps_more) {
    Memory memory({3 * kRing, false});
    Log log(memory.bytes());
    Entry entry{};
    entry.kind = EntryKind::Say;
    for (int i = 0; i < 5000; ++i) log.append(entry, "bob", std::string(72, 'x'));
    EXPECT_GT(log.head() - log.tail(), 3 * kRing - 200);
    EXPECT_LE(log.head() - log.tail(), 3 * kRing);
}

Test(log, memory_beyond_the_ring_is_left_alone) {
    Memory memory({kRing + 8000, false});
    memory.header() = empty_log_header(kRing);
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

Test(log, a_search_goes_on_where_it_was_also_when_the_log_has_let_go_of_that) {
    Story story;
    for (int i = 0; i < 10; ++i) story.say("to all");
    Log::Search search = story.log->search(story.log->head(), 5, 1);
    std::size_t entries = 3;
    EXPECT_FALSE(story.log->go_on(search, entries));
    EXPECT_EQ(search.messages, 3);
    entries = 3;
    EXPECT_TRUE(story.log->go_on(search, entries));
    EXPECT_EQ(search.begin, story.told[5].at);
    EXPECT_EQ(entries, 1);

    search = story.log->search(story.log->head(), 5, 1);
    entries = 3;
    EXPECT_FALSE(story.log->go_on(search, entries));
    while (story.log->tail() <= search.begin) story.say("more");
    EXPECT_TRUE(story.log->go_on(search, entries));
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

            const Log::Search found = last_messages(*story.log, end, count, session);
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

// An append stores the tail, the pad, the entry and the head, in this order. A writer that dies
// between two of them leaves all entries but those that had to make room, and the next writer can
// append the same entry.
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

void expect_last_is_gone(Story& story, Where where = Where::here()) {
    const Caller caller(where);
    const Told last = story.told.back();
    story.reopen();
    ASSERT_EQ(story.log->lost_bytes(), last.bytes.size());
    ASSERT_EQ(story.log->head(), last.at);
    ASSERT_EQ(story.memory.header().head, last.at);
    ASSERT_EQ(story.log->next_seq(), last.entry.seq);
    ASSERT_EQ(story.log->messages(), last.entry.messages - 1);
    story.told.pop_back();
    expect_holds(*story.log, story.kept());

    // The log can be written again, like any other.
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

// Its back_bytes would lead into the middle of another entry, and that ends every broker.
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

// The oldest entry lies behind a pad here, and no entry lies in a pad.
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
    Random random(44);
    for (int round = 0; round < 100; ++round) {
        Story story;
        Audience audience(static_cast<unsigned>(round));
        for (int i = 0; i < 30; ++i) audience.do_something(story);
        for (int damage = 0; damage < 20; ++damage) {
            const Position at =
                story.log->tail() + random.below(story.log->head() - story.log->tail());
            story.memory.at(at) = static_cast<std::byte>(random.number());
        }
        if (round % 2 == 0) story.memory.header().tail += 8 * random.below(10);
        if (round % 4 == 0) story.memory.header().head -= 8 * random.below(10);
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
    const LogEntry added = story.log->append_with_seq(entry, "bob", "tenth");
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

// A Gap takes the difference of two counts, so a count that goes back would make it negative.
Test(log, the_count_of_messages_never_goes_back) {
    Story story;
    for (int i = 0; i < 5; ++i) story.say("hello");
    Entry entry{};
    entry.kind = EntryKind::Join;
    entry.seq = 10;
    entry.messages = 3;
    EXPECT_EQ(story.log->append_with_seq(entry, "bob", {}).entry.messages, 5);
    entry.kind = EntryKind::Say;
    entry.seq = 11;
    EXPECT_EQ(story.log->append_with_seq(entry, "bob", "hello").entry.messages, 6);
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
        return whole_entry(log.append_with_seq(entry, "bob", "hello").frame.bytes).has_value();
    };
    EXPECT_TRUE(is_whole(1, 1));
    EXPECT_TRUE(is_whole(std::uint64_t{1} << 62, 1));
    EXPECT_FALSE(is_whole((std::uint64_t{1} << 62) + 1, 1));
    EXPECT_FALSE(is_whole(7, 8));
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
    const Told& last = story.told[story.told.size() - 2];
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
    LogHeader header = empty_log_header(kRing);
    header.tail = header.head = UINT64_MAX - 7;
    EXPECT_FALSE(is_log(header, SIZE_MAX));
}
