// Specification of parent/watchdog: a broker that gets on is left alone, however long it takes; a
// broker that takes no step any more is found.
#include "parent/watchdog.h"

#include <criterion/criterion.h>

#include "support/expect.h"

using namespace chatd;

TestSuite(watchdog, .timeout = 20);

namespace {

constexpr Moment kDue{1000s};

Watchdog asking() {
    Watchdog watchdog;
    watchdog.ask(7, kDue);
    return watchdog;
}

}  // namespace

Test(watchdog, nothing_is_due_until_it_asks_and_when_nobody_is_left_to_answer) {
    EXPECT_FALSE(Watchdog().is_asking());
    Watchdog watchdog = asking();
    EXPECT_TRUE(watchdog.is_asking() && watchdog.due() == Deadline(kDue));
    watchdog.cancel();
    EXPECT_FALSE(watchdog.is_asking() || watchdog.due());
}

Test(watchdog, a_broker_that_has_answered_lives_even_without_a_step) {
    Watchdog watchdog = asking();
    EXPECT_FALSE(watchdog.finds_it_hanging(true, 7, kDue));
    EXPECT_FALSE(watchdog.is_asking());
}

Test(watchdog, a_broker_without_an_answer_and_without_a_step_hangs) {
    Watchdog watchdog = asking();
    EXPECT_TRUE(watchdog.finds_it_hanging(false, 7, kDue));
    EXPECT_FALSE(watchdog.is_asking());
}

// Once a turn that took longer than kBrokerAnswer cost a healthy broker its life.
Test(watchdog, a_broker_in_a_long_turn_is_left_alone_as_long_as_it_takes_steps) {
    Watchdog watchdog = asking();
    Moment now = kDue;
    for (std::uint64_t steps = 8; steps < 100; ++steps, now += kBrokerAnswer) {
        EXPECT_FALSE(watchdog.finds_it_hanging(false, steps, now));
        EXPECT_TRUE(watchdog.due() == Deadline(now + kBrokerAnswer));
    }
    EXPECT_FALSE(watchdog.finds_it_hanging(true, 100, now));
}

Test(watchdog, a_broker_that_stops_in_a_long_turn_is_found) {
    Watchdog watchdog = asking();
    EXPECT_FALSE(watchdog.finds_it_hanging(false, 8, kDue));
    EXPECT_TRUE(watchdog.finds_it_hanging(false, 8, kDue + kBrokerAnswer));
}

// A new broker counts on from what lies in the memory, and that may be damaged.
Test(watchdog, any_other_number_is_a_step) {
    Watchdog watchdog = asking();
    EXPECT_FALSE(watchdog.finds_it_hanging(false, 0, kDue));
}
