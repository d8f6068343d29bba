// For tests of CHATD_CHECK: breaking an invariant must end the process.
#pragma once

#include <functional>

namespace chatd::test {

// Returns true when `deed` ends its process by SIGABRT. It runs in a child process, whose stderr is
// dropped.
[[nodiscard]] bool aborts(const std::function<void()>& deed);

}  // namespace chatd::test
