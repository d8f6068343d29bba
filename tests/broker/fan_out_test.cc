// Specification of broker/fan_out: when the log is sent to everybody.

#include "broker/fan_out.h"

#include <criterion/criterion.h>

#include <chrono>

#include "base/bounds.h"
#include "support/expect.h"

using namespace chatd;
using namespace std::chrono_literals;

namespace {

constexpr Moment kBegin = Moment(500s);

bool is_due_at(const FanOut& fan_out, Position head, Moment moment) {
    return fan_out.due_at(head) == Deadline(moment);
}

}  // namespace

TestSuite(fan_out, .timeout = 10);

Test(fan_out, with_nothing_new_none_is_due) {
    FanOut fan_out;
    EXPECT_FALSE(fan_out.due_at(0));
    fan_out.finished(100, kBegin, kBegin);
    EXPECT_FALSE(fan_out.due_at(100));
}

Test(fan_out, the_first_one_comes_at_once) {
    const FanOut fan_out;
    EXPECT_TRUE(is_due(fan_out.due_at(100), kBegin));
}

Test(fan_out, what_was_said_waits_a_quarter_of_what_the_last_one_took) {
    FanOut fan_out;
    fan_out.finished(100, kBegin, kBegin + 8ms);
    fan_out.note_urgent(200);
    EXPECT_TRUE(is_due_at(fan_out, 200, kBegin + 10ms));
}

Test(fan_out, comings_and_goings_wait_four_times_as_long_as_it_took) {
    FanOut fan_out;
    fan_out.finished(100, kBegin, kBegin + 8ms);
    EXPECT_TRUE(is_due_at(fan_out, 200, kBegin + 40ms));
    // When an urgent entry is among them, all of them are due as soon as it is.
    fan_out.note_urgent(150);
    EXPECT_TRUE(is_due_at(fan_out, 200, kBegin + 10ms));
}

Test(fan_out, what_was_said_before_the_last_one_is_urgent_no_more) {
    FanOut fan_out;
    fan_out.note_urgent(100);
    fan_out.finished(100, kBegin, kBegin + 8ms);
    EXPECT_TRUE(is_due_at(fan_out, 200, kBegin + 40ms));
}

Test(fan_out, pauses_are_bounded_because_a_stopped_process_is_not_slow) {
    FanOut fan_out;
    fan_out.finished(100, kBegin, kBegin + 1h);
    EXPECT_TRUE(is_due_at(fan_out, 200, kBegin + 1h + kCrowdPauseMax));
    fan_out.note_urgent(200);
    EXPECT_TRUE(is_due_at(fan_out, 200, kBegin + 1h + kFanOutPauseMax));
}

Test(fan_out, after_a_failure_of_the_disk_everything_waits) {
    FanOut fan_out;
    fan_out.note_urgent(200);
    fan_out.postpone(kBegin + 1s);
    EXPECT_TRUE(is_due_at(fan_out, 200, kBegin + 1s));
}

Test(fan_out, a_server_that_shuts_down_waits_for_nothing) {
    FanOut fan_out;
    fan_out.finished(100, kBegin, kBegin + 1s);
    fan_out.note_urgent(200);
    fan_out.hurry();
    EXPECT_TRUE(is_due(fan_out.due_at(200), kBegin));
}
