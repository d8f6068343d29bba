// Specification of core/sources: how many of each source, and who has to wait.
#include "core/sources.h"

#include <criterion/criterion.h>

#include <string>

#include "bounds.h"
#include "support/expect.h"

using namespace chatd;
using namespace std::chrono_literals;
using Answer = Sources::Answer;

namespace {

constexpr Moment kBegin = Moment(1000s);
constexpr const char* kHere = "192.0.2.7";
constexpr const char* kThere = "2001:db8:0:1::/64";

Sources with_at_most(std::uint32_t per_source_max) {
    return {per_source_max, std::pmr::new_delete_resource()};
}

void come(Sources& sources, const std::string& source) {
    sources.expect(source);
    sources.came(source);
}

// Comes and ends so.
void visit(Sources& sources, const std::string& source, std::chrono::seconds penalty, Moment now) {
    come(sources, source);
    sources.went(source, penalty, now);
}

}  // namespace

Test(sources, each_source_has_room_for_so_many) {
    Sources sources = with_at_most(2);
    come(sources, kHere);
    EXPECT_TRUE(sources.asks(kHere, kBegin) == Answer::Yes);
    come(sources, kHere);
    EXPECT_TRUE(sources.asks(kHere, kBegin) == Answer::TooMany);
    EXPECT_TRUE(sources.asks(kThere, kBegin) == Answer::Yes);
    sources.went(kHere, 0s, kBegin);
    EXPECT_TRUE(sources.asks(kHere, kBegin) == Answer::Yes);
}

Test(sources, without_a_limit_as_many_as_come) {
    Sources sources = with_at_most(0);
    for (int i = 0; i < 100'000; ++i) come(sources, kHere);
    EXPECT_TRUE(sources.asks(kHere, kBegin) == Answer::Yes);
}

Test(sources, who_leaves_as_people_do_is_forgotten) {
    Sources sources = with_at_most(2);
    visit(sources, kHere, 0s, kBegin);
    EXPECT_EQ(sources.size(), 0U);
}

Test(sources, one_mishap_is_no_reason_to_wait) {
    Sources sources = with_at_most(0);
    visit(sources, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(sources.asks(kHere, kBegin) == Answer::Yes);
}

Test(sources, two_crashes_in_a_row_are) {
    Sources sources = with_at_most(0);
    visit(sources, kHere, kPenaltyForCrash, kBegin);
    visit(sources, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(sources.asks(kHere, kBegin) == Answer::Penalised);
    EXPECT_TRUE(sources.waits(kHere, kBegin) == 2 * kPenaltyForCrash);
    EXPECT_TRUE(sources.waits(kHere, kBegin + 500ms) == 2 * kPenaltyForCrash);
    EXPECT_TRUE(sources.asks(kThere, kBegin) == Answer::Yes);
}

Test(sources, a_penalty_once_due_counts_to_its_end) {
    Sources sources = with_at_most(0);
    visit(sources, kHere, kPenaltyForCrash, kBegin);
    visit(sources, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(sources.asks(kHere, kBegin + 20s - 1ms) == Answer::Penalised);
    EXPECT_TRUE(sources.asks(kHere, kBegin + 20s) == Answer::Yes);
    // And the next mishap is the first again.
    visit(sources, kHere, kPenaltyForCrash, kBegin + 20s);
    EXPECT_TRUE(sources.asks(kHere, kBegin + 20s) == Answer::Yes);
}

Test(sources, mishaps_far_apart_do_not_add_up) {
    Sources sources = with_at_most(0);
    for (int i = 0; i < 100; ++i) {
        visit(sources, kHere, kPenaltyForCrash, kBegin + i * kPenaltyForCrash);
        EXPECT_TRUE(sources.asks(kHere, kBegin + i * kPenaltyForCrash) == Answer::Yes);
    }
}

Test(sources, nobody_waits_longer_than_the_longest) {
    Sources sources = with_at_most(0);
    for (int i = 0; i < 1000; ++i) visit(sources, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(sources.waits(kHere, kBegin) == kPenaltyMax);
}

Test(sources, who_is_here_stays_known_when_the_penalty_is_over) {
    Sources sources = with_at_most(1);
    come(sources, kHere);
    visit(sources, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(sources.asks(kHere, kBegin + 1h) == Answer::TooMany);
}

Test(sources, a_flood_from_everywhere_takes_bounded_memory) {
    Sources sources = with_at_most(0);
    for (std::size_t i = 0; i < 2 * kSourcesMax; ++i) {
        visit(sources, "source " + std::to_string(i), kPenaltyForCrash, kBegin);
    }
    EXPECT_EQ(sources.size(), kSourcesMax);
}

Test(sources, when_the_flood_is_over_it_is_forgotten) {
    Sources sources = with_at_most(0);
    for (std::size_t i = 0; i < 2 * kSourcesMax; ++i) {
        visit(sources, "source " + std::to_string(i), kPenaltyForCrash, kBegin);
    }
    visit(sources, kHere, kPenaltyForCrash, kBegin + kPenaltyMax);
    EXPECT_EQ(sources.size(), 0U);
    visit(sources, kHere, kPenaltyForCrash, kBegin + kPenaltyMax);
    EXPECT_EQ(sources.size(), 1U);
}

Test(sources, who_was_expected_and_does_not_come_takes_no_room) {
    Sources sources = with_at_most(1);
    sources.expect(kHere);
    EXPECT_TRUE(sources.asks(kHere, kBegin) == Answer::Yes);
    visit(sources, kHere, 0s, kBegin);
    EXPECT_EQ(sources.size(), 0U);
}

Test(sources, those_who_have_to_wait_are_counted) {
    Sources sources = with_at_most(0);
    EXPECT_EQ(sources.penalised(kBegin), 0U);
    visit(sources, kHere, kPenaltyForCrash, kBegin);  // not enough yet
    EXPECT_EQ(sources.penalised(kBegin), 0U);
    visit(sources, kHere, kPenaltyForCrash, kBegin);
    visit(sources, kThere, kPenaltyMin, kBegin);
    EXPECT_EQ(sources.penalised(kBegin), 2U);
    EXPECT_EQ(sources.penalised(kBegin + kPenaltyMin), 1U);
    EXPECT_EQ(sources.penalised(kBegin + 2 * kPenaltyForCrash), 0U);
}
