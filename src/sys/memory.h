// Memory that outlives the process that uses it, as a file or a memfd and its mapping; and memory
// that no child gets a copy of.
#pragma once

#include <unistd.h>

#include <memory_resource>

#include "sys/fd.h"

namespace chatd {

// Makes a file of zeros without a name, which is gone with its last descriptor. Throws SetupError;
// the other one returns an invalid descriptor, and errno says why.
[[nodiscard]] UniqueFd make_shared_memory(const char* name, std::size_t bytes);
[[nodiscard]] UniqueFd try_shared_memory(const char* name, std::size_t bytes);

// Maps the first page of a file, for as long as this process lives. Throws SetupError.
[[nodiscard]] void* map_for_ever(int fd);

// Tries whether this process, and so a child of it, could map so many bytes more. Throws
// SetupError.
void expect_address_space(std::size_t bytes);

// The size of the file. Throws SetupError.
[[nodiscard]] std::size_t file_bytes(int fd);

// Puts on the disk all that was written to a mapping of this file. False: errno says why not.
[[nodiscard]] inline bool put_on_disk(int fd) {
    return ::fdatasync(fd) == 0;
}

// Gives back to the kernel what this process holds and does not use: memory that was freed and that
// malloc keeps (malloc_trim(3)), and the pages of the stack below the caller, which the kernel
// itself never takes back.
void release_free_memory();

// Memory that only this process needs, and that it writes to between two forks: the children do not
// get it (MADV_DONTFORK), and must not touch it. With ordinary memory, each write to a page
// leaves every child a copy of its own (a worker among a thousand: 69 KiB instead of 53).
class UnsharedMemory {
  public:
    // Owned by this object. Allocating throws std::bad_alloc.
    [[nodiscard]] std::pmr::memory_resource* get() { return &pool_; }

  private:
    class Pages : public std::pmr::memory_resource {
        void* do_allocate(std::size_t bytes, std::size_t alignment) override;
        void do_deallocate(void* begin, std::size_t bytes, std::size_t alignment) override;
        [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
            return this == &other;
        }
    };
    Pages pages_;
    std::pmr::unsynchronized_pool_resource pool_{&pages_};
};

// A whole file, mapped. Its descriptor may be closed meanwhile, and the mapping keeps no lock on
// the file. The file must not get shorter: a process that touches what is gone dies of SIGBUS.
class Mapping {
  public:
    // Private: what is stored in the mapping does not reach the file. Throws SetupError.
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
