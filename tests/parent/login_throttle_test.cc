// Specification of parent/admission: who is turned away while many clients log in.
#include "parent/admission.h"

#include <criterion/criterion.h>

#include "support/expect.h"

using namespace chatd;

TestSuite(login_throttle, .timeout = 20);

namespace {

int turned_away_of_1000(std::uint64_t logins) {
    LoginThrottle throttle(100, 1);
    int count = 0;
    for (int i = 0; i < 1000; ++i) count += throttle.turns_away(logins) ? 1 : 0;
    return count;
}

}  // namespace

Test(login_throttle, turns_away_nobody_up_to_the_limit) {
    EXPECT_EQ(turned_away_of_1000(0), 0);
    EXPECT_EQ(turned_away_of_1000(100), 0);
}

Test(login_throttle, turns_away_more_newcomers_the_more_logins_there_are) {
    const int few = turned_away_of_1000(110);
    const int half = turned_away_of_1000(150);
    const int most = turned_away_of_1000(190);
    EXPECT_TRUE(few > 50 && few < 150);
    EXPECT_TRUE(half > 400 && half < 600);
    EXPECT_TRUE(most > 850 && most < 950);
}

Test(login_throttle, turns_away_everybody_at_twice_the_limit) {
    EXPECT_EQ(turned_away_of_1000(200), 1000);
    EXPECT_EQ(turned_away_of_1000(UINT64_MAX), 1000);
}

Test(login_throttle, without_a_limit_turns_away_nobody) {
    LoginThrottle throttle(0, 1);
    EXPECT_FALSE(throttle.turns_away(UINT64_MAX));
}
