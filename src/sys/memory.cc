#include "sys/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <new>

namespace chatd {

UniqueFd make_shared_memory(const char* name, std::size_t bytes) {
    UniqueFd fd = try_shared_memory(name, bytes);
    if (!fd.valid()) {
        throw system_error("no memory of " + std::to_string(bytes) +
                           " bytes, see ulimit -f: " + name);
    }
    return fd;
}

UniqueFd try_shared_memory(const char* name, std::size_t bytes) {
    UniqueFd fd(::memfd_create(name, MFD_CLOEXEC));
    const bool is_made = fd.valid() && ::ftruncate(fd.get(), static_cast<off_t>(bytes)) == 0;
    return is_made ? std::move(fd) : UniqueFd();
}

void expect_address_space(std::size_t bytes) {
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* const begin = ::mmap(nullptr, bytes, PROT_NONE, kFlags, -1, 0);
    if (begin == MAP_FAILED) {
        throw system_error("no room to map " + std::to_string(bytes) +
                           " bytes of log and member table; raise ulimit -v, or lower "
                           "--history-size or --max-clients");
    }
    (void)::munmap(begin, bytes);
}

void* map_for_ever(int fd) {
    void* const begin = ::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (begin == MAP_FAILED) throw system_error("mmap");
    return begin;
}

void release_free_memory() {
#ifdef __GLIBC__
    (void)::malloc_trim(0);  // Whether there was anything to release does not matter.
#endif
    // This gives back the stack below this frame and the frames of the calls here. madvise(2) goes
    // over all of it, and then says ENOMEM, because the lowest part was never stack.
    constexpr std::uintptr_t kDeepest = 256 * 1024;
    constexpr std::uintptr_t kOurs = 512;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    const std::uintptr_t end = (here - kOurs) / page * page;
    (void)::madvise(reinterpret_cast<void*>(end - kDeepest), kDeepest, MADV_DONTNEED);
}

std::size_t file_bytes(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) throw system_error("fstat");
    return static_cast<std::size_t>(status.st_size);
}

void* UnsharedMemory::Pages::do_allocate(std::size_t bytes, std::size_t) {
    void* const begin =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (begin == MAP_FAILED) throw std::bad_alloc();
    (void)::madvise(begin, bytes, MADV_DONTFORK);  // Without it children only get copies.
    return begin;
}

void UnsharedMemory::Pages::do_deallocate(void* begin, std::size_t bytes, std::size_t) {
    (void)::munmap(begin, bytes);
}

Mapping::Mapping(int fd, Stores stores) {
    const std::size_t bytes = file_bytes(fd);
    // The file is opened once more for the mapping, because a lock lasts as long as the description
    // that it was taken on is open, in a mapping too (flock(2)). And a program such as ps keeps the
    // mappings of a process that it looks at past the end of that process: a start right after a
    // crash was told that its history is in use.
    const UniqueFd own(::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDWR | O_CLOEXEC));
    if (!own.valid()) throw system_error("open");
    const int flags = stores == Stores::Shared ? MAP_SHARED : MAP_PRIVATE | MAP_NORESERVE;
    void* const begin = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, own.get(), 0);
    if (begin == MAP_FAILED) {
        throw system_error("no room to map " + std::to_string(bytes) + " bytes, see ulimit -v");
    }
    bytes_ = {static_cast<std::byte*>(begin), bytes};
}

Mapping::~Mapping() {
    (void)::munmap(bytes_.data(), bytes_.size());
}

}  // namespace chatd
