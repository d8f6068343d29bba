// Memory that outlives the process using it: a memfd, or a file, and its mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sys/fd.h"

namespace chatd {

// Zeros, without a name, gone with the last descriptor.
[[nodiscard]] UniqueFd make_shared_memory(const char* name, std::size_t bytes);

// A log in memory, empty.
[[nodiscard]] UniqueFd make_log_memory(std::size_t ring_bytes);

// How large the file is.
[[nodiscard]] std::size_t file_bytes(int fd);

// Puts on the disk all that was written to a mapping of this file. False: errno says why not.
[[nodiscard]] bool put_on_disk(int fd);

// Begins an empty log in a file of zeros.
void write_log_header(int fd, std::size_t ring_bytes);

// Gives back to the system what this process holds and does not use: what was freed and malloc
// keeps (malloc_trim(3)), and pages of the stack below the caller (the kernel never takes those).
void release_free_memory();

// A whole file, mapped. It must not get shorter meanwhile: who touches what is gone dies of SIGBUS.
class Mapping {
  public:
    // Private: what is written there stays there.
    enum class Stores : std::uint8_t { Shared, Private };
    explicit Mapping(int fd, Stores stores = Stores::Shared);
    ~Mapping();

    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

  private:
    std::span<std::byte> bytes_;
};

}  // namespace chatd
