// For invariants of ours: what breaks one must end the process, and a test sees it do so.
#pragma once

#include <functional>

namespace chatd::test {

// Does this end its process by SIGABRT? Runs in a child, which says nothing.
[[nodiscard]] bool aborts(const std::function<void()>& deed);

}  // namespace chatd::test
