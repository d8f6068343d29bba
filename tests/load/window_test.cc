// Specification of the window of the benchmark: the slowest listener decides what may be said.
#include "load/window.h"

#include <criterion/criterion.h>

#include <stdexcept>

#include "support/expect.h"

using namespace chatd::test;

TestSuite(window);

Test(window, is_open_as_wide_as_it_was_asked_for) {
    Window window(3, 64);
    EXPECT_EQ(window.room(), 64);
    window.say(10);
    EXPECT_EQ(window.room(), 54);
}

Test(window, a_line_is_outstanding_until_every_listener_has_it) {
    Window window(3, 64);
    window.say(1);
    window.hear(0, 1);
    window.hear(0, 1);
    EXPECT_EQ(window.room(), 63);
    window.hear(0, 1);
    EXPECT_EQ(window.room(), 64);
}

Test(window, who_runs_ahead_makes_no_room) {
    Window window(2, 4);
    window.say(4);
    window.hear(0, 4);
    EXPECT_EQ(window.room(), 0);
    window.hear(0, 1);
    EXPECT_EQ(window.room(), 1);
}

Test(window, lines_may_come_one_by_one_or_together) {
    Window window(2, 4);
    window.say(4);
    window.hear(0, 1);
    window.hear(1, 3);
    window.hear(0, 4);
    EXPECT_EQ(window.room(), 4);
}

Test(window, hearing_nothing_changes_nothing) {
    Window window(1, 4);
    window.say(2);
    window.hear(0, 0);
    EXPECT_EQ(window.room(), 2);
}

// The slowest takes turns, far beyond the number of lines that may be outstanding.
Test(window, goes_on_for_ever) {
    Window window(2, 3);
    for (std::uint64_t said = 0; said < 1000; said += 3) {
        window.say(3);
        window.hear(said, 3);
        EXPECT_EQ(window.room(), 0);
        window.hear(said, 2);
        EXPECT_EQ(window.room(), 2);
        window.hear(said + 2, 1);
        EXPECT_EQ(window.room(), 3);
    }
}

Test(window, a_line_that_nobody_said_is_an_error) {
    Window window(2, 4);
    window.say(2);
    cr_expect_throw(window.hear(0, 3), std::runtime_error);
    window.hear(0, 2);
    cr_expect_throw(window.hear(2, 1), std::runtime_error);
}

Test(window, more_lines_than_there_is_room_for_are_an_error) {
    Window window(1, 4);
    window.say(3);
    cr_expect_throw(window.say(2), std::logic_error);
    EXPECT_EQ(window.room(), 1);
}

Test(window, needs_a_listener_and_a_line) {
    cr_expect_throw(Window(0, 4), std::invalid_argument);
    cr_expect_throw(Window(4, 0), std::invalid_argument);
}
