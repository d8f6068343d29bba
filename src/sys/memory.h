// Memory that outlives the process using it: a memfd, or a file, and its mapping. And memory that
// goes over to no child.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
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

// Memory for what this process alone needs and writes to between one fork and the next: there it is
// missing in the children (MADV_DONTFORK). Elsewhere each page so written would be left to each of
// them as a copy (a worker of a thousand: 53 KiB of its own instead of 69). Whoever forks must not
// let the child touch it.
class UnsharedMemory {
  public:
    [[nodiscard]] std::pmr::memory_resource* get() { return &pool_; }

  private:
    class Pages : public std::pmr::memory_resource {
        void* do_allocate(std::size_t bytes, std::size_t alignment) override;
        void do_deallocate(void* begin, std::size_t bytes, std::size_t alignment) override;
        [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override;
    };
    Pages pages_;
    std::pmr::unsynchronized_pool_resource pool_{&pages_};
};

// A whole file, mapped; its descriptor may be closed, and a lock on that is not held by this. The
// file must not get shorter meanwhile: who touches what is gone dies of SIGBUS.
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
