// A short run of chaos; scripts/chaos makes longer ones.
#include <criterion/criterion.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "support/command.h"
#include "support/expect.h"

using namespace chatd::test;

TestSuite(chaos, .timeout = 120);

Test(chaos, nothing_is_lost_doubled_or_untrue_whatever_is_killed) {
    const std::string program = std::string(std::getenv("HELPERS")) + "/chaos";
    // Five seconds, and three for what follows; with sanitizers on a busy machine six.
    const Command::Result result =
        Command::run({program, "--seconds", "5", "--people", "50", "--churn", "300"}, {},
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
