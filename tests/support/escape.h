// Bytes made visible, for messages of failed tests.
#pragma once

#include <string>
#include <string_view>

namespace chatd::test {

// "a\n\xff\u{5c0f}": control and invalid bytes as \xNN, other characters beyond ASCII by number, so
// that no two different texts look alike.
[[nodiscard]] std::string escaped(std::string_view bytes);

}  // namespace chatd::test
