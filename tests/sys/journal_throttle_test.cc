// Specification of sys/journal_throttle: lines of the journal that come too often.
#include "sys/journal_throttle.h"

#include <criterion/criterion.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bounds.h"
#include "support/expect.h"

using namespace chatd;
using namespace std::chrono_literals;

namespace {

constexpr const char* kConnected = "%s connected, pid %d";
constexpr const char* kEnded = "%s ended, pid %d: %s, after %.1f s";

// How many of so many lines that come at once are written.
std::uint64_t written(JournalThrottle& flood, const char* kind, std::uint64_t lines, Moment now) {
    std::uint64_t allowed = 0;
    for (std::uint64_t i = 0; i < lines; ++i) allowed += flood.allows(kind, now) ? 1 : 0;
    return allowed;
}

}  // namespace

Test(flood, a_burst_is_written_and_what_is_more_is_counted) {
    JournalThrottle flood;
    EXPECT_EQ(written(flood, kConnected, kJournalLinesAtOnce, Moment()), kJournalLinesAtOnce);
    EXPECT_FALSE(flood.left_out().has_value());
    EXPECT_EQ(written(flood, kConnected, 5, Moment()), 0);
    ASSERT_TRUE(flood.left_out().has_value());
    EXPECT_TRUE(flood.left_out()->kind == kConnected);
    EXPECT_EQ(flood.left_out()->lines, 5);
}

Test(flood, so_many_lines_a_second_are_written_however_long_it_lasts) {
    JournalThrottle flood;
    (void)written(flood, kConnected, kJournalLinesAtOnce, Moment());
    std::uint64_t lines = 0;
    for (auto time = 0ms; time <= 60s; time += 1ms) {
        lines += written(flood, kConnected, 3, Moment() + time);
    }
    EXPECT_EQ(lines, 60 * kJournalLinesPerSecond);
    EXPECT_EQ(flood.left_out()->lines, 3 * 60'001 - lines);
}

Test(flood, one_kind_does_not_cost_another_anything) {
    JournalThrottle flood;
    (void)written(flood, kConnected, 1'000, Moment());
    EXPECT_EQ(written(flood, kEnded, 1'000, Moment()), kJournalLinesAtOnce);
}

Test(flood, a_count_is_told_in_time_and_once) {
    JournalThrottle flood;
    EXPECT_FALSE(flood.wake_at().has_value());
    (void)written(flood, kConnected, kJournalLinesAtOnce, Moment() + 1s);
    EXPECT_FALSE(flood.wake_at().has_value());
    (void)written(flood, kConnected, 1, Moment() + 1s);
    (void)written(flood, kConnected, 1, Moment() + 1010ms);
    EXPECT_TRUE(flood.wake_at() == Moment() + 1s + kLeftOutTold);
    flood.postpone(Moment() + 4s);
    EXPECT_TRUE(flood.wake_at() == Moment() + 4s + kLeftOutTold);
    flood.told(kConnected);
    EXPECT_FALSE(flood.wake_at().has_value());
    EXPECT_FALSE(flood.left_out().has_value());
}

Test(flood, each_kind_has_its_count) {
    JournalThrottle flood;
    (void)written(flood, kConnected, kJournalLinesAtOnce + 3, Moment());
    (void)written(flood, kEnded, kJournalLinesAtOnce + 4, Moment());
    std::uint64_t lines = 0;
    for (int kinds = 0; kinds < 2; ++kinds) {
        ASSERT_TRUE(flood.left_out().has_value() && flood.wake_at().has_value());
        lines += flood.left_out()->lines;
        flood.told(flood.left_out()->kind);
    }
    EXPECT_EQ(lines, 7);
    EXPECT_FALSE(flood.wake_at().has_value());
}

Test(flood, any_number_of_kinds_may_come_one_after_the_other) {
    JournalThrottle flood;
    const std::vector<std::string> kinds(10 * kThrottledKindsMax, "a kind");
    Moment now;
    for (const std::string& kind : kinds) {
        EXPECT_EQ(written(flood, kind.c_str(), 1'000, now), kJournalLinesAtOnce);
        flood.told(kind.c_str());
        now += 1min;
    }
}

Test(flood, with_too_many_kinds_at_once_no_line_is_lost_uncounted) {
    JournalThrottle flood;
    const std::vector<std::string> kinds(kThrottledKindsMax, "a kind");
    for (const std::string& kind : kinds) (void)written(flood, kind.c_str(), 1'000, Moment());
    EXPECT_EQ(written(flood, kConnected, 1'000, Moment()), 1'000);
    for (const std::string& kind : kinds) {
        EXPECT_EQ(flood.left_out()->lines, 1'000 - kJournalLinesAtOnce);
        EXPECT_TRUE(flood.left_out()->kind == kind.c_str());
        flood.told(kind.c_str());
    }
    EXPECT_FALSE(flood.left_out().has_value());
}

Test(flood, a_kind_is_told_in_words) {
    EXPECT_EQ(words_of(kConnected), "… connected, pid …");
    EXPECT_EQ(words_of(kEnded), "… ended, pid …: …, after … s");
    EXPECT_EQ(words_of("the last %llu bytes"), "the last … bytes");
    EXPECT_EQ(words_of("clients: %zu"), "clients: …");
    EXPECT_EQ(words_of("100 %% of %-5d"), "100 % of …");
    EXPECT_EQ(words_of("somebody else connected"), "somebody else connected");
    EXPECT_EQ(words_of(""), "");
    EXPECT_EQ(words_of("%"), "%");
}
