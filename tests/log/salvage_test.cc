// Specification of log/salvage: whatever happens to a log, its whole entries are found, once and in
// order.

#include "log/salvage.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "base/settings.h"
#include "support/expect.h"
#include "support/random.h"
#include "support/where.h"
#include "support/words.h"
#include "text/clean.h"

using namespace chatd;
using chatd::test::bytes_of;
using chatd::test::Random;
using chatd::test::Words;

TestSuite(salvage, .timeout = 60);

namespace {

constexpr std::size_t kRing = kHistoryBytesMin;

using Bytes = std::vector<std::byte>;

// An entry, for comparison: number and text.
using Line = std::pair<std::uint64_t, std::string>;
using Lines = std::vector<Line>;

Words empty_log(std::size_t ring_bytes = kRing) {
    Words words(log_memory_bytes(ring_bytes) / 8);
    const LogHeader header = empty_log_header(ring_bytes);
    std::memcpy(words.data(), &header, sizeof header);
    return words;
}

void say(Log& log, const std::string& text, std::uint64_t to = 0) {
    Entry entry{};
    entry.kind = to == 0 ? EntryKind::Say : EntryKind::Tell;
    entry.from = 1;
    entry.to = to;
    entry.time_ms = 42;
    entry.counter = 7;
    log.append(entry, "bob", text);
}

// A log of so many messages of up to `most` bytes, the same ones each time.
Bytes log_of(int messages, std::size_t most, std::size_t ring_bytes = kRing) {
    Words words = empty_log(ring_bytes);
    Log log(bytes_of(words));
    Random random(1);
    for (int i = 0; i < messages; ++i) {
        const std::string number = std::to_string(i);
        say(log, number + std::string(random.below(most), 'x'), random.one_in(4) ? 3 : 0);
    }
    const auto bytes = bytes_of(words);
    return {bytes.begin(), bytes.end()};
}

// Aligned, as a log has to be.
Words copy_of(std::span<const std::byte> bytes) {
    Words words((bytes.size() + 7) / 8);
    std::ranges::copy(bytes, bytes_of(words).begin());
    return words;
}

bool is_whole(std::span<const std::byte> bytes) {
    Words copy = copy_of(bytes);
    return is_whole_history(bytes_of(copy).first(bytes.size()));
}

Lines lines_of(const Log& log) {
    Lines lines;
    for (Position at = log.tail(); at < log.head();) {
        const LogEntry entry = log.entry_at(at);
        lines.emplace_back(entry.entry.seq, std::string(entry.frame.text));
        at = entry.next;
    }
    return lines;
}

Lines lines_of(std::span<const std::byte> bytes) {
    Words copy = copy_of(bytes);
    return lines_of(Log(bytes_of(copy)));
}

Lines salvaged(std::span<const std::byte> bytes, test::Where where = test::Where::here()) {
    const test::Caller caller(where);
    const Salvage salvage(bytes);
    Words words = empty_log(std::max(salvage.ring_bytes(), kRing));
    Log log(bytes_of(words));
    const std::uint64_t kept = salvage.restore(log);
    const Lines lines = lines_of(log);
    ASSERT_EQ(kept, lines.size());
    ASSERT_TRUE(is_whole(bytes_of(words)));
    return lines;
}

// The entries that the next start of chatd would find.
Lines found(std::span<const std::byte> bytes, test::Where where = test::Where::here()) {
    return is_whole(bytes) ? lines_of(bytes) : salvaged(bytes, where);
}

void set_header(Bytes& bytes, const LogHeader& header) {
    std::memcpy(bytes.data(), &header, sizeof header);
}

struct Place {
    std::size_t begin;  // in the file
    std::size_t end;
};

// The places of the entries, the oldest first.
std::vector<Place> places(std::span<const std::byte> bytes) {
    Words copy = copy_of(bytes);
    const Log log(bytes_of(copy));
    std::vector<Place> found;
    for (Position at = log.tail(); at < log.head();) {
        const LogEntry entry = log.entry_at(at);
        const std::size_t begin = kLogHeaderBytes + entry.at % kRing;
        found.push_back({begin, begin + (entry.next - entry.at)});
        at = entry.next;
    }
    return found;
}

// All entries that have no byte in [begin, end).
Lines lines_outside(const Bytes& bytes, std::size_t begin, std::size_t end) {
    const Lines all = lines_of(bytes);
    const std::vector<Place> where = places(bytes);
    Lines lines;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (where[i].end <= begin || where[i].begin >= end) lines.push_back(all[i]);
    }
    return lines;
}

bool ends_with(const Lines& whole, const Lines& end) {
    return whole.size() >= end.size() && std::equal(end.rbegin(), end.rend(), whole.rbegin());
}

bool in_order(const Lines& lines) {
    return std::ranges::adjacent_find(lines, [](const Line& one, const Line& next) {
               return one.first >= next.first;
           }) == lines.end();
}

constexpr std::byte kFlips[] = {std::byte{0x01}, std::byte{0x10}, std::byte{0x80}, std::byte{0xFF}};

// Flips bytes from `begin` on: all entries that do not lie there must be found.
void expect_others_survive(const Bytes& bytes, std::size_t begin, std::size_t end, std::size_t step,
                           test::Where where = test::Where::here()) {
    const test::Caller caller(where);
    for (std::size_t at = begin; at < end; at += step) {
        const Lines others = lines_outside(bytes, at, at + 1);
        for (const std::byte flip : kFlips) {
            Bytes damaged = bytes;
            damaged[at] ^= flip;
            ASSERT_EQ(found(damaged), others);
        }
    }
}

}  // namespace

// --- What is whole

Test(salvage, a_log_is_whole_at_any_time) {
    Words words = empty_log();
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(is_whole(bytes_of(words)));
        Log log(bytes_of(words));
        say(log, std::string(static_cast<std::size_t>(i) * 37 % 3000, 'x'));
    }
}

Test(salvage, a_log_whose_writer_died_before_the_head_moved_is_whole) {
    Words words = empty_log();
    for (int i = 0; i < 200; ++i) {
        const Position head = header_of(bytes_of(words)).head;
        {
            Log log(bytes_of(words));
            say(log, std::string(static_cast<std::size_t>(i) * 37 % 3000, 'x'));
        }
        Words died = words;
        LogHeader header = header_of(bytes_of(words));
        header.head = head;
        std::memcpy(died.data(), &header, sizeof header);
        ASSERT_TRUE(is_whole(bytes_of(died)));
    }
}

Test(salvage, a_file_of_another_length_is_not_whole) {
    Bytes bytes = log_of(20, 100);
    const std::size_t log_bytes = bytes.size();
    bytes.resize(log_bytes - 8);
    EXPECT_FALSE(is_whole(bytes));
    bytes.resize(2 * log_bytes + 8);
    EXPECT_FALSE(is_whole(bytes));
    bytes.resize(log_bytes);
    bytes.resize(log_bytes + 8, std::byte{1});
    EXPECT_FALSE(is_whole(bytes));
}

// The process that made the file longer, for an archive, died before it began that.
Test(salvage, a_log_behind_which_there_are_only_zeros_is_whole) {
    Bytes bytes = log_of(20, 100);
    const std::size_t log_bytes = bytes.size();
    for (const std::size_t length : {log_bytes + 8, 2 * log_bytes}) {
        bytes.resize(log_bytes);
        bytes.resize(length);
        EXPECT_TRUE(is_whole(bytes));
    }
}

// --- One byte

Test(salvage, one_flipped_byte_anywhere_costs_no_other_entry) {
    const Bytes bytes = log_of(12, 60);
    expect_others_survive(bytes, 0, sizeof(LogHeader), 1);
    constexpr std::size_t kStep = kSanitized ? 5 : 1;  // each takes ten times as long there
    expect_others_survive(bytes, kLogHeaderBytes, places(bytes).back().end + 100, kStep);
}

Test(salvage, one_flipped_byte_costs_no_other_entry_of_a_log_that_has_gone_around) {
    const Bytes bytes = log_of(500, 800);
    ASSERT_TRUE(header_of(bytes).tail > kRing);
    const Place newest = places(bytes).back();
    const Place oldest = places(bytes).front();
    expect_others_survive(bytes, newest.begin, newest.end, 1);
    expect_others_survive(bytes, oldest.begin, oldest.end, 1);
    expect_others_survive(bytes, kLogHeaderBytes, bytes.size(), 911);
}

// A damaged tail or head may bring back entries that the log had forgotten; these are older than
// all others.
Test(salvage, a_damaged_header_costs_no_entry_of_a_log_that_has_gone_around) {
    const Bytes bytes = log_of(500, 800);
    const Lines all = lines_of(bytes);
    for (std::size_t at = 0; at < sizeof(LogHeader); ++at) {
        for (const std::byte flip : kFlips) {
            Bytes damaged = bytes;
            damaged[at] ^= flip;
            const Lines lines = found(damaged);
            ASSERT_TRUE(in_order(lines));
            // A tail that points to a neighbouring entry cannot be told from the right one.
            if (is_whole(damaged)) {
                ASSERT_TRUE(ends_with(lines, all) || ends_with(all, lines));
            } else {
                ASSERT_TRUE(ends_with(lines, all));
            }
        }
    }
}

Test(salvage, a_damaged_pad_costs_nothing) {
    const Bytes bytes = log_of(500, 800);
    std::size_t pad = 0;
    for (const Place& place : places(bytes)) pad = std::max(pad, place.end);
    ASSERT_TRUE(pad < bytes.size());
    const Lines all = lines_of(bytes);
    for (std::size_t at = pad; at < pad + sizeof(FrameHeader); ++at) {
        Bytes damaged = bytes;
        damaged[at] ^= std::byte{0xFF};
        ASSERT_EQ(found(damaged), all);
    }
}

// --- Much

Test(salvage, a_log_cut_short_keeps_what_lies_before_the_cut) {
    for (const int messages : {12, 80, 500}) {
        const Bytes bytes = log_of(messages, 800);
        for (std::size_t length = sizeof(LogHeader); length < bytes.size(); length += 509) {
            Bytes cut = bytes;
            cut.resize(length);
            const Lines before = lines_outside(bytes, length, bytes.size());
            const Lines lines = found(cut);
            ASSERT_TRUE(in_order(lines));
            ASSERT_TRUE(ends_with(lines, before));
        }
    }
}

Test(salvage, a_page_of_zeros_or_of_an_earlier_time_costs_only_what_lay_there) {
    const Bytes bytes = log_of(500, 800);
    const Bytes earlier = log_of(400, 800);
    for (std::size_t page = kLogHeaderBytes; page < bytes.size(); page += 4096) {
        const Lines others = lines_outside(bytes, page, page + 4096);
        Bytes damaged = bytes;
        std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(page), 4096, std::byte{0});
        ASSERT_EQ(found(damaged), others);
        std::copy_n(earlier.begin() + static_cast<std::ptrdiff_t>(page), 4096,
                    damaged.begin() + static_cast<std::ptrdiff_t>(page));
        const Lines lines = found(damaged);
        ASSERT_TRUE(in_order(lines));
        for (const Line& line : others) ASSERT_TRUE(std::ranges::count(lines, line) == 1);
    }
}

Test(salvage, without_any_header_all_entries_are_found) {
    for (const int messages : {12, 500}) {
        Bytes bytes = log_of(messages, 800);
        const Lines all = lines_of(bytes);
        std::fill_n(bytes.begin(), kLogHeaderBytes, std::byte{0});
        EXPECT_TRUE(Salvage(bytes).is_log());
        EXPECT_TRUE(ends_with(found(bytes), all));
    }
}

Test(salvage, no_number_in_the_header_is_believed_alone) {
    const Bytes bytes = log_of(60, 800);
    const Lines all = lines_of(bytes);
    const auto expect_all_found = [&](auto change) {
        for (const std::uint64_t value :
             {std::uint64_t{0}, std::uint64_t{4096}, std::uint64_t{4098}, std::uint64_t{1} << 17,
              std::uint64_t{1} << 30, std::uint64_t{1} << 63, UINT64_MAX}) {
            Bytes damaged = bytes;
            LogHeader header = header_of(bytes);
            change(header, value);
            set_header(damaged, header);
            ASSERT_EQ(found(damaged), all);
        }
    };
    expect_all_found([](LogHeader& header, std::uint64_t value) {
        std::memcpy(header.magic, &value, sizeof value);
    });
    expect_all_found([](LogHeader& header, std::uint64_t value) {
        header.version = static_cast<std::uint32_t>(value);
    });
    expect_all_found([](LogHeader& header, std::uint64_t value) {
        header.header_bytes = static_cast<std::uint32_t>(value);
    });
    expect_all_found([](LogHeader& header, std::uint64_t value) { header.ring_bytes = value; });
    expect_all_found([](LogHeader& header, std::uint64_t value) { header.tail = value; });
    expect_all_found([](LogHeader& header, std::uint64_t value) { header.head = value; });
}

Test(salvage, a_head_that_fell_back_to_an_older_entry_loses_nothing) {
    const Bytes bytes = log_of(60, 800);
    const Lines all = lines_of(bytes);
    const std::vector<Place> where = places(bytes);
    for (std::size_t i = 1; i + 1 < where.size(); ++i) {
        Bytes damaged = bytes;
        LogHeader header = header_of(bytes);
        header.head = where[i].begin - kLogHeaderBytes;
        set_header(damaged, header);
        ASSERT_EQ(found(damaged), all);
    }
}

// A broker that finds damage cuts off the entries behind it, and goes on with greater numbers. The
// next start finds those entries again, unless they were written over.
Test(salvage, entries_that_were_cut_off_behind_a_damaged_place_come_back) {
    for (const int messages : {60, 500}) {
        for (const int more : {0, 1, 5}) {
            const Bytes bytes = log_of(messages, 800);
            const Place damaged = places(bytes)[10];
            const std::uint64_t last = lines_of(bytes).back().first;
            Words words = copy_of(bytes);
            bytes_of(words)[damaged.begin] ^= std::byte{1};
            Lines expected;
            {
                Log log(bytes_of(words));
                ASSERT_EQ(lines_of(log).size(), 10);
                log.continue_after(last);
                for (int i = 0; i < more; ++i) say(log, "more");
                const std::size_t end = std::max(kLogHeaderBytes + log.head() % kRing, damaged.end);
                expected = lines_outside(bytes, damaged.begin, end);
                for (int i = 0; i < more; ++i) {
                    expected.emplace_back(last + 1 + static_cast<std::uint64_t>(i), "more");
                }
            }
            EXPECT_TRUE(found(bytes_of(words)) == expected);
        }
    }
}

// --- What had gone already

// The writer died after it had made room for a large entry.
Test(salvage, entries_that_the_log_had_let_go_stay_away) {
    Bytes bytes = log_of(500, 800);
    const std::vector<Place> where = places(bytes);
    const Lines all = lines_of(bytes);
    LogHeader header = header_of(bytes);
    for (std::size_t i = 0; i < 3; ++i) header.tail += where[i].end - where[i].begin;
    set_header(bytes, header);
    ASSERT_TRUE(is_whole(bytes));
    bytes[where.back().begin] ^= std::byte{1};
    EXPECT_EQ(salvaged(bytes), Lines(all.begin() + 3, all.end() - 1));
    bytes[0] ^= std::byte{1};
    EXPECT_EQ(salvaged(bytes), Lines(all.begin(), all.end() - 1));
}

// --- How much is lost

Test(salvage, the_loss_is_told_in_places_and_bytes) {
    const Bytes bytes = log_of(40, 800);
    const std::vector<Place> where = places(bytes);
    const auto loss_of = [&](std::vector<std::size_t> hit) {
        Bytes damaged = bytes;
        for (const std::size_t i : hit) damaged[where[i].begin + 20] ^= std::byte{1};
        const Salvage::Loss loss = Salvage(damaged).loss();
        return std::pair(loss.places, loss.bytes);
    };
    const auto size = [&](std::size_t i) { return std::uint64_t{where[i].end - where[i].begin}; };
    EXPECT_TRUE(loss_of({5}) == std::pair(std::uint64_t{1}, size(5)));
    EXPECT_TRUE(loss_of({5, 6}) == std::pair(std::uint64_t{1}, size(5) + size(6)));
    EXPECT_TRUE(loss_of({5, 7}) == std::pair(std::uint64_t{2}, size(5) + size(7)));
    EXPECT_TRUE(loss_of({0}) == std::pair(std::uint64_t{1}, size(0)));
    EXPECT_TRUE(loss_of({39}) == std::pair(std::uint64_t{1}, size(39)));
    EXPECT_TRUE(loss_of({0, 20, 39}) == std::pair(std::uint64_t{3}, size(0) + size(20) + size(39)));
}

Test(salvage, a_loss_is_counted_once) {
    Bytes bytes = log_of(40, 800);
    bytes[places(bytes)[5].begin] ^= std::byte{1};
    Words words = empty_log();
    {
        Log log(bytes_of(words));
        Salvage(bytes).restore(log);
    }
    const auto again = bytes_of(words);
    Bytes damaged(again.begin(), again.end());
    const Place hit = places(damaged)[10];
    damaged[hit.begin] ^= std::byte{1};
    const Salvage::Loss loss = Salvage(damaged).loss();
    EXPECT_EQ(loss.places, 1);
    EXPECT_EQ(loss.bytes, hit.end - hit.begin);
}

// Once the loss of a whole file was told as 48 bytes, those of the header.
Test(salvage, without_a_header_all_that_is_missing_counts_if_the_size_is_known) {
    const Bytes bytes = log_of(40, 800);
    const std::size_t ring_bytes = bytes.size() - kLogHeaderBytes;
    const auto loss_of = [&](std::size_t length) {
        const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
        return Salvage(cut, HistorySize{ring_bytes, false}).loss();
    };
    for (const std::size_t length : {0, 10}) {
        EXPECT_EQ(loss_of(length).bytes, ring_bytes + sizeof(LogHeader));
        EXPECT_TRUE(loss_of(length).is_upper_bound);  // nobody knows how full the log was
    }
    const std::vector<Place> where = places(bytes);
    EXPECT_EQ(loss_of(where[7].begin).bytes, where[39].end - where[7].begin);
    EXPECT_FALSE(loss_of(where[7].begin).is_upper_bound);
}

// --- With an archive

namespace {

Words empty_history() {
    Words words(HistorySize{kRing}.bytes() / 8);
    const LogHeader header = empty_log_header(kRing);
    std::memcpy(words.data(), &header, sizeof header);
    std::memcpy(&words[log_memory_bytes(kRing) / 8], &header, sizeof header);
    return words;
}

Lines lines_with_archive(const Log& log) {
    Lines lines = log.archive() == nullptr ? Lines{} : lines_of(*log.archive());
    std::ranges::copy(lines_of(log), std::back_inserter(lines));
    return lines;
}

// A log that went around, with something in its archive.
struct Archived {
    Words words = empty_history();
    Lines lines;

    Archived() {
        Log log(bytes_of(words));
        for (int i = 0; i < 300; ++i) say(log, std::string(300, 'x'), i % 3 == 0 ? 3 : 0);
        lines = lines_with_archive(log);
    }
};

}  // namespace

Test(salvage, the_entries_of_both_are_found_and_go_where_they_were) {
    const Archived past;
    Words copy = past.words;
    Words words = empty_history();
    Log log(bytes_of(words));
    EXPECT_EQ(Salvage(bytes_of(copy)).restore(log), past.lines.size());
    EXPECT_EQ(lines_with_archive(log), past.lines);
    const Log before(bytes_of(copy));
    EXPECT_EQ(lines_of(*log.archive()), lines_of(*before.archive()));
}

Test(salvage, without_any_header_the_entries_of_both_are_found) {
    Archived past;
    const auto bytes = bytes_of(past.words);
    for (const std::size_t at : {std::size_t{0}, log_memory_bytes(kRing)}) {
        std::ranges::fill(bytes.subspan(at, sizeof(LogHeader)), std::byte{0x55});
    }
    const Salvage salvage(bytes);
    EXPECT_TRUE(salvage.is_log());
    Words words((HistorySize{4 * kRing, false}.bytes()) / 8);
    const LogHeader header = empty_log_header(4 * kRing);
    std::memcpy(words.data(), &header, sizeof header);
    Log log(bytes_of(words));
    (void)salvage.restore(log);
    EXPECT_EQ(lines_of(log), past.lines);
}

Test(salvage, one_header_is_enough_to_know_the_size) {
    for (const std::size_t at : {std::size_t{0}, log_memory_bytes(kRing)}) {
        Archived past;
        const auto bytes = bytes_of(past.words);
        std::ranges::fill(bytes.subspan(at, sizeof(LogHeader)), std::byte{0x55});
        EXPECT_FALSE(is_whole(bytes));
        const Salvage salvage(bytes);
        EXPECT_EQ(salvage.ring_bytes(), kRing);
        Words words = empty_history();
        Log log(bytes_of(words));
        (void)salvage.restore(log);
        EXPECT_EQ(lines_with_archive(log), past.lines);
    }
}

// A writer died when the archive had an entry and the log had it still.
Test(salvage, an_entry_that_both_have_is_kept_once) {
    Archived past;
    const std::size_t log_bytes = log_memory_bytes(kRing);
    Words later = past.words;
    {
        Log log(bytes_of(later));
        while (log.archive()->next_seq() == Log(bytes_of(past.words)).archive()->next_seq()) {
            say(log, std::string(300, 'x'));
        }
    }
    std::ranges::copy(bytes_of(later).subspan(log_bytes),
                      bytes_of(past.words).subspan(log_bytes).begin());
    Words words = empty_history();
    Log log(bytes_of(words));
    (void)Salvage(bytes_of(past.words)).restore(log);
    Lines lines = lines_with_archive(log);
    EXPECT_EQ(lines.back(), past.lines.back());
    EXPECT_TRUE(std::ranges::is_sorted(lines));
    EXPECT_TRUE(std::ranges::adjacent_find(lines) == lines.end());
}

// --- The new log

Test(salvage, an_entry_keeps_all_its_fields) {
    Bytes bytes = log_of(40, 800);
    bytes[places(bytes)[5].begin] ^= std::byte{1};
    Words old_words = copy_of(log_of(40, 800));
    const Log old(bytes_of(old_words));
    Words words = empty_log();
    Log log(bytes_of(words));
    Salvage(bytes).restore(log);
    auto was = old.newest();
    for (auto is = log.newest(); is; is = log.before(*is), was = old.before(*was)) {
        while (was->entry.seq > is->entry.seq) was = old.before(*was);
        EXPECT_EQ(is->entry.seq, was->entry.seq);
        EXPECT_EQ(is->entry.time_ms, was->entry.time_ms);
        EXPECT_EQ(is->entry.messages, was->entry.messages);
        EXPECT_EQ(is->entry.from, was->entry.from);
        EXPECT_EQ(is->entry.to, was->entry.to);
        EXPECT_EQ(is->entry.counter, was->entry.counter);
        EXPECT_TRUE(is->entry.kind == was->entry.kind);
        EXPECT_EQ(is->frame.name, was->frame.name);
        EXPECT_EQ(is->frame.text, was->frame.text);
    }
    EXPECT_EQ(log.next_seq(), old.next_seq());
}

Test(salvage, a_smaller_log_gets_the_newest) {
    const Bytes bytes = log_of(500, 800, 4 * kRing);
    Words words = empty_log();
    Log log(bytes_of(words));
    const std::uint64_t kept = Salvage(bytes).restore(log);
    EXPECT_EQ(kept, lines_of(log).size());
    EXPECT_TRUE(ends_with(lines_of(bytes), lines_of(log)));
    EXPECT_GT(kept, 50);
}

Test(salvage, of_two_entries_with_one_number_one_is_kept) {
    Bytes bytes = log_of(12, 60);
    const std::vector<Place> where = places(bytes);
    const Lines all = lines_of(bytes);
    std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(where[3].begin),
              bytes.begin() + static_cast<std::ptrdiff_t>(where[3].end),
              bytes.begin() + static_cast<std::ptrdiff_t>(where.back().end + 800));
    bytes[0] ^= std::byte{1};
    EXPECT_EQ(found(bytes), all);
}

// The rules for clean text may change from one program to the next; what was said stays.
Test(salvage, entries_that_are_not_clean_by_todays_rules_are_whole) {
    const std::string pile = "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301";
    ASSERT_FALSE(is_clean_text(pile));
    Words words = empty_log();
    Log log(bytes_of(words));
    say(log, "one");
    say(log, pile);
    say(log, "\u0301three");
    const auto written = bytes_of(words);
    EXPECT_TRUE(is_whole(written));
    EXPECT_EQ(lines_of(written), (Lines{{1, "one"}, {2, pile}, {3, "\u0301three"}}));
    EXPECT_EQ(salvaged(written), lines_of(written));
}

// --- What is no log

// Otherwise a client could say a forged entry, and the next repair would find it.
Test(salvage, no_text_that_a_client_can_say_looks_like_an_entry) {
    for (const Place& place : places(log_of(200, 800))) {
        const std::size_t bytes = place.end - place.begin;
        const FrameHeader header{static_cast<std::uint32_t>(bytes), kFrameVersion, FrameType::Entry,
                                 0, 0};
        EXPECT_FALSE(is_clean_text({reinterpret_cast<const char*>(&header), sizeof header}));
    }
}

Test(salvage, random_bytes_and_zeros_are_no_log) {
    Random random(2);
    for (const std::size_t bytes : {0U, 1U, 7U, 8U, 40U, 4096U, 5000U, 100'000U}) {
        Bytes noise(bytes);
        for (std::byte& one : noise) one = static_cast<std::byte>(random.below(256));
        EXPECT_FALSE(is_whole(noise));
        EXPECT_FALSE(Salvage(noise).is_log());
        EXPECT_FALSE(Salvage(Bytes(bytes)).is_log());
    }
}

Test(salvage, a_log_cut_in_its_header_still_is_one) {
    const Bytes bytes = log_of(12, 60);
    for (std::size_t length = 0; length < kLogHeaderBytes + 100; ++length) {
        const Salvage salvage(std::span<const std::byte>(bytes).first(length));
        EXPECT_EQ(salvage.is_log(), length >= sizeof(LogHeader::magic));
    }
}

Test(salvage, an_empty_log_of_another_version_is_no_log_of_this_version) {
    Bytes bytes = log_of(0, 1);
    LogHeader header = header_of(bytes);
    ++header.version;
    set_header(bytes, header);
    EXPECT_FALSE(Salvage(bytes).is_log());
}

Test(salvage, any_damage_is_survived) {
    Random random(3);
    const Bytes bytes = log_of(500, 800);
    const Lines all = lines_of(bytes);
    for (int round = 0; round < 300; ++round) {
        Bytes damaged = bytes;
        const auto damage_one_of_the_first = [&](std::size_t end) {
            damaged[random.below(end)] = static_cast<std::byte>(random.below(256));
        };
        for (std::size_t i = random.below(50); i > 0; --i) damage_one_of_the_first(damaged.size());
        if (round % 2 == 0) damage_one_of_the_first(sizeof(LogHeader));
        if (round % 3 == 0) damaged.resize(random.below(damaged.size()));
        ASSERT_TRUE(in_order(found(damaged)) || damaged.size() < sizeof(LogHeader));
    }
}
