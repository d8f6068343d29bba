// Programs that not every machine has. A test that drives one says so first; without the program it
// is skipped, and scripts/run-tests tells what to install. TEST_ALL=1: it fails instead.
#pragma once

#include <criterion/criterion.h>

#include <initializer_list>

namespace chatd::test {

// The first of these programs that is not in PATH; null when all are there. Adds a line to the file
// $SKIPPED, if there is that variable, for scripts/run-tests: "SUITE/TEST PROGRAM". Throws instead
// when the environment has TEST_ALL=1.
[[nodiscard]] const char* first_missing(std::initializer_list<const char*> programs);

}  // namespace chatd::test

// Has to be the first statement of a test: Criterion leaves the test without running destructors.
#define NEEDS(...)                                                                     \
    do {                                                                               \
        const char* const chatd_missing = ::chatd::test::first_missing({__VA_ARGS__}); \
        if (chatd_missing != nullptr) cr_skip("needs %s", chatd_missing);              \
    } while (false)
