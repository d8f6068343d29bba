// CLAIM: what has to be so whatever the input. When it is not, the process ends with one line: a
// fuzzer takes that for a finding, Criterion for a failed test.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace chatd::fuzz {

[[noreturn]] inline void claim_failed(const char* claim, const char* file, int line) {
    (void)std::fprintf(stderr, "%s:%d: not so: %s\n", file, line, claim);
    std::abort();
}

}  // namespace chatd::fuzz

#define CLAIM(condition)                \
    ((condition) ? static_cast<void>(0) \
                 : ::chatd::fuzz::claim_failed(#condition, __FILE__, __LINE__))
