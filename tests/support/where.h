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

// For helpers in a test file: while a Caller lives, a failure of EXPECT_* or ASSERT_* also says
// where the helper was called. Callers live on the stack, the helper's own inside those of its
// callers.
class Caller {
  public:
    explicit Caller(const Where& where) : where_(where), outer_(innermost_) { innermost_ = this; }
    ~Caller() { innermost_ = outer_; }

    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    // A line for each Caller that lives, the innermost first; empty when none does.
    static std::string all() {
        std::string lines;
        for (const Caller* one = innermost_; one != nullptr; one = one->outer_) {
            lines += std::string("\n      called at ") + one->where_.file + ':' +
                     std::to_string(one->where_.line);
        }
        return lines;
    }

  private:
    static inline const Caller* innermost_ = nullptr;
    Where where_;
    const Caller* outer_;
};

// The exception that a helper throws when something a test expects does not come true:
// "FILE:LINE: what".
[[nodiscard]] inline std::runtime_error failure(const std::string& what, const Where& where) {
    return std::runtime_error(std::string(where.file) + ':' + std::to_string(where.line) + ": " +
                              what + Caller::all());
}

}  // namespace chatd::test
