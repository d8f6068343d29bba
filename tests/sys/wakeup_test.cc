// The wakeup is readable from the first wake() until it is cleared.
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

Test(wakeup, is_readable_until_it_is_cleared) {
    const UniqueFd wakeup = make_wakeup();
    EXPECT_FALSE(is_awake(wakeup));
    wake(wakeup.get());
    EXPECT_TRUE(is_awake(wakeup));
    EXPECT_TRUE(is_awake(wakeup));
    clear_wakeup(wakeup.get());
    EXPECT_FALSE(is_awake(wakeup));
}

Test(wakeup, one_clear_is_enough_for_any_number_of_wakes) {
    const UniqueFd wakeup = make_wakeup();
    for (int i = 0; i < 1000; ++i) wake(wakeup.get());
    clear_wakeup(wakeup.get());
    EXPECT_FALSE(is_awake(wakeup));
}

Test(wakeup, clearing_one_that_nobody_woke_does_not_wait) {
    const UniqueFd wakeup = make_wakeup();
    clear_wakeup(wakeup.get());
    EXPECT_FALSE(is_awake(wakeup));
}
