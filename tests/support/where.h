// The line of a test that called a helper. Helpers that can fail take it as their last parameter,
// so that a failure names the line of the test and not a line of the helper.
#pragma once

#include <stdexcept>
#include <string>

namespace chatd::test {

struct Where {
    const char* file;
    int line;

    // As a default argument: where the function was called that has this default argument. (This is
    // std::source_location, which clang++ 14 does not have.)
    static constexpr Where here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
        return {file, line};
    }
};

// What a helper throws when something a test expects does not come true: "FILE:LINE: what".
[[nodiscard]] inline std::runtime_error failure(const std::string& what, const Where& where) {
    return std::runtime_error(std::string(where.file) + ':' + std::to_string(where.line) + ": " +
                              what);
}

}  // namespace chatd::test
