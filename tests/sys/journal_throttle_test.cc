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
std::uint64_t written(JournalThrottle& throttle, const char* kind, std::uint64_t lines,
                      Moment now) {
    std::uint64_t allowed = 0;
    for (std::uint64_t i = 0; i < lines; ++i) allowed += throttle.allows(kind, now) ? 1 : 0;
    return allowed;
}

}  // namespace

Test(journal_throttle, a_burst_is_written_and_what_is_more_is_counted) {
    JournalThrottle throttle;
    EXPECT_EQ(written(throttle, kConnected, kJournalLinesAtOnce, Moment()), kJournalLinesAtOnce);
    EXPECT_FALSE(throttle.left_out().has_value());
    EXPECT_EQ(written(throttle, kConnected, 5, Moment()), 0);
    ASSERT_TRUE(throttle.left_out().has_value());
    EXPECT_TRUE(throttle.left_out()->kind == kConnected);
    EXPECT_EQ(throttle.left_out()->lines, 5);
}

Test(journal_throttle, so_many_lines_a_second_are_written_however_long_it_lasts) {
    JournalThrottle throttle;
    (void)written(throttle, kConnected, kJournalLinesAtOnce, Moment());
    std::uint64_t lines = 0;
    for (auto time = 0ms; time <= 60s; time += 1ms) {
        lines += written(throttle, kConnected, 3, Moment() + time);
    }
    EXPECT_EQ(lines, 60 * kJournalLinesPerSecond);
    EXPECT_EQ(throttle.left_out()->lines, 3 * 60'001 - lines);
}

Test(journal_throttle, one_kind_does_not_cost_another_anything) {
    JournalThrottle throttle;
    (void)written(throttle, kConnected, 1'000, Moment());
    EXPECT_EQ(written(throttle, kEnded, 1'000, Moment()), kJournalLinesAtOnce);
}

Test(journal_throttle, a_count_is_reported_in_time_and_once) {
    JournalThrottle throttle;
    EXPECT_FALSE(throttle.wake_at().has_value());
    (void)written(throttle, kConnected, kJournalLinesAtOnce, Moment() + 1s);
    EXPECT_FALSE(throttle.wake_at().has_value());
    (void)written(throttle, kConnected, 1, Moment() + 1s);
    (void)written(throttle, kConnected, 1, Moment() + 1010ms);
    EXPECT_TRUE(throttle.wake_at() == Moment() + 1s + kLeftOutTold);
    throttle.postpone(Moment() + 4s);
    EXPECT_TRUE(throttle.wake_at() == Moment() + 4s + kLeftOutTold);
    throttle.reported(kConnected);
    EXPECT_FALSE(throttle.wake_at().has_value());
    EXPECT_FALSE(throttle.left_out().has_value());
}

Test(journal_throttle, each_kind_has_its_count) {
    JournalThrottle throttle;
    (void)written(throttle, kConnected, kJournalLinesAtOnce + 3, Moment());
    (void)written(throttle, kEnded, kJournalLinesAtOnce + 4, Moment());
    std::uint64_t lines = 0;
    for (int kinds = 0; kinds < 2; ++kinds) {
        ASSERT_TRUE(throttle.left_out().has_value() && throttle.wake_at().has_value());
        lines += throttle.left_out()->lines;
        throttle.reported(throttle.left_out()->kind);
    }
    EXPECT_EQ(lines, 7);
    EXPECT_FALSE(throttle.wake_at().has_value());
}

Test(journal_throttle, any_number_of_kinds_may_come_one_after_the_other) {
    JournalThrottle throttle;
    const std::vector<std::string> kinds(10 * kThrottledKindsMax, "a kind");
    Moment now;
    for (const std::string& kind : kinds) {
        EXPECT_EQ(written(throttle, kind.c_str(), 1'000, now), kJournalLinesAtOnce);
        throttle.reported(kind.c_str());
        now += 1min;
    }
}

Test(journal_throttle, with_too_many_kinds_at_once_no_line_is_lost_uncounted) {
    JournalThrottle throttle;
    const std::vector<std::string> kinds(kThrottledKindsMax, "a kind");
    for (const std::string& kind : kinds) (void)written(throttle, kind.c_str(), 1'000, Moment());
    EXPECT_EQ(written(throttle, kConnected, 1'000, Moment()), 1'000);
    for (const std::string& kind : kinds) {
        EXPECT_EQ(throttle.left_out()->lines, 1'000 - kJournalLinesAtOnce);
        EXPECT_TRUE(throttle.left_out()->kind == kind.c_str());
        throttle.reported(kind.c_str());
    }
    EXPECT_FALSE(throttle.left_out().has_value());
}

Test(journal_throttle, a_kind_is_put_in_words) {
    EXPECT_EQ(kind_in_words(kConnected), "… connected, pid …");
    EXPECT_EQ(kind_in_words(kEnded), "… ended, pid …: …, after … s");
    EXPECT_EQ(kind_in_words("the last %llu bytes"), "the last … bytes");
    EXPECT_EQ(kind_in_words("clients: %zu"), "clients: …");
    EXPECT_EQ(kind_in_words("100 %% of %-5d"), "100 % of …");
    EXPECT_EQ(kind_in_words("somebody else connected"), "somebody else connected");
    EXPECT_EQ(kind_in_words(""), "");
    EXPECT_EQ(kind_in_words("%"), "%");
}
