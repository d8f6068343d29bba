// Memory that outlives the process using it: a memfd, or a history file, and its mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "sys/fd.h"

namespace chatd {

// Zeros, without a name, gone with the last descriptor.
[[nodiscard]] UniqueFd make_shared_memory(const char* name, std::size_t bytes);

// A log in memory, empty.
[[nodiscard]] UniqueFd make_log_memory(std::size_t ring_bytes);

// The log in a file: made when it is not there, with all its blocks, or taken up as it is. Locked
// for as long as the descriptor or a copy of it is open. `ring_bytes` empty: as large as it is, or
// kHistoryBytes. Throws SetupError; a file that was there has not changed then.
[[nodiscard]] UniqueFd open_history(const std::string& path, std::optional<std::size_t> ring_bytes);

// Puts on the disk all that was written to a mapping of this file. False: errno says why not.
[[nodiscard]] bool put_on_disk(int fd);

// A whole file, mapped shared.
class Mapping {
  public:
    explicit Mapping(int fd);
    ~Mapping();

    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

  private:
    std::span<std::byte> bytes_;
};

}  // namespace chatd
