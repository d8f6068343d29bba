#include "support/needs.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace chatd::test {

namespace {

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

bool is_here(std::string_view program) {
    std::istringstream path(variable("PATH"));
    for (std::string directory; std::getline(path, directory, ':');) {
        if (::access((directory + '/' + std::string(program)).c_str(), X_OK) == 0) return true;
    }
    return false;
}

// Tests that run side by side add to the same file: a short line is written as a whole.
void note_skipped(const char* program) {
    std::ofstream file(variable("SKIPPED"), std::ios::app);
    file << std::string(criterion_current_suite->name) + '/' + criterion_current_test->name + ' ' +
                program + '\n';
}

}  // namespace

const char* first_missing(std::initializer_list<const char*> programs) {
    const auto* const missing = std::find_if(programs.begin(), programs.end(),
                                             [](const char* program) { return !is_here(program); });
    if (missing == programs.end()) return nullptr;
    if (variable("TEST_ALL") == "1") throw std::runtime_error(std::string("needs ") + *missing);
    note_skipped(*missing);
    return *missing;
}

}  // namespace chatd::test
