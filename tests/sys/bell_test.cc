#include "sys/bell.h"

#include <criterion/criterion.h>
#include <poll.h>

#include "support/expect.h"
#include "support/wait.h"

using namespace chatd;

TestSuite(bell, .timeout = 10);

namespace {

bool rings(const UniqueFd& bell) {
    return test::wait_for(bell.get(), POLLIN, test::Deadline{});
}

}  // namespace

Test(bell, is_heard_until_it_is_muffled) {
    const UniqueFd bell = make_bell();
    EXPECT_FALSE(rings(bell));
    ring(bell.get());
    EXPECT_TRUE(rings(bell));
    EXPECT_TRUE(rings(bell));
    muffle(bell.get());
    EXPECT_FALSE(rings(bell));
}

Test(bell, is_muffled_at_once_however_often_it_was_rung) {
    const UniqueFd bell = make_bell();
    for (int i = 0; i < 1000; ++i) ring(bell.get());
    muffle(bell.get());
    EXPECT_FALSE(rings(bell));
}

Test(bell, muffling_a_bell_that_does_not_ring_waits_for_nothing) {
    const UniqueFd bell = make_bell();
    muffle(bell.get());
    EXPECT_FALSE(rings(bell));
}
