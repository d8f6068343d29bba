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

#include "log/log_format.h"
#include "sys/fd.h"

namespace chatd {

struct History {
    UniqueFd fd;       // the file is locked for as long as this or a copy of it is open
    std::string news;  // a line for the journal about what was lost; empty: nothing was
};

// Takes up the file as it is, or repaired; when there is none, makes one with all its blocks. A
// file without an archive gets one. `ring_bytes` none: the size that the file has, or
// kHistoryBytes. Throws SetupError; then no entry of a file that was there has changed.
[[nodiscard]] History open_history(const std::string& path, std::optional<std::size_t> ring_bytes);

// Has a history in use its size, and do its log and its archive begin soundly? Takes no time that
// grows with the size.
[[nodiscard]] bool is_intact_history(int fd, const HistorySize& size);

// Repairs a history in use that is not intact, while no process has it mapped; if that fails, the
// log goes on in memory, with all that was whole. Throws SetupError only when there is no memory
// for a log either. What is repaired has an archive.
[[nodiscard]] History repair_history_in_use(int fd, const std::string& path,
                                            const HistorySize& size);

// The size that a history has, as far as its header or its file tells.
[[nodiscard]] HistorySize size_of_history(int fd);

// An empty log in memory, and its archive, without a file. Throws SetupError.
[[nodiscard]] UniqueFd make_log_memory(std::size_t ring_bytes);

}  // namespace chatd
