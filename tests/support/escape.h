// Makes bytes visible, for the messages of failed tests.
#pragma once

#include <string>
#include <string_view>

namespace chatd::test {

// Returns the bytes in quotes, such as "a\n\xff\u{5c0f}": control bytes and invalid bytes as \xNN,
// characters beyond ASCII by their numbers. Two different texts never look alike.
[[nodiscard]] std::string escaped(std::string_view bytes);

}  // namespace chatd::test
