// Specification of base/rate_limiter: a burst at once, then an even rate.
#include "base/rate_limiter.h"

#include <criterion/criterion.h>

#include "support/expect.h"

using namespace chatd;
using namespace std::chrono_literals;

namespace {

constexpr Moment kBegin = Moment(1000s);

// How many actions are allowed at once.
int burst_at(RateLimiter& pace, Moment now, int at_most) {
    int done = 0;
    for (; done < at_most && pace.allows(now); ++done) pace.spend(now);
    return done;
}

}  // namespace

Test(rate_limiter, a_burst_may_come_at_once) {
    RateLimiter pace({10, 20});
    EXPECT_EQ(burst_at(pace, kBegin, 1000), 20);
}

Test(rate_limiter, after_the_burst_actions_are_allowed_one_by_one_in_even_steps) {
    RateLimiter pace({10, 20});
    (void)burst_at(pace, kBegin, 1000);
    EXPECT_FALSE(pace.allows(kBegin + 99ms));
    EXPECT_TRUE(pace.next() == kBegin + 100ms);
    EXPECT_EQ(burst_at(pace, kBegin + 100ms, 1000), 1);
    EXPECT_TRUE(pace.next() == kBegin + 200ms);
}

Test(rate_limiter, time_gives_back_what_was_spent_and_no_more) {
    RateLimiter pace({10, 20});
    (void)burst_at(pace, kBegin, 1000);
    EXPECT_EQ(burst_at(pace, kBegin + 500ms, 1000), 5);
    EXPECT_EQ(burst_at(pace, kBegin + 1h, 1000), 20);
}

Test(rate_limiter, the_limiter_is_rested_when_a_whole_burst_is_allowed_again) {
    RateLimiter pace({10, 20});
    EXPECT_TRUE(pace.rested(kBegin));
    (void)burst_at(pace, kBegin, 1000);
    EXPECT_FALSE(pace.rested(kBegin + 1999ms));
    EXPECT_TRUE(pace.rested(kBegin + 2s));
}

Test(rate_limiter, a_burst_of_one_is_an_even_rate) {
    RateLimiter pace({4, 1});
    EXPECT_EQ(burst_at(pace, kBegin, 1000), 1);
    EXPECT_TRUE(pace.next() == kBegin + 250ms);
}

Test(rate_limiter, without_a_rate_there_is_no_limit) {
    RateLimiter pace({0, 1});
    EXPECT_EQ(burst_at(pace, kBegin, 100'000), 100'000);
    EXPECT_TRUE(pace.rested(kBegin));
}
