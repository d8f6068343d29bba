// Specification of log/reader: what a worker gets of the log, however slowly it reads.

#include "log/reader.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "log/log.h"
#include "protocol/frame.h"
#include "support/expect.h"
#include "support/frames.h"
#include "support/log_story.h"
#include "support/random.h"
#include "support/where.h"

using namespace chatd;
using chatd::test::frame_of;
using chatd::test::framed;
using chatd::test::Random;

namespace {

constexpr std::uint64_t kMe = 1;
constexpr std::uint64_t kBob = 2;
constexpr std::uint64_t kEve = 3;
constexpr std::uint64_t kMyCounter = 42;
constexpr std::int64_t kNowMs = 1700488979000;

// A log, the reader of one member, and a pipe to its worker that takes little at once.
class Line {
  public:
    explicit Line(bool has_archive = false, std::size_t ring_bytes = kHistoryBytesMin)
        : memory_({ring_bytes, has_archive}), log(memory_.bytes()) {}

  private:
    // Takes what the pipe still holds.
    std::optional<std::size_t> send(std::span<const Piece> pieces) {
        if (hung_up_) return std::nullopt;
        const std::size_t before = pipe_.size();
        for (const Piece& piece : pieces) {
            pipe_.append(piece.bytes.substr(0, kPipeBytes - pipe_.size()));
        }
        return pipe_.size() - before;
    }

    static constexpr std::size_t kPipeBytes = 4096;

    test::Memory memory_;
    std::string pipe_;  // sent and not read
    std::string unread_;
    bool hung_up_ = false;

  public:
    Log log;
    Crowds crowds{log};
    LogReader reader;
    std::vector<std::string> told;  // all entries there ever were

    const std::string& append(EntryKind kind, std::string_view text, std::uint64_t from = kBob,
                              std::uint64_t to = 0) {
        Entry entry{};
        entry.kind = kind;
        entry.from = from;
        entry.to = to;
        told.emplace_back(log.append(entry, "bob", text).frame.bytes);
        return told.back();
    }

    const std::string& say(std::string_view text) { return append(EntryKind::Say, text); }

    void start(Position position, std::uint64_t messages) {
        reader.start(log, kMe, position, messages, {});
    }
    void start_at_head() { start(log.head(), log.messages()); }

    bool flush() { return flush(log.head(), {"alice", kMyCounter}); }
    bool flush(Position end, const LogReader::Standing& standing) {
        crowds.set_end(end);
        return reader.flush(log, crowds, standing,
                            [this](std::span<const Piece> pieces) { return send(pieces); });
    }

    // Fills the pipe until it does not take even the smallest frame.
    void fill_up() {
        std::string filler;
        append_frame(filler, Done{});
        while (pipe_.size() + filler.size() <= kPipeBytes) pipe_ += filler;
    }

    // The worker reads so many bytes, if there are as many.
    void read(std::size_t bytes) {
        unread_ += pipe_.substr(0, bytes);
        pipe_.erase(0, bytes);
    }

    // Whole frames that the worker has read.
    std::vector<std::string> frames(test::Where where = test::Where::here()) {
        const test::Caller caller(where);
        std::vector<std::string> found;
        std::string_view rest = unread_;
        Frame frame{};
        FrameStatus status;
        while ((status = take_frame(rest, frame)) == FrameStatus::Whole) {
            found.emplace_back(frame.bytes);
        }
        ASSERT_EQ(status, FrameStatus::Partial);
        unread_.erase(0, unread_.size() - rest.size());
        return found;
    }

    // Reads until there is no more; then no frame may be left half.
    std::vector<std::string> read_all(test::Where where = test::Where::here()) {
        const test::Caller caller(where);
        do {
            ASSERT_TRUE(flush());
            read(kPipeBytes);
        } while (reader.is_behind(log.head()) || reader.is_blocked());
        std::vector<std::string> found = frames();
        ASSERT_EQ(unread_, "");
        return found;
    }

    void hang_up() { hung_up_ = true; }
};

using Frames = std::vector<std::string>;

}  // namespace

TestSuite(reader, .timeout = 20);

// --- Live

Test(reader, a_reader_gets_what_happens_after_its_start) {
    Line line;
    line.say("before");
    line.start_at_head();
    EXPECT_FALSE(line.reader.is_behind(line.log.head()));
    const std::string first = line.say("first");
    const std::string second = line.say("second");
    EXPECT_TRUE(line.reader.is_behind(line.log.head()));
    EXPECT_EQ(line.read_all(), (Frames{first, second}));
    EXPECT_FALSE(line.reader.is_behind(line.log.head()));
    EXPECT_EQ(line.read_all(), Frames{});
}

Test(reader, a_reader_gets_what_is_for_it_and_its_own) {
    Line line;
    line.start_at_head();
    const std::string to_me = line.append(EntryKind::Tell, "to me", kBob, kMe);
    line.append(EntryKind::Tell, "to another", kBob, kEve);
    const std::string mine = line.append(EntryKind::Tell, "mine", kMe, kEve);
    EXPECT_EQ(line.read_all(), (Frames{to_me, mine}));
}

Test(reader, a_link_that_is_not_attached_gets_nothing_of_the_log) {
    Line line;
    line.say("hello");
    EXPECT_FALSE(line.reader.is_behind(line.log.head()));
    append_frame(line.reader.replies, Denied{Refusal::NameTaken});
    EXPECT_TRUE(line.reader.is_behind(line.log.head()));
    EXPECT_EQ(line.read_all(), Frames{framed(Denied{Refusal::NameTaken})});
}

Test(reader, replies_come_before_the_log) {
    Line line;
    line.start_at_head();
    const std::string hello = line.say("hello");
    append_frame(line.reader.replies, Done{1});
    EXPECT_EQ(line.read_all(), (Frames{framed(Done{1}), hello}));
}

Test(reader, a_frame_larger_than_the_kernel_takes_arrives_whole) {
    Line line;
    line.start_at_head();
    Frames expected;
    for (int i = 0; i < 4; ++i) expected.push_back(line.say(std::string(kTextBytesMax, 'x')));
    EXPECT_TRUE(line.flush());
    EXPECT_TRUE(line.reader.is_blocked());
    EXPECT_EQ(line.read_all(), expected);
    EXPECT_FALSE(line.reader.is_blocked());
}

Test(reader, a_reply_that_comes_while_a_frame_is_half_sent_waits_for_its_end) {
    Line line;
    line.start_at_head();
    const std::string first = line.say(std::string(kTextBytesMax, 'x'));
    const std::string second = line.say("second");
    EXPECT_TRUE(line.flush());
    EXPECT_TRUE(line.reader.is_blocked());
    append_frame(line.reader.replies, Done{1});
    EXPECT_EQ(line.read_all(), (Frames{first, framed(Done{1}), second}));
}

Test(reader, a_frame_that_is_half_sent_is_finished_even_when_the_log_has_let_it_go) {
    Line line;
    line.start_at_head();
    const std::string first = line.say(std::string(kTextBytesMax, 'x'));
    EXPECT_TRUE(line.flush());
    EXPECT_TRUE(line.reader.is_blocked());
    while (line.log.tail() == 0) line.say("flood");
    EXPECT_EQ(line.read_all().at(0), first);
}

// --- Overtaken

Test(reader, a_reader_that_was_overtaken_is_told_how_many_messages_it_missed_and_goes_on) {
    Line line;
    line.start_at_head();
    const std::string first = line.say("first");
    EXPECT_TRUE(line.flush());
    while (line.log.tail() < 3 * kHistoryBytesMin) {
        line.say(std::string(500, 'x'));
        line.append(EntryKind::Tell, "not counted", kBob, kEve);
        line.append(EntryKind::Join, {}, kBob);
    }
    const Frames got = line.read_all();
    EXPECT_EQ(got.at(0), first);
    const Frame gap = frame_of(got.at(1));
    EXPECT_EQ(gap.type, FrameType::Gap);
    EXPECT_EQ(gap.name, "alice");
    EXPECT_EQ(gap.as<Gap>().acked, kMyCounter);
    EXPECT_EQ(gap.as<Gap>().messages, line.log.messages_before(line.log.tail()) - 1);
    // The entries follow from the oldest one that is left, without another gap.
    std::uint64_t seq = line.log.entry_at(line.log.tail()).entry.seq;
    for (std::size_t i = 2; i < got.size(); ++seq) {
        const auto entry = frame_of(line.told[seq - 1]).as<Entry>();
        if (is_for(entry, kMe)) EXPECT_EQ(got[i++], line.told[seq - 1]);
    }
    EXPECT_EQ(seq, line.log.next_seq());
}

Test(reader, a_reader_that_is_overtaken_twice_before_it_reads_misses_each_message_once) {
    Line line;
    line.start_at_head();
    line.fill_up();
    std::uint64_t missed = 0;
    for (const Position tail : {kHistoryBytesMin, 3 * kHistoryBytesMin}) {
        while (line.log.tail() < tail) line.say(std::string(500, 'x'));
        EXPECT_TRUE(line.flush());
        EXPECT_TRUE(line.reader.is_blocked());
    }
    for (const std::string& bytes : line.read_all()) {
        const Frame frame = frame_of(bytes);
        if (frame.type == FrameType::Gap) missed += frame.as<Gap>().messages;
        if (frame.type == FrameType::Entry) ASSERT_EQ(frame.as<Entry>().messages, ++missed);
    }
    EXPECT_EQ(missed, line.log.messages());
}

Test(reader, each_message_is_counted_once_as_delivered_or_as_skipped) {
    Line line;
    line.say("before it came");
    line.start_at_head();
    for (int i = 0; i < 5; ++i) line.say("read");
    line.append(EntryKind::Tell, "not counted", kBob, kMe);
    line.append(EntryKind::Join, {}, kBob);
    (void)line.read_all();
    EXPECT_EQ(line.reader.delivered, 5);
    EXPECT_EQ(line.reader.skipped, 0);
    line.fill_up();
    while (line.log.tail() < 2 * kHistoryBytesMin) line.say(std::string(500, 'x'));
    std::uint64_t missed = 0;
    std::uint64_t came = 5;
    for (const std::string& bytes : line.read_all()) {
        const Frame frame = frame_of(bytes);
        if (frame.type == FrameType::Gap) missed += frame.as<Gap>().messages;
        if (frame.type == FrameType::Entry) ++came;
    }
    EXPECT_GT(missed, 0);
    EXPECT_EQ(line.reader.skipped, missed);
    EXPECT_EQ(line.reader.delivered, came);
    EXPECT_EQ(missed + came + 1, line.log.messages());
}

Test(reader, a_gap_without_messages_still_says_how_the_member_stands) {
    Line line;
    line.start_at_head();
    while (line.log.tail() == 0) line.append(EntryKind::Join, {}, kBob);
    const Frames got = line.read_all();
    EXPECT_EQ(got.at(0), framed(Gap{.messages = 0, .acked = kMyCounter}, "alice"));
}

Test(reader, who_comes_back_after_the_log_went_on_without_it_is_told_what_it_missed) {
    Line line;
    for (int i = 0; i < 1000; ++i) line.say(std::string(500, 'x'));
    const Position oldest = line.log.after_seq(3);
    const std::uint64_t missed = line.log.messages_before(oldest) - 3;
    line.start(oldest, 3);
    const Frames got = line.read_all();
    EXPECT_EQ(got.at(0), framed(Gap{.messages = missed, .acked = 0}));
    EXPECT_EQ(frame_of(got.at(1)).as<Entry>().messages, 3 + missed + 1);
}

Test(reader, who_comes_back_in_time_has_missed_nothing) {
    Line line;
    line.say("seen");
    const std::string unseen = line.say("unseen");
    line.start(line.log.after_seq(1), 1);
    EXPECT_EQ(line.read_all(), Frames{unseen});
}

Test(reader, what_may_not_be_sent_yet_stays) {
    Line line;
    line.start_at_head();
    const std::string first = line.say("on the disk");
    const Position on_the_disk = line.log.head();
    const std::string second = line.say("not yet");
    EXPECT_TRUE(line.flush(on_the_disk, {}));
    line.read(SIZE_MAX);
    EXPECT_EQ(line.frames(), Frames{first});
    EXPECT_FALSE(line.reader.is_behind(on_the_disk));
    EXPECT_EQ(line.read_all(), Frames{second});
}

Test(reader, who_has_seen_more_than_is_left_of_the_log_goes_on_from_its_end) {
    Line line;
    line.say("left");
    line.log.continue_after(50);
    line.start(line.log.after_seq(50), 40);
    EXPECT_EQ(line.read_all(), Frames{});
    const std::string next = line.say("next");
    EXPECT_EQ(line.read_all(), Frames{next});
    EXPECT_EQ(frame_of(next).as<Entry>().seq, 51);
}

// --- Replay

Test(reader, a_newcomer_is_shown_the_last_messages_then_what_happens) {
    Line line;
    line.say("too old");
    const std::string first = line.say("first");
    line.append(EntryKind::Join, {}, kBob);
    line.append(EntryKind::Tell, "to another", kBob, kEve);
    const std::string second = line.say("second");
    line.append(EntryKind::Join, {}, kMe);
    line.start_at_head();
    line.reader.replay(line.log, line.log.head(), 2);
    const std::string now = line.say("now");
    EXPECT_TRUE(line.reader.is_behind(line.log.head()));
    EXPECT_EQ(line.read_all(), (Frames{first, second, framed(Done{}), now}));
}

Test(reader, a_newcomer_to_a_room_where_nothing_was_said_is_shown_nothing) {
    Line line;
    line.start_at_head();
    line.reader.replay(line.log, line.log.head(), 10);
    EXPECT_EQ(line.read_all(), Frames{framed(Done{})});
}

// The broker died during the replay, and more was said before the next one came.
Test(reader, a_newcomer_is_shown_the_rest_by_the_next_broker_before_what_was_said_since) {
    Line line;
    const std::string before = line.say("before");
    line.append(EntryKind::Join, {}, kMe);
    const Position came = line.log.head();
    const std::string since = line.say("since");
    line.start(came, line.log.messages_before(came));
    line.reader.replay(line.log, came, 10);
    EXPECT_EQ(line.read_all(), (Frames{before, framed(Done{}), since}));
}

Test(reader, a_replay_larger_than_the_kernel_takes_arrives_whole_before_anything_else) {
    Line line;
    Frames expected;
    for (int i = 0; i < 4; ++i) expected.push_back(line.say(std::string(kTextBytesMax, 'x')));
    line.start_at_head();
    line.reader.replay(line.log, line.log.head(), 10);
    EXPECT_TRUE(line.flush());
    EXPECT_TRUE(line.reader.is_blocked());
    expected.push_back(framed(Done{}));
    expected.push_back(line.say("now"));
    EXPECT_EQ(line.read_all(), expected);
}

Test(reader, a_question_for_the_replayed_is_answered_after_all_that_came_before_it) {
    Line line;
    line.start_at_head();
    Frames expected;
    for (int i = 0; i < 3; ++i) expected.push_back(line.say(std::string(kTextBytesMax, 'x')));
    EXPECT_TRUE(line.flush());
    EXPECT_TRUE(line.reader.is_blocked());
    line.reader.ask_replay(2, kNowMs);
    expected.push_back(line.say("now"));
    Frames got = line.read_all();
    EXPECT_EQ(got.size(), 8);
    EXPECT_EQ(frame_of(got.at(4)).type, FrameType::Replay);
    EXPECT_EQ(frame_of(got.at(4)).as<Replay>().messages, 2);
    got.erase(got.begin() + 4);
    expected.insert(expected.end(), {expected[2], expected[3], framed(Done{})});
    EXPECT_EQ(got, expected);
}

Test(reader, what_lies_far_back_is_looked_up_in_steps_and_shown_before_what_happens) {
    Line line;
    const std::string old = line.say("old");
    for (int i = 0; i < 100; ++i) line.append(EntryKind::Tell, "to another", kBob, kEve);
    line.start_at_head();
    line.reader.ask_replay(2, kNowMs);
    const std::string now = line.say("now");
    int steps = 0;
    do {
        line.reader.entries_left = 10;
        EXPECT_TRUE(line.flush());
        ++steps;
    } while (line.reader.is_walking() && steps < 1000);
    EXPECT_GE(steps, 20);  // back and forth
    line.reader.entries_left = SIZE_MAX;
    Frames got = line.read_all();
    ASSERT_EQ(got.size(), 5U);
    EXPECT_EQ(got[0], now);
    EXPECT_EQ(frame_of(got[1]).as<Replay>().messages, 2);
    got.erase(got.begin(), got.begin() + 2);
    EXPECT_EQ(got, (Frames{old, now, framed(Done{})}));
}

Test(reader, what_the_log_has_let_go_is_replayed_from_its_archive) {
    Line line(true);
    for (int i = 0; i < 3; ++i) line.say("old " + std::to_string(i));
    while (line.log.tail() == 0) line.append(EntryKind::Tell, "to another", kBob, kEve);
    while (line.log.archive()->messages() < 2) {
        line.append(EntryKind::Tell, "to another", kBob, kEve);
    }
    line.append(EntryKind::Tell, "to me", kBob, kMe);
    line.start_at_head();
    line.reader.ask_replay(3, kNowMs);
    int steps = 0;
    do {
        line.reader.entries_left = 100;
        EXPECT_TRUE(line.flush());
    } while (line.reader.is_walking() && ++steps < 1000);
    line.reader.entries_left = SIZE_MAX;
    const Frames got = line.read_all();
    ASSERT_EQ(got.size(), 5U);
    EXPECT_EQ(frame_of(got[0]).as<Replay>().messages, 3);
    EXPECT_EQ(frame_of(got[1]).text, "old 1");
    EXPECT_EQ(frame_of(got[2]).text, "old 2");
    EXPECT_EQ(frame_of(got[3]).text, "to me");
    EXPECT_EQ(got[4], framed(Done{}));
}

Test(reader, a_replay_from_the_archive_is_in_order_and_whole_for_a_slow_reader) {
    Line line(true);
    const std::string most(1000, 'x');
    for (int i = 0; i < 200; ++i) line.say(most + std::to_string(i));
    line.start_at_head();
    line.reader.ask_replay(120, kNowMs);
    const Frames got = line.read_all();
    ASSERT_EQ(got.size(), 122U);
    for (std::size_t i = 0; i < 120; ++i) {
        EXPECT_EQ(frame_of(got[1 + i]).text, most + std::to_string(80 + i));
    }
}

// Once what the log let go meanwhile was left out, though the archive has it.
Test(reader, a_slow_reader_is_shown_all_that_was_found_also_what_has_left_the_log_since) {
    for (const auto& [found, later] : {std::pair(30, 45), std::pair(90, 20)}) {
        Line line(true);
        const std::string most(1000, 'x');
        for (int i = 0; i < 200; ++i) line.say(most + std::to_string(i));
        line.start_at_head();
        line.reader.ask_replay(static_cast<std::uint32_t>(found), kNowMs);
        EXPECT_TRUE(line.flush());  // It is blocked now.
        for (int i = 0; i < later; ++i) line.say(most + "later");
        const Frames got = line.read_all();
        std::size_t at = 0;
        std::vector<std::uint64_t> shown;
        for (; got.at(at) != framed(Done{}); ++at) {
            const Frame frame = frame_of(got[at]);
            if (frame.type != FrameType::Entry) continue;
            const std::uint64_t seq = frame.as<Entry>().seq;
            if (shown.empty() || seq > shown.back()) shown.push_back(seq);
        }
        ASSERT_EQ(shown.size(), static_cast<std::size_t>(found));
        EXPECT_EQ(shown.front(), static_cast<std::uint64_t>(201 - found));
        EXPECT_EQ(shown.back(), 200);
    }
}

// The archive goes on without the slow reader too.
Test(reader, a_replay_that_the_archive_lets_go_while_it_is_sent_still_ends) {
    Line line(true);
    while (line.log.archive()->tail() == 0) line.say(std::string(1000, 'x'));
    line.start_at_head();
    line.reader.ask_replay(1000, kNowMs);
    EXPECT_TRUE(line.flush());
    for (int i = 0; i < 300; ++i) line.say(std::string(1000, 'y'));
    const Frames got = line.read_all();
    EXPECT_EQ(frame_of(got.front()).type, FrameType::Replay);
    EXPECT_EQ(std::ranges::count(got, framed(Done{})), 1);
}

// A worker that was taken over can resume anywhere, again and again.
Test(reader, crowds_all_over_a_large_log_are_looked_for_in_steps) {
    Line line(false, 2 * kHistoryBytes);
    constexpr int kPeople = 3 * kCrowdEntriesAtOnce;
    for (int i = 0; i < kPeople; ++i) line.append(EntryKind::Join, {}, 10 + i);
    line.reader.take_crowds();
    line.start(line.log.tail(), 0);
    line.crowds.note_fan_out(line.log.head());
    line.reader.entries_left = kEntriesAtOnce;
    EXPECT_TRUE(line.flush());
    EXPECT_TRUE(line.reader.is_walking());
    line.read(SIZE_MAX);
    EXPECT_EQ(line.frames().size(), 0);  // Not even the first step is for nothing.
    std::size_t turns = 0;
    for (; line.reader.is_walking(); ++turns) {
        line.reader.entries_left = kEntriesPerTurn;
        EXPECT_TRUE(line.flush());
    }
    EXPECT_EQ(turns, 2);
    int people = 0;
    for (const std::string& frame : line.read_all()) {
        people += frame_of(frame).type == FrameType::Crowd
                      ? static_cast<int>(frame_of(frame).as<Crowd>().entered)
                      : 1;
    }
    EXPECT_EQ(people, kPeople);
}

// Nobody of ten thousand waits for a turn of its own when a crowd comes in between two fan-outs.
Test(reader, a_crowd_since_the_last_fan_out_is_sent_at_once_however_large) {
    Line line(false, kHistoryBytes);
    line.reader.take_crowds();
    line.start_at_head();
    line.crowds.note_fan_out(line.log.head());
    for (std::size_t i = 0; i < kCrowdPeopleMax; ++i) line.append(EntryKind::Join, {}, 10 + i);
    line.reader.entries_left = 0;
    EXPECT_TRUE(line.flush());
    EXPECT_FALSE(line.reader.is_walking());
    EXPECT_EQ(line.read_all().size(), 1);
}

Test(reader, a_replay_without_messages_is_answered_too) {
    Line line;
    line.append(EntryKind::Join, {}, kMe);
    line.start_at_head();
    line.reader.ask_replay(10, kNowMs);
    EXPECT_TRUE(line.reader.is_behind(line.log.head()));
    const Frames got = line.read_all();
    EXPECT_EQ(got.size(), 2);
    EXPECT_EQ(frame_of(got.at(0)).as<Replay>().messages, 0);
    EXPECT_EQ(got.at(1), framed(Done{}));
}

Test(reader, a_replay_that_the_log_lets_go_while_it_is_sent_still_ends) {
    Line line;
    while (line.log.tail() == 0) line.say(std::string(1000, 'x'));
    line.start_at_head();
    line.reader.ask_replay(1000, kNowMs);
    EXPECT_TRUE(line.flush());
    EXPECT_TRUE(line.reader.is_blocked());
    while (line.log.tail() < 3 * kHistoryBytesMin) line.say(std::string(1000, 'y'));
    const Frames got = line.read_all();
    EXPECT_EQ(frame_of(got.at(0)).type, FrameType::Replay);
    const auto done = std::ranges::find(got, framed(Done{}));
    EXPECT_EQ(std::ranges::count(got, framed(Done{})), 1);
    EXPECT_EQ(frame_of(*(done + 1)).type, FrameType::Gap);
    EXPECT_EQ(got.back(), line.told.back());
}

// --- The property

namespace {

// A worker that compares each frame it gets with the log: order, gaps and replays must be right.
class Witness {
  public:
    explicit Witness(const Line& line) : line_(line) {}

    bool waits_for_replay = false;

    void take(std::string_view bytes) {
        const Frame frame = frame_of(bytes);
        switch (frame.type) {
            case FrameType::Gap:
                ASSERT_FALSE(in_replay_);
                ASSERT_EQ(frame.name, "alice");
                messages_ += frame.as<Gap>().messages;
                after_gap_ = true;
                ++gaps;
                return;
            case FrameType::Replay:
                ASSERT_TRUE(waits_for_replay && !in_replay_);
                in_replay_ = true;
                promised_ = frame.as<Replay>().messages;
                replayed_.clear();
                return;
            case FrameType::Done: return end_replay();
            default: break;
        }
        ASSERT_EQ(frame.type, FrameType::Entry);
        const auto entry = frame.as<Entry>();
        ASSERT_EQ(bytes, line_.told.at(entry.seq - 1));
        in_replay_ ? take_replayed(entry) : take_live(entry);
    }

    std::size_t gaps = 0;
    std::size_t replays = 0;  // in full
    std::size_t entries = 0;
    [[nodiscard]] std::uint64_t messages() const { return messages_; }

  private:
    [[nodiscard]] Entry told(std::uint64_t seq) const {
        return frame_of(line_.told.at(seq - 1)).as<Entry>();
    }

    void take_live(const Entry& entry) {
        ASSERT_TRUE(is_for(entry, kMe));
        ASSERT_TRUE(entry.seq > seq_);
        // Without a gap, nothing for this reader may be missing.
        for (std::uint64_t seq = seq_ + 1; seq < entry.seq && !after_gap_; ++seq) {
            ASSERT_FALSE(is_for(told(seq), kMe));
        }
        if (is_message(entry.kind) && entry.to == 0) ++messages_;
        ASSERT_EQ(entry.messages, messages_);
        seq_ = entry.seq;
        after_gap_ = false;
        ++entries;
    }

    void take_replayed(const Entry& entry) {
        ASSERT_TRUE(is_replayed_for(entry, kMe));
        ASSERT_TRUE(entry.seq <= seq_);
        ASSERT_TRUE(replayed_.empty() || entry.seq > replayed_.back());
        replayed_.push_back(entry.seq);
    }

    // No message is missing among the last ones that the reader may see, unless the log let it go
    // while they were sent.
    void end_replay() {
        ASSERT_TRUE(in_replay_);
        in_replay_ = waits_for_replay = false;
        ASSERT_TRUE(replayed_.size() <= promised_);
        if (replayed_.size() < promised_) return;
        ++replays;
        std::size_t found = 0;
        for (std::uint64_t seq = seq_; found < replayed_.size(); --seq) {
            if (is_replayed_for(told(seq), kMe))
                ASSERT_EQ(replayed_[replayed_.size() - ++found], seq);
        }
    }

    const Line& line_;
    std::uint64_t seq_ = 0;
    std::uint64_t messages_ = 0;
    bool after_gap_ = false;
    bool in_replay_ = false;
    std::uint32_t promised_ = 0;
    std::vector<std::uint64_t> replayed_;
};

void append_something(Line& line, Random& random) {
    const auto kind = static_cast<EntryKind>(1 + random.below(6));
    const std::uint64_t to = kind == EntryKind::Tell ? 1 + random.below(3) : 0;
    const std::size_t most = random.one_in(8) ? kTextBytesMax : 200;
    line.append(kind, std::string(random.below(most + 1), 'x'), 1 + random.below(3), to);
}

}  // namespace

Test(reader, whatever_happens_a_reader_gets_everything_in_order_and_once_or_is_told_what_not) {
    std::size_t gaps = 0;
    std::size_t replays = 0;
    for (unsigned seed = 0; seed < 30; ++seed) {
        Line line;
        Random random(seed);
        // The log overtakes the first of these readers seldom, and the last nearly always.
        const std::size_t burst_max = 4 + seed * 4;
        Witness witness(line);
        line.start_at_head();
        for (int i = 0; i < 300; ++i) {
            for (std::size_t burst = random.below(burst_max); burst > 0; --burst) {
                append_something(line, random);
            }
            if (!witness.waits_for_replay && random.one_in(10)) {
                line.reader.ask_replay(static_cast<std::uint32_t>(random.below(30)), kNowMs);
                witness.waits_for_replay = true;
            }
            if (!random.one_in(3)) ASSERT_TRUE(line.flush());
            line.read(1 + random.below(8000));
            for (const std::string& frame : line.frames()) witness.take(frame);
        }
        for (const std::string& frame : line.read_all()) witness.take(frame);
        ASSERT_EQ(witness.messages(), line.log.messages());
        ASSERT_FALSE(witness.waits_for_replay);
        EXPECT_GT(witness.entries, 50);
        gaps += witness.gaps;
        replays += witness.replays;
    }
    EXPECT_GT(gaps, 30);
    EXPECT_GT(replays, 30);
}

// --- A pad between the newcomer and what happened since

Test(reader, a_newcomer_behind_whom_the_ring_ends_gets_nothing_twice) {
    Line line;
    while (kHistoryBytesMin - line.log.head() > 1200) line.say(std::string(1000, 'x'));
    line.append(EntryKind::Join, {}, kMe);
    const std::uint64_t joined = line.log.newest()->entry.seq;
    const std::string since = line.say(std::string(2000, 'y'));
    ASSERT_EQ(line.log.newest()->at, kHistoryBytesMin);
    // Its broker died before it welcomed us; the next one does.
    const Position begin = line.log.after_seq(joined);
    line.start(begin, line.log.messages_before(begin));
    line.reader.replay(line.log, begin, 2);
    const Frames got = line.read_all();
    EXPECT_EQ(got.size(), 4);  // two of the past, Done, and what was said since
    EXPECT_EQ(std::ranges::count(got, since), 1);
}

// --- Crowds ---

namespace {

class CrowdLine : public Line {
  public:
    explicit CrowdLine(bool takes_crowds = true) {
        if (takes_crowds) reader.take_crowds();
    }

    void come(int people) {
        for (; people > 0; --people) append(EntryKind::Join, "");
    }

    // "crowd 3", or what was said.
    std::vector<std::string> read_lines() {
        std::vector<std::string> lines;
        for (const std::string& bytes : read_all()) {
            const Frame frame = frame_of(bytes);
            lines.push_back(
                frame.type == FrameType::Crowd
                    ? "crowd " + std::to_string(frame.as<Crowd>().entered + frame.as<Crowd>().left)
                    : std::string(frame.text));
        }
        return lines;
    }
};

}  // namespace

Test(reader, a_crowd_is_sent_in_the_place_of_those_in_it) {
    CrowdLine line;
    line.start_at_head();
    line.say("before");
    line.come(30);
    line.say("after");
    EXPECT_EQ(line.read_lines(), (Frames{"before", "crowd 30", "after"}));
    line.say("later");
    EXPECT_EQ(line.read_lines(), Frames{"later"});
}

Test(reader, more_crowds_than_are_looked_for_at_once_all_come_in_their_order) {
    CrowdLine line;
    line.start_at_head();
    Frames told;
    for (std::size_t i = 0; i < 2 * kCrowdsAtOnce + 1; ++i) {
        line.come(2);
        line.say("x");
        told.insert(told.end(), {"crowd 2", "x"});
    }
    EXPECT_EQ(line.read_lines(), told);
}

Test(reader, who_began_in_the_midst_of_a_crowd_is_told_of_the_rest_of_it) {
    CrowdLine line;
    line.come(10);
    line.start_at_head();
    line.come(20);
    EXPECT_EQ(line.read_lines(), Frames{"crowd 20"});
}

Test(reader, a_worker_that_knows_no_crowds_gets_everybody) {
    CrowdLine line(false);
    line.start_at_head();
    line.come(3);
    EXPECT_EQ(line.read_all().size(), 3);
}

Test(reader, who_has_left_reads_its_own_leaving) {
    CrowdLine line;
    line.start_at_head();
    line.append(EntryKind::Leave, "", kBob);
    line.append(EntryKind::Leave, "", kEve);
    const std::string own = line.append(EntryKind::Leave, "", kMe);
    EXPECT_TRUE(line.flush(line.log.head(), {{}, kNoLongerMember}));
    line.read(SIZE_MAX);
    const Frames frames = line.frames();
    ASSERT_EQ(frames.size(), 2);
    EXPECT_EQ(frame_of(frames[0]).type, FrameType::Crowd);
    EXPECT_EQ(frames[1], own);
}

Test(reader, a_crowd_that_goes_out_in_part_is_finished) {
    CrowdLine line;
    line.start_at_head();
    line.fill_up();
    line.come(30);
    line.say("after");
    EXPECT_TRUE(line.flush());
    EXPECT_TRUE(line.reader.is_blocked());
    Frames lines;
    for (const std::string& bytes : line.read_all()) {
        const Frame frame = frame_of(bytes);
        if (frame.type == FrameType::Crowd) lines.emplace_back("crowd");
        if (frame.type == FrameType::Entry) lines.emplace_back(frame.text);
    }
    EXPECT_EQ(lines, (Frames{"crowd", "after"}));
}
