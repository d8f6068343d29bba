// The page for browsers: the files of src/web, as they were when chatd was built. They are part of
// the program, so that no process has to open a file at run time.
#pragma once

#include <string_view>

namespace chatd {

// Valid for ever.
[[nodiscard]] std::string_view index_html();
[[nodiscard]] std::string_view chat_js();
[[nodiscard]] std::string_view chat_css();

}  // namespace chatd
