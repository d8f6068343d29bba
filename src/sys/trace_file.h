// Where the trace goes (base/trace): a file, or stderr. What is in the file already must never be
// lost, and a FIFO that nobody reads must never hold up the server.
#pragma once

#include <optional>
#include <string>

#include "sys/fd.h"
#include "sys/privilege.h"

namespace chatd {

// Opens the file of a trace for appending, as `user` if this process is to become that, and makes
// it, for this user alone, if it is not there. An empty path: none is opened. Throws SetupError.
[[nodiscard]] UniqueFd open_trace_file(const std::string& path,
                                       const std::optional<User>& user = {});

// Begins the trace of this process, if there is to be one: in this file, opened as above, or with
// an empty path on stderr, in colours if that is a terminal and NO_COLOR is not set (no-color.org).
// Throws SetupError.
void start_trace(const std::optional<std::string>& path, bool has_text,
                 const std::optional<User>& user = {});

}  // namespace chatd
