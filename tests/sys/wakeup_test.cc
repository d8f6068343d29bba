#include "sys/wakeup.h"

#include <criterion/criterion.h>
#include <poll.h>

#include "support/expect.h"
#include "support/wait.h"

using namespace chatd;

TestSuite(wakeup, .timeout = 10);

namespace {

bool is_awake(const UniqueFd& wakeup) {
    return test::wait_for(wakeup.get(), POLLIN, test::Deadline{});
}

}  // namespace

Test(wakeup, is_heard_until_it_is_muffled) {
    const UniqueFd wakeup = make_wakeup();
    EXPECT_FALSE(is_awake(wakeup));
    wake(wakeup.get());
    EXPECT_TRUE(is_awake(wakeup));
    EXPECT_TRUE(is_awake(wakeup));
    clear_wakeup(wakeup.get());
    EXPECT_FALSE(is_awake(wakeup));
}

Test(wakeup, is_muffled_at_once_however_often_it_was_rung) {
    const UniqueFd wakeup = make_wakeup();
    for (int i = 0; i < 1000; ++i) wake(wakeup.get());
    clear_wakeup(wakeup.get());
    EXPECT_FALSE(is_awake(wakeup));
}

Test(wakeup, muffling_a_bell_that_does_not_ring_waits_for_nothing) {
    const UniqueFd wakeup = make_wakeup();
    clear_wakeup(wakeup.get());
    EXPECT_FALSE(is_awake(wakeup));
}
