// Specification of base/shared_budget: a burst at once, then even turns for all who share it.
#include "base/shared_budget.h"

#include <criterion/criterion.h>

#include <cstdint>

#include "support/expect.h"

using namespace chatd;
using namespace std::chrono_literals;

namespace {

constexpr Moment kNow = Moment(1000s);
constexpr Rate kRate = {.per_second = 10, .burst = 5};

}  // namespace

Test(shared_budget, without_one_nobody_waits) {
    SharedBudget budget;
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(budget.take(1000, kNow) == kNow);
}

Test(shared_budget, after_a_burst_turns_come_in_even_steps_whoever_takes_them) {
    SharedBudget::Spent spent{0};
    SharedBudget alice(&spent, kRate);
    SharedBudget bob(&spent, kRate);
    for (int i = 0; i < 5; ++i) EXPECT_LE((i % 2 == 0 ? alice : bob).take(1, kNow), kNow);
    EXPECT_TRUE(alice.take(1, kNow) == kNow + 100ms);
    EXPECT_TRUE(bob.take(1, kNow) == kNow + 200ms);
    EXPECT_TRUE(alice.take(1, kNow + 150ms) == kNow + 300ms);
}

Test(shared_budget, many_units_are_paid_by_the_next_turn) {
    SharedBudget::Spent spent{0};
    SharedBudget budget(&spent, kRate);
    EXPECT_LE(budget.take(25, kNow), kNow);
    EXPECT_TRUE(budget.take(1, kNow) == kNow + 2100ms);
}

Test(shared_budget, time_gives_back_a_burst_and_no_more) {
    SharedBudget::Spent spent{0};
    SharedBudget budget(&spent, kRate);
    (void)budget.take(5, kNow);
    const Moment later = kNow + 1h;
    for (int i = 0; i < 5; ++i) EXPECT_LE(budget.take(1, later), later);
    EXPECT_TRUE(budget.take(1, later) == later + 100ms);
}

// A worker that was taken over may write anything.
Test(shared_budget, any_number_in_the_memory_makes_nobody_wait_for_ever) {
    for (const std::int64_t number : {INT64_MIN, std::int64_t{-1}, INT64_MAX}) {
        SharedBudget::Spent spent{number};
        SharedBudget budget(&spent, kRate);
        EXPECT_LE(budget.take(1, kNow), kNow + kSharedWaitMax);
        EXPECT_LE(budget.take(1, kNow), kNow + kSharedWaitMax);
    }
}
