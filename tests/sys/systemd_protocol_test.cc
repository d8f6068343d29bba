// Specification of sys/systemd_protocol: what a service manager says, and what is sent to it.
#include "sys/systemd_protocol.h"

#include <criterion/criterion.h>

#include <chrono>

#include "support/expect.h"

using namespace chatd;
using namespace std::chrono_literals;

TestSuite(systemd_protocol, .timeout = 20);

Test(systemd_protocol, sockets_are_counted_when_they_are_for_this_process) {
    EXPECT_EQ(passed_sockets("42", "2", 42).value_or(-1), 2);
    EXPECT_EQ(passed_sockets("42", "0", 42).value_or(-1), 0);
}

Test(systemd_protocol, sockets_for_another_process_are_none) {
    EXPECT_EQ(passed_sockets("43", "2", 42).value_or(-1), 0);
    EXPECT_EQ(passed_sockets("", "2", 42).value_or(-1), 0);
    EXPECT_EQ(passed_sockets("42x", "2", 42).value_or(-1), 0);
    EXPECT_EQ(passed_sockets(nullptr, "2", 42).value_or(-1), 0);
    EXPECT_EQ(passed_sockets("42", nullptr, 42).value_or(-1), 0);
    EXPECT_EQ(passed_sockets("43", "x", 42).value_or(-1), 0);
}

Test(systemd_protocol, a_bad_number_of_sockets_is_refused) {
    for (const char* count : {"", "x", "-1", "1x", " 1", "99999999999", "2147483647"}) {
        EXPECT_FALSE(passed_sockets("42", count, 42).has_value());
    }
}

Test(systemd_protocol, the_watchdog_hears_twice_as_often_as_it_demands) {
    EXPECT_TRUE(watchdog_period("10000000", "42", 42) == 5s);
    EXPECT_TRUE(watchdog_period("10000000", nullptr, 42) == 5s);
    EXPECT_TRUE(watchdog_period("2", "42", 42) == 1us);
}

Test(systemd_protocol, no_watchdog_hears_nothing) {
    EXPECT_FALSE(watchdog_period(nullptr, nullptr, 42).has_value());
    EXPECT_FALSE(watchdog_period("10000000", "43", 42).has_value());
    EXPECT_FALSE(watchdog_period("10000000", "", 42).has_value());
    for (const char* usec : {"", "x", "-1", "0", "1", "1s", "9223372036854775807"}) {
        EXPECT_FALSE(watchdog_period(usec, "42", 42).has_value());
    }
}

Test(systemd_protocol, notices_are_as_the_protocol_has_them) {
    EXPECT_EQ(ready_notice("2 clients"), "READY=1\nSTATUS=2 clients");
    EXPECT_EQ(status_notice("2 clients"), "STATUS=2 clients");
    EXPECT_EQ(reloading_notice(1234567us), "RELOADING=1\nMONOTONIC_USEC=1234567");
    EXPECT_EQ(kStoppingNotice, "STOPPING=1");
    EXPECT_EQ(kWatchdogNotice, "WATCHDOG=1");
}
