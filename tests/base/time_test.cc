// Specification of base/time: which deadline comes first, whether it has come, and how long it
// takes.
#include "base/time.h"

#include <criterion/criterion.h>

#include "support/expect.h"

using namespace chatd;
using namespace std::chrono_literals;

namespace {

constexpr Moment kNow = Moment(1000s);
constexpr Deadline kNever = std::nullopt;

}  // namespace

Test(time, the_earliest_of_several_deadlines_is_the_first_to_come) {
    EXPECT_EQ(earliest({kNow + 3s, kNow + 1s, kNow + 2s}), Deadline(kNow + 1s));
    EXPECT_EQ(earliest({kNow, kNow - 1s}), Deadline(kNow - 1s));
}

Test(time, what_never_comes_is_never_the_earliest) {
    EXPECT_EQ(earliest({kNever, kNow + 1s}), Deadline(kNow + 1s));
    EXPECT_EQ(earliest({kNow + 1s, kNever}), Deadline(kNow + 1s));
    EXPECT_EQ(earliest({kNever, kNever}), kNever);
    EXPECT_EQ(earliest({}), kNever);
}

Test(time, a_deadline_is_due_from_its_moment_on) {
    EXPECT_FALSE(is_due(kNow, kNow - 1ns));
    EXPECT_TRUE(is_due(kNow, kNow));
    EXPECT_TRUE(is_due(kNow, kNow + 1h));
}

Test(time, what_never_comes_is_never_due) {
    EXPECT_FALSE(is_due(kNever, kNow));
    EXPECT_FALSE(is_due(kNever, Moment::max()));
}

Test(time, the_wait_ends_at_the_deadline_and_is_never_negative) {
    EXPECT_TRUE(time_until(kNow + 5ms, kNow) == 5ms);
    EXPECT_TRUE(time_until(kNow, kNow) == 0ms);
    EXPECT_TRUE(time_until(kNow - 1h, kNow) == 0ms);
}

Test(time, the_wait_for_what_never_comes_has_no_end) {
    EXPECT_FALSE(time_until(kNever, kNow).has_value());
}
