#include "sys/memory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "bounds.h"
#include "core/log.h"
#include "sys/error.h"

namespace chatd {
namespace {

std::size_t bytes_of(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) throw system_error("fstat");
    return static_cast<std::size_t>(status.st_size);
}

void write_header(int fd, std::size_t ring_bytes, const std::string& path) {
    const LogHeader header = Log::empty_header(ring_bytes);
    if (::pwrite(fd, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header)) {
        throw system_error(path);
    }
}

UniqueFd open_locked(const std::string& path, int flags) {
    UniqueFd fd(::open(path.c_str(), flags | O_RDWR | O_CLOEXEC | O_NONBLOCK, 0600));
    if (!fd.valid()) throw system_error("cannot open the history " + path, ExitStatus::Unavailable);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) throw system_error(path);
    if (!S_ISREG(status.st_mode)) {
        throw SetupError(ExitStatus::BadHistory, path + " is not a file; choose another --history");
    }
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        throw SetupError(ExitStatus::Unavailable,
                         path + " is in use by another chatd; choose another --history");
    }
    return fd;
}

// A file without its blocks would kill the broker by SIGBUS when the disk is full: it gets them all
// now.
void allocate(int fd, std::size_t bytes, const std::string& path) {
    const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes));
    if (error == 0) return;
    throw SetupError(ExitStatus::Unavailable,
                     "no room for the history " + path + ": " + std::strerror(error) +
                         "; make room, or choose a smaller --history-size");
}

UniqueFd make_history(const std::string& path, std::size_t ring_bytes) {
    UniqueFd fd = open_locked(path, O_CREAT | O_EXCL);
    try {
        allocate(fd.get(), Log::memory_bytes(ring_bytes), path);
        write_header(fd.get(), ring_bytes, path);
    } catch (const SetupError&) {
        (void)::unlink(path.c_str());
        throw;
    }
    return fd;
}

void check_history(int fd, const std::string& path, std::optional<std::size_t> ring_bytes) {
    LogHeader header{};
    const bool read = ::pread(fd, &header, sizeof header, 0) == static_cast<ssize_t>(sizeof header);
    if (!read || !Log::is_log(header, bytes_of(fd))) {
        throw SetupError(ExitStatus::BadHistory,
                         path + " is not a history of chatd; choose another --history");
    }
    if (ring_bytes && header.ring_bytes != *ring_bytes / 8 * 8) {
        throw SetupError(ExitStatus::BadHistory,
                         path + " holds " + std::to_string(header.ring_bytes) +
                             " bytes; leave --history-size away, or choose another --history");
    }
}

}  // namespace

UniqueFd make_shared_memory(const char* name, std::size_t bytes) {
    UniqueFd fd(::memfd_create(name, MFD_CLOEXEC));
    if (!fd.valid()) throw system_error("memfd_create");
    if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) throw system_error("ftruncate");
    return fd;
}

UniqueFd make_log_memory(std::size_t ring_bytes) {
    UniqueFd fd = make_shared_memory("chatd-log", Log::memory_bytes(ring_bytes));
    write_header(fd.get(), ring_bytes, "chatd-log");
    return fd;
}

UniqueFd open_history(const std::string& path, std::optional<std::size_t> ring_bytes) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 && errno == ENOENT) {
        return make_history(path, ring_bytes.value_or(kHistoryBytes) / 8 * 8);
    }
    UniqueFd fd = open_locked(path, 0);
    check_history(fd.get(), path, ring_bytes);
    allocate(fd.get(), bytes_of(fd.get()), path);
    return fd;
}

bool put_on_disk(int fd) {
    return ::fdatasync(fd) == 0;
}

Mapping::Mapping(int fd) {
    const std::size_t bytes = bytes_of(fd);
    void* const begin = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (begin == MAP_FAILED) throw system_error("mmap");
    bytes_ = {static_cast<std::byte*>(begin), bytes};
}

Mapping::~Mapping() {
    (void)::munmap(bytes_.data(), bytes_.size());
}

}  // namespace chatd
