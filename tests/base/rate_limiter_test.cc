// Specification of base/rate_limiter: a burst at once, then an even rate.
#include "base/rate_limiter.h"

#include <criterion/criterion.h>

#include "support/expect.h"

using namespace chatd;
using namespace std::chrono_literals;

namespace {

constexpr Moment kBegin = Moment(1000s);

// Counts the actions that are allowed at once.
int burst_at(RateLimiter& limiter, Moment now, int at_most) {
    int done = 0;
    for (; done < at_most && limiter.allows(now); ++done) limiter.spend(now);
    return done;
}

}  // namespace

Test(rate_limiter, a_burst_may_come_at_once) {
    RateLimiter limiter({10, 20});
    EXPECT_EQ(burst_at(limiter, kBegin, 1000), 20);
}

Test(rate_limiter, after_the_burst_actions_are_allowed_one_by_one_in_even_steps) {
    RateLimiter limiter({10, 20});
    (void)burst_at(limiter, kBegin, 1000);
    EXPECT_FALSE(limiter.allows(kBegin + 99ms));
    EXPECT_TRUE(limiter.next() == kBegin + 100ms);
    EXPECT_EQ(burst_at(limiter, kBegin + 100ms, 1000), 1);
    EXPECT_TRUE(limiter.next() == kBegin + 200ms);
}

Test(rate_limiter, time_gives_back_what_was_spent_and_no_more) {
    RateLimiter limiter({10, 20});
    (void)burst_at(limiter, kBegin, 1000);
    EXPECT_EQ(burst_at(limiter, kBegin + 500ms, 1000), 5);
    EXPECT_EQ(burst_at(limiter, kBegin + 1h, 1000), 20);
}

Test(rate_limiter, the_limiter_is_rested_when_a_whole_burst_is_allowed_again) {
    RateLimiter limiter({10, 20});
    EXPECT_TRUE(limiter.rested(kBegin));
    (void)burst_at(limiter, kBegin, 1000);
    EXPECT_FALSE(limiter.rested(kBegin + 1999ms));
    EXPECT_TRUE(limiter.rested(kBegin + 2s));
}

Test(rate_limiter, a_burst_of_one_is_an_even_rate) {
    RateLimiter limiter({4, 1});
    EXPECT_EQ(burst_at(limiter, kBegin, 1000), 1);
    EXPECT_TRUE(limiter.next() == kBegin + 250ms);
}

Test(rate_limiter, without_a_rate_there_is_no_limit) {
    RateLimiter limiter({0, 1});
    EXPECT_EQ(burst_at(limiter, kBegin, 100'000), 100'000);
    EXPECT_TRUE(limiter.rested(kBegin));
}
