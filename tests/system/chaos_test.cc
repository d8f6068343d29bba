// A short run of chaos; scripts/chaos makes longer ones.
#include <criterion/criterion.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "base/settings.h"
#include "support/command.h"
#include "support/expect.h"

using namespace chatd::test;

TestSuite(chaos, .timeout = 120);

Test(chaos, nothing_is_lost_doubled_or_untrue_whatever_is_killed) {
    const std::string program = std::string(std::getenv("HELPERS")) + "/chaos";
    // Five seconds, and three for what follows. With sanitizers a crowd of 50 needs 25 seconds on a
    // slow machine, and the test has 30.
    const std::string people = chatd::kSanitized ? "20" : "50";
    const std::string churn = chatd::kSanitized ? "100" : "300";
    const Command::Result result =
        Command::run({program, "--seconds", "5", "--people", people, "--churn", churn}, {},
                     {.takes = std::chrono::seconds(20)});
    if (result.status != 0) throw std::runtime_error(result.out);
    EXPECT_CONTAINS(result.out, "chaos: clean\n");
}

Test(chaos, nor_while_strangers_do_what_they_can_against_the_room) {
    const std::string program = std::string(std::getenv("HELPERS")) + "/chaos";
    const Command::Result result = Command::run({program, "--seconds", "3", "--people", "20",
                                                 "--rate", "20", "--churn", "10", "--abusers", "3"},
                                                {}, {.takes = std::chrono::seconds(20)});
    if (result.status != 0) throw std::runtime_error(result.out);
    EXPECT_CONTAINS(result.out, "chaos: clean\n");
}
