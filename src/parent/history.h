// The history: the log in a file that outlives the server. It is made, taken up, and repaired when
// it is damaged.
//
// A damaged file is never changed or lost, and a file that is no history is never touched: a new
// file is made beside it, which takes its name when it is ready. If this process or the machine
// dies meanwhile, either the old or the new file is whole.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "sys/fd.h"

namespace chatd {

struct History {
    UniqueFd fd;       // the file is locked for as long as this or a copy of it is open
    std::string news;  // a line for the journal about what was lost; empty: nothing was
};

// Takes up the file as it is, or repaired; when there is none, makes one with all its blocks.
// `ring_bytes` none: the size that the file has, or kHistoryBytes. Throws SetupError; then a file
// that was there has not changed.
[[nodiscard]] History open_history(const std::string& path, std::optional<std::size_t> ring_bytes);

// Has a history in use, of `log_bytes` in all, its size and a sound beginning? Takes no time that
// grows with the size.
[[nodiscard]] bool is_intact_history(int fd, std::size_t log_bytes);

// Repairs a history in use that is not intact, while no process has it mapped; if that fails, the
// log goes on in memory, with all that was whole. Throws SetupError only when there is no memory
// for a log either.
[[nodiscard]] History repair_history_in_use(int fd, const std::string& path, std::size_t log_bytes);

// The size that a log in use has, as far as its header or its file tells.
[[nodiscard]] std::size_t likely_log_bytes(int fd);

// An empty log in memory, without a file. Throws SetupError.
[[nodiscard]] UniqueFd make_log_memory(std::size_t ring_bytes);

}  // namespace chatd
