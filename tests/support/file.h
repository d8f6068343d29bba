// Files, read and written as a whole.
#pragma once

#include <string>

namespace chatd::test {

// All bytes of the file; "" when it cannot be read.
[[nodiscard]] std::string contents(const std::string& path);

// Makes the file, or writes it anew.
void write_file(const std::string& path, const std::string& bytes);

}  // namespace chatd::test
