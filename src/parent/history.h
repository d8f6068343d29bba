// The history: the log in a file that outlives the server. Made, taken up, and repaired when it is
// damaged.
//
// Whatever is done to the file is done to a new one beside it, which takes its name when it is
// ready: whoever dies at it, and the machine too, leaves the old one or the new one whole. A
// damaged file must never be changed or lost, and what is no history must never be touched.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "sys/fd.h"

namespace chatd {

struct History {
    // The file is locked for as long as this or a copy of it is open.
    UniqueFd fd;
    // For the journal: what was lost; empty when nothing was.
    std::string news;
};

// Made when it is not there, with all its blocks; else taken up as it is, or repaired. `ring_bytes`
// empty: as large as it is, or kHistoryBytes. Throws SetupError; a file that was there has not
// changed then.
[[nodiscard]] History open_history(const std::string& path, std::optional<std::size_t> ring_bytes);

// For a history in use, of log_bytes in all, while nobody has it mapped: if it was cut short or its
// beginning is gone, it is repaired, and if that cannot be, the log goes on in memory, with what
// was whole. Nothing when it is as it should be.
[[nodiscard]] std::optional<History> mend_history(int fd, const std::string& path,
                                                  std::size_t log_bytes);

}  // namespace chatd
