// README.md and chatd.8 keep to the source: scripts/check-docs says what they promise.
#include <criterion/criterion.h>

#include <string>

#include "support/command.h"
#include "support/expect.h"

using namespace chatd::test;

TestSuite(docs, .timeout = 20);

Test(docs, they_name_what_the_source_has_and_nothing_else) {
    const Command::Result check = Command::run({"scripts/check-docs"});
    EXPECT_EQ(check.status, 0);
    EXPECT_EQ(check.status == 0 ? "" : check.out, std::string());
}
