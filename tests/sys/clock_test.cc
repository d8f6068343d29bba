// A time zone without its file is found, because tzset(3) takes it for UTC and says nothing.
#include "sys/clock.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/daemon.h"
#include "support/expect.h"

using namespace chatd;

TestSuite(clock, .timeout = 10);

namespace {

std::string missing_with(const std::string& zone) {
    EXPECT_EQ(setenv("TZ", zone.c_str(), 1), 0);
    return missing_time_zone();
}

}  // namespace

Test(clock, a_time_zone_whose_file_is_not_there_is_missing) {
    const test::Scratch scratch;
    const std::string installed = scratch.path() + "/Europe";
    std::filesystem::create_directory(installed);
    std::ofstream(installed + "/Berlin") << "TZif";
    EXPECT_EQ(setenv("TZDIR", scratch.path().c_str(), 1), 0);
    EXPECT_EQ(missing_with("Europe/Berlin"), "");
    EXPECT_EQ(missing_with(":Europe/Berlin"), "");
    EXPECT_EQ(missing_with(installed + "/Berlin"), "");
    EXPECT_EQ(missing_with("Europe/Paris"), installed + "/Paris");
    EXPECT_EQ(missing_with(":Japan"), scratch.path() + "/Japan");
    EXPECT_EQ(missing_with("/no/such/zone"), "/no/such/zone");
}

Test(clock, a_time_zone_that_is_a_rule_needs_no_file) {
    EXPECT_EQ(setenv("TZDIR", "/nowhere", 1), 0);
    for (const char* const zone :
         {"", "UTC", "UTC0", "CET-1CEST", "<+03>-3", "EST5EDT,M3.2.0,M11.1.0"}) {
        EXPECT_EQ(missing_with(zone), "");
    }
}
