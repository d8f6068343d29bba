// Specification of log/crowd: people who come and go together are told of together, and nothing
// else is.

#include "log/crowd.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/expect.h"
#include "support/frames.h"
#include "support/random.h"
#include "support/where.h"

using namespace chatd;
using chatd::test::Random;

namespace {

constexpr std::uint64_t kMe = 1;

// A log, and what a reader is told of it: one line for an entry, and one line for a crowd.
class Told {
    std::vector<std::uint64_t> memory_;

  public:
    explicit Told(std::size_t ring_bytes = kHistoryBytesMin) : log(bytes(ring_bytes)) {}

    Log log;

    void happens(EntryKind kind, std::string_view name, std::string_view text = {},
                 std::uint64_t to = 0, std::uint64_t from = 9) {
        Entry entry{};
        entry.kind = kind;
        entry.to = to;
        entry.from = from;
        entry.time_ms = static_cast<std::int64_t>(log.next_seq()) * 1000;
        (void)log.append(entry, name, text);
    }
    void comes(std::string_view name) { happens(EntryKind::Join, name); }
    void goes(std::string_view name, LeaveReason reason = LeaveReason::Quit,
              std::uint8_t detail = 0, std::string_view words = {}) {
        Entry entry{};
        entry.kind = EntryKind::Leave;
        entry.reason = static_cast<std::uint8_t>(reason);
        entry.detail = detail;
        (void)log.append(entry, name, words);
    }

    [[nodiscard]] std::vector<CrowdStretch> crowds(std::uint64_t session = 0) const {
        std::vector<CrowdStretch> all;
        for (Position at = log.tail(); at < log.head();) {
            const auto [next, end] = crowds_between(log, at, log.head(), session);
            all.insert(all.end(), next.begin(), next.end());
            at = end;
        }
        return all;
    }

    // "bob says", "+5: alice bob carol", "-2: dave erin (killed 9)".
    [[nodiscard]] std::vector<std::string> lines(std::uint64_t session = 0,
                                                 test::Where where = test::Where::here()) const {
        const test::Caller caller(where);
        std::vector<std::string> all;
        Position at = log.tail();
        for (const CrowdStretch& crowd : crowds(session)) {
            add_entries(at, crowd.begin, all);
            all.push_back(described(crowd.frame));
            at = crowd.end;
        }
        add_entries(at, log.head(), all);
        return all;
    }

    static Crowd crowd_in(std::string_view frame, test::Where where = test::Where::here()) {
        const test::Caller caller(where);
        return crowd_frame(frame).as<Crowd>();
    }

  private:
    std::span<std::byte> bytes(std::size_t ring_bytes) {
        const LogHeader header = empty_log_header(ring_bytes);
        memory_.resize(log_memory_bytes(ring_bytes) / 8);
        *reinterpret_cast<LogHeader*>(memory_.data()) = header;
        return std::as_writable_bytes(std::span(memory_));
    }

    static Frame crowd_frame(std::string_view bytes) {
        const Frame frame = test::frame_of(bytes);
        EXPECT_EQ(frame.type, FrameType::Crowd);
        return frame;
    }

    static std::string described(std::string_view bytes) {
        const Frame frame = crowd_frame(bytes);
        const auto crowd = frame.as<Crowd>();
        std::string line;
        if (crowd.entered != 0) line += '+' + std::to_string(crowd.entered);
        if (crowd.left != 0) line += '-' + std::to_string(crowd.left);
        line.append(": ").append(frame.text);
        if (crowd.reason == LeaveReason::Killed) {
            line += " (killed " + std::to_string(crowd.detail) + ')';
        }
        if (crowd.reason == LeaveReason::Lost) line += " (lost)";
        return line;
    }

    void add_entries(Position at, Position end, std::vector<std::string>& all) const {
        while (at < end) {
            const LogEntry entry = log.entry_at(at);
            const char* verb = " says";
            if (entry.entry.kind == EntryKind::Join) verb = " comes";
            if (entry.entry.kind == EntryKind::Leave) verb = " goes";
            all.push_back(std::string(entry.frame.name) + verb);
            at = entry.next;
        }
    }
};

using Lines = std::vector<std::string>;

}  // namespace

Test(crowd, somebody_who_comes_alone_is_in_no_crowd) {
    Told told;
    told.comes("alice");
    EXPECT_EQ(told.lines(), Lines{"alice comes"});
}

Test(crowd, people_who_come_together_are_one_crowd) {
    Told told;
    told.comes("alice");
    told.comes("bob");
    EXPECT_EQ(told.lines(), Lines{"+2: alice bob"});
}

Test(crowd, three_of_many_are_named_and_never_all_but_one) {
    Told told;
    for (const char* const name : {"alice", "bob", "carol", "dave"}) told.comes(name);
    EXPECT_EQ(told.lines(), Lines{"+4: alice bob carol dave"});
    told.comes("erin");
    EXPECT_EQ(told.lines(), Lines{"+5: alice bob carol"});
}

Test(crowd, a_message_parts_the_people_before_it_from_those_after_it) {
    Told told;
    told.comes("alice");
    told.comes("bob");
    told.happens(EntryKind::Say, "bob", "hi");
    told.comes("carol");
    told.comes("dave");
    EXPECT_EQ(told.lines(), (Lines{"+2: alice bob", "bob says", "+2: carol dave"}));
}

// All readers that begin at one place read the same crowds, whether they see the entry or not.
Test(crowd, private_words_part_them_too) {
    Told told;
    told.comes("alice");
    told.happens(EntryKind::Tell, "bob", "psst", kMe);
    told.comes("carol");
    EXPECT_EQ(told.lines(), (Lines{"alice comes", "bob says", "carol comes"}));
}

Test(crowd, comings_and_goings_are_one_crowd) {
    Told told;
    told.goes("zoe");
    told.comes("alice");
    told.goes("yan");
    told.comes("bob");
    EXPECT_EQ(told.lines(), Lines{"+2-2: alice bob zoe yan"});
}

Test(crowd, one_who_comes_and_one_who_goes_are_no_crowd) {
    Told told;
    told.comes("alice");
    told.goes("bob");
    EXPECT_EQ(told.lines(), (Lines{"alice comes", "bob goes"}));
}

Test(crowd, somebody_who_comes_and_goes_at_once_is_in_both_lines) {
    Told told;
    told.comes("alice");
    told.comes("bob");
    told.goes("alice");
    EXPECT_EQ(told.lines(), Lines{"+2-1: alice bob alice"});
}

// Otherwise a reader would be told that the member came and then left, although it is in the room.
Test(crowd, somebody_who_comes_back_begins_another_crowd) {
    Told told;
    told.goes("alice");
    told.goes("bob");
    told.comes("alice");
    told.comes("carol");
    EXPECT_EQ(told.lines(), (Lines{"-2: alice bob", "+2: alice carol"}));
    told.goes("Jos\u00E9");
    told.goes("dave");
    told.comes("DAVE");
    told.comes("jose\u0301");
    EXPECT_EQ(told.lines(),
              (Lines{"-2: alice bob", "+2-2: alice carol Jos\u00E9 dave", "+2: DAVE jose\u0301"}));
}

// Once they were one crowd: "bob and carol entered", and then "Bob left".
Test(crowd, somebody_who_looks_like_one_who_left_begins_another_crowd) {
    for (const char* const name : {"alice", "ALICE", "a1ice", "\u0430lice"}) {
        Told told;
        told.goes("Alice");
        told.comes(name);
        told.comes("carol");
        EXPECT_EQ(told.lines(), (Lines{"Alice goes", "+2: " + std::string(name) + " carol"}));
    }
}

Test(crowd, a_crowd_that_is_full_is_followed_by_another) {
    Told told(4 * 1024 * 1024);
    for (std::uint32_t i = 0; i < kCrowdPeopleMax + 2; ++i) told.comes("p");
    const std::vector<CrowdStretch> crowds = told.crowds();
    ASSERT_EQ(crowds.size(), 2);
    EXPECT_EQ(Told::crowd_in(crowds[0].frame).entered, kCrowdPeopleMax);
    EXPECT_EQ(Told::crowd_in(crowds[1].frame).entered, 2);
}

Test(crowd, last_words_are_kept) {
    Told told;
    told.goes("alice");
    told.goes("bob", LeaveReason::Quit, 0, "so long");
    told.goes("carol");
    EXPECT_EQ(told.lines(), (Lines{"alice goes", "bob goes", "carol goes"}));
}

Test(crowd, a_reason_that_all_have_is_kept) {
    Told told;
    told.goes("alice", LeaveReason::Killed, 9);
    told.goes("bob", LeaveReason::Killed, 9);
    EXPECT_EQ(told.lines(), Lines{"-2: alice bob (killed 9)"});
    told.goes("carol", LeaveReason::Killed, 11);
    EXPECT_EQ(told.lines(), Lines{"-3: alice bob carol"});
    told.goes("dave", LeaveReason::Killed, 9);
    EXPECT_EQ(told.lines(), Lines{"-4: alice bob carol dave"});
}

Test(crowd, the_readers_own_leaving_is_in_no_crowd) {
    Told told;
    told.goes("alice");
    told.goes("bob");
    told.happens(EntryKind::Leave, "me", {}, 0, kMe);
    told.goes("carol");
    EXPECT_EQ(told.lines(kMe), (Lines{"-2: alice bob", "me goes", "carol goes"}));
    EXPECT_EQ(told.lines(), Lines{"-4: alice bob me carol"});
}

Test(crowd, a_crowd_has_the_time_of_its_last_entry) {
    Told told;
    told.comes("alice");
    told.comes("bob");
    const Crowd crowd = Told::crowd_in(told.crowds().at(0).frame);
    EXPECT_EQ(crowd.last_seq, 2);
    EXPECT_EQ(crowd.time_ms, 2000);
}

Test(crowd, only_the_stretch_that_is_asked_for_counts) {
    Told told;
    told.comes("alice");
    const Position after_alice = told.log.head();
    told.comes("bob");
    told.comes("carol");
    const Position after_carol = told.log.head();
    told.comes("dave");
    const auto [crowds, end] = crowds_between(told.log, after_alice, after_carol, 0);
    EXPECT_EQ(end, after_carol);
    ASSERT_EQ(crowds.size(), 1);
    EXPECT_EQ(crowds[0].begin, after_alice);
    EXPECT_EQ(crowds[0].end, after_carol);
}

Test(crowd, crowds_up_to_one_end_are_looked_for_once_for_each_beginning) {
    Told told;
    told.comes("alice");
    told.comes("bob");
    Crowds crowds(told.log);
    crowds.set_end(told.log.head());
    const auto* const found = &crowds.from(0);
    EXPECT_EQ(found->crowds.size(), 1);
    crowds.set_end(told.log.head());
    EXPECT_EQ(&crowds.from(0), found);
    told.comes("carol");
    crowds.set_end(told.log.head());
    EXPECT_EQ(Told::crowd_in(crowds.from(0).crowds.at(0).frame).entered, 3);
}

// A member that reads slowly through a large log must not make the broker look at all of it each
// time. Such a stretch may cut a crowd in two.
Test(crowd, only_so_many_entries_are_looked_at_at_once) {
    Told told(kHistoryBytes);
    for (std::size_t i = 0; i < kCrowdEntriesAtOnce; ++i) told.happens(EntryKind::Say, "bob", "hi");
    const Position begin = told.log.head();
    told.comes("alice");
    told.comes("carol");
    const auto [none, end] = crowds_between(told.log, 0, told.log.head(), 0);
    EXPECT_EQ(none.size(), 0);
    EXPECT_EQ(end, begin);
    const auto [one, at_head] = crowds_between(told.log, end, told.log.head(), 0);
    EXPECT_EQ(one.size(), 1);
    EXPECT_EQ(at_head, told.log.head());
    EXPECT_EQ(crowds_between(told.log, told.log.after_seq(1), told.log.head(), 0).crowds.size(), 0);
    EXPECT_EQ(crowds_between(told.log, told.log.after_seq(2), told.log.head(), 0).crowds.size(), 1);
}

// Once 255 slow readers, each at a place of its own, held everybody up for seconds.
Test(crowd, only_for_a_member_that_lags_behind_alone_there_is_something_to_look_at) {
    Told told;
    for (int i = 0; i < 10; ++i) told.comes("alice");
    Crowds crowds(told.log);
    crowds.set_end(told.log.head());
    const Position behind = told.log.after_seq(4);
    EXPECT_EQ(crowds.entries_from(behind), 0);  // There was no fan-out yet.
    crowds.note_fan_out(told.log.after_seq(8));
    EXPECT_EQ(crowds.entries_from(told.log.after_seq(8)), 0);
    EXPECT_EQ(crowds.entries_from(told.log.after_seq(7)), 3);
    EXPECT_EQ(crowds.entries_from(behind), 6);
    (void)crowds.from(behind);
    EXPECT_EQ(crowds.entries_from(behind), 0);  // It is remembered.
}

// Once each beginning was remembered until the next fan-out, with all crowds behind it.
Test(crowd, few_beginnings_are_remembered_however_many_there_are) {
    Told told;
    std::vector<Position> beginnings;
    for (std::size_t i = 0; i < 4 * kCrowdBeginningsMax; ++i) {
        beginnings.push_back(told.log.head());
        told.comes("alice");
        told.comes("bob");
        told.happens(EntryKind::Say, "bob", "hi");
    }
    Crowds crowds(told.log);
    crowds.set_end(told.log.head());
    for (const Position begin : beginnings) {
        EXPECT_LE(crowds.from(begin).crowds.size(), kCrowdsAtOnce);
        EXPECT_LE(crowds.remembered(), kCrowdBeginningsMax);
        EXPECT_EQ(crowds.from(begin).crowds.front().begin, begin);
    }
}

// Everybody counts once and no other entry is touched, in random logs that cross the end of the
// ring.
Test(crowd, nobody_is_lost_and_nobody_counts_twice) {
    Random random(20261124);
    for (int round = 0; round < 200; ++round) {
        Told told;
        for (std::size_t i = random.below(2000); i > 0; --i) {
            const std::string name = "p" + std::to_string(random.below(30));
            switch (random.below(8)) {
                case 0: told.happens(EntryKind::Say, name, "words"); break;
                case 1: told.happens(EntryKind::Refused, name, "x", 1 + random.below(3)); break;
                case 2: told.goes(name, LeaveReason::Lost, 0, random.one_in(9) ? "bye" : ""); break;
                case 3:
                case 4: told.goes(name); break;
                default: told.comes(name);
            }
        }
        Position at = told.log.tail();
        for (const CrowdStretch& stretch : told.crowds()) {
            ASSERT_TRUE(at <= stretch.begin);
            ASSERT_TRUE(stretch.begin < stretch.end);
            ASSERT_TRUE(stretch.end <= told.log.head());
            const Crowd crowd = Told::crowd_in(stretch.frame);
            std::uint32_t entered = 0;
            std::uint32_t left = 0;
            for (at = stretch.begin; at < stretch.end;) {
                const LogEntry entry = told.log.entry_at(at);
                ASSERT_EQ(entry.entry.to, 0);
                ASSERT_TRUE(entry.entry.kind == EntryKind::Join ||
                            entry.entry.kind == EntryKind::Leave);
                ++(entry.entry.kind == EntryKind::Join ? entered : left);
                at = entry.next;
                if (at >= stretch.end) ASSERT_EQ(entry.entry.seq, crowd.last_seq);
            }
            ASSERT_EQ(crowd.entered, entered);
            ASSERT_EQ(crowd.left, left);
        }
    }
}
