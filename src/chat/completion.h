// Completion: what the key Tab makes of the word before the cursor: a command or a name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

struct Completion {
    std::size_t bytes = 0;                     // before the cursor: the word that is completed
    std::vector<std::string> candidates = {};  // sorted; none: there is nothing to complete
    std::string common = {};                   // what takes the place of the word
};

// Completes the end of `before_cursor`: a word that begins with a slash at the beginning of the
// line becomes one of `commands` (with their slash), every other word one of `names`. Case makes no
// difference, as in fold_name(). Chinese is written without spaces, so a name may also begin behind
// a wide character. An empty word becomes a name only directly behind a command.
//
// Of several candidates, `common` is what all of them begin with; of a single one it is all, and a
// space behind it, or ": " behind a name at the beginning of the line.
[[nodiscard]] Completion complete(std::string_view before_cursor,
                                  const std::vector<std::string>& names,
                                  const std::vector<std::string_view>& commands);

}  // namespace chatd
