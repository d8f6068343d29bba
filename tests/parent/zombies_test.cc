// Specification of parent/zombies: which zombie is collected, and when.
#include "parent/zombies.h"

#include <criterion/criterion.h>

#include "support/death.h"
#include "support/expect.h"

using namespace chatd;

TestSuite(zombies, .timeout = 20);

namespace {

constexpr Moment kStart{1000s};

Zombies full() {
    Zombies zombies(60s);
    for (std::size_t i = 0; i < kZombiesMax; ++i) zombies.add(static_cast<pid_t>(i + 1), kStart);
    return zombies;
}

}  // namespace

Test(zombies, without_a_delay_none_is_wanted) {
    EXPECT_FALSE(Zombies(0s).are_wanted());
    EXPECT_TRUE(Zombies(1s).are_wanted());
}

Test(zombies, each_is_left_for_the_delay_and_not_longer) {
    Zombies zombies(60s);
    EXPECT_FALSE(zombies.wake_at().has_value());
    zombies.add(11, kStart);
    zombies.add(12, kStart + 10s);
    EXPECT_TRUE(zombies.wake_at() == Deadline(kStart + 60s));
    EXPECT_FALSE(zombies.take_due(kStart + 60s - 1ns).has_value());
    EXPECT_EQ(zombies.take_due(kStart + 60s), 11);
    EXPECT_FALSE(zombies.take_due(kStart + 60s).has_value());
    EXPECT_TRUE(zombies.wake_at() == Deadline(kStart + 70s));
    EXPECT_EQ(zombies.take_due(kStart + 70s), 12);
    EXPECT_FALSE(zombies.wake_at().has_value());
}

Test(zombies, one_is_known_until_it_is_taken) {
    Zombies zombies(60s);
    zombies.add(11, kStart);
    EXPECT_TRUE(zombies.contains(11));
    EXPECT_FALSE(zombies.contains(12));
    EXPECT_EQ(zombies.take_due(kStart + 60s), 11);
    EXPECT_FALSE(zombies.contains(11));
}

Test(zombies, of_too_many_the_oldest_is_due_at_once) {
    Zombies zombies = full();
    EXPECT_FALSE(zombies.take_due(kStart).has_value());
    zombies.add(4711, kStart);
    EXPECT_EQ(zombies.take_due(kStart), 1);
    EXPECT_FALSE(zombies.take_due(kStart).has_value());
    EXPECT_TRUE(zombies.contains(4711));
}

Test(zombies, at_the_end_of_time_all_are_due) {
    Zombies zombies = full();
    std::size_t taken = 0;
    while (zombies.take_due(Moment::max())) ++taken;
    EXPECT_EQ(taken, kZombiesMax);
}

Test(zombies, one_more_than_too_many_is_a_bug) {
    EXPECT_TRUE(test::aborts([] {
        Zombies zombies = full();
        zombies.add(4711, kStart);
        zombies.add(4712, kStart);
    }));
}
