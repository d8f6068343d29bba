#include "parent/history_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "base/bounds.h"
#include "base/fault.h"
#include "log/log.h"
#include "sys/error.h"

namespace chatd {
namespace {

struct stat status_of(int fd, const std::string& path) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) throw system_error(path);
    return status;
}

void lock(int fd, const std::string& path) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return;
    throw SetupError(ExitStatus::Unavailable,
                     path + " is in use by another chatd; choose another --history");
}

void sync(int fd, const std::string& path) {
    if (::fsync(fd) != 0) throw system_error("cannot write the history " + path);
}

void sync_directory_of(const std::string& path) {
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // The file has its name already: without this only a crash of the machine could take it back.
    if (fd.valid()) (void)::fsync(fd.get());
}

// An operator who started chatd as root may wonder which file root may not open.
SetupError cannot_open(const std::string& path) {
    const int error = errno;
    const std::string as_whom =
        ::geteuid() == ::getuid() ? "" : " as user " + std::to_string(::geteuid()) + ", see --user";
    errno = error;
    return system_error("cannot open the history " + path + as_whom, ExitStatus::Unavailable);
}

OpenedHistory open_or_make(const std::string& path) {
    constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NONBLOCK;
    UniqueFd fd(::open(path.c_str(), kFlags));
    if (fd.valid()) return {std::move(fd), path, false};
    if (errno == ENOENT) fd.reset(::open(path.c_str(), kFlags | O_CREAT, 0600));
    if (!fd.valid()) throw cannot_open(path);
    return {std::move(fd), path, true};
}

}  // namespace

OpenedHistory open_history_file(const std::string& path) {
    for (;;) {
        OpenedHistory opened = open_or_make(path);
        if (!S_ISREG(status_of(opened.fd.get(), path).st_mode)) {
            throw SetupError(ExitStatus::BadHistory,
                             path + " is not a file; choose another --history");
        }
        lock(opened.fd.get(), path);
        // The process that had the lock before may have put another file in this one's place.
        if (!is_named(opened.fd.get(), path)) continue;
        opened.path = real_path(path);
        return opened;
    }
}

std::string real_path(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           &std::free);
    if (!real) throw system_error("cannot open the history " + path, ExitStatus::Unavailable);
    return real.get();
}

bool is_named(int fd, const std::string& path) {
    struct stat named {};
    if (::stat(path.c_str(), &named) != 0) return false;
    const struct stat held = status_of(fd, path);
    return named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

mode_t mode_of(int fd, const std::string& path) {
    return status_of(fd, path).st_mode & 0777;
}

void allocate(int fd, std::size_t bytes, const std::string& path) {
    const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes));
    if (error == 0) return;
    throw SetupError(ExitStatus::Unavailable,
                     "no room for the history " + path + ": " + std::strerror(error) +
                         "; make room, or choose a smaller --history-size");
}

void write_log_header(int fd, std::size_t ring_bytes) {
    const LogHeader header = empty_log_header(ring_bytes);
    if (::pwrite(fd, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header)) {
        throw system_error("the header of the log");
    }
}

std::string keep_damaged(int fd, const std::string& path) {
    for (int number = 1; number <= kDamagedHistoriesMax; ++number) {
        const std::string name = path + ".damaged-" + std::to_string(number);
        if (is_named(fd, name)) return name;
        if (::link(path.c_str(), name.c_str()) == 0) return name;
        if (errno != EEXIST) {
            throw system_error("cannot keep the damaged history as " + name,
                               ExitStatus::Unavailable);
        }
    }
    throw SetupError(ExitStatus::Unavailable, "too many damaged histories beside " + path +
                                                  "; look at them, and move them away");
}

UniqueFd replace_history(const std::string& path, std::size_t ring_bytes, mode_t mode,
                         const std::function<void(int fd)>& fill) {
    const std::string own_path = path + ".new";
    const auto error = [&own_path] {
        return system_error("cannot make the history " + own_path, ExitStatus::Unavailable);
    };
    // A process that died before its file was ready may have left one here.
    constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    UniqueFd fd(::open(own_path.c_str(), kFlags, 0600));
    if (!fd.valid()) throw error();
    lock(fd.get(), own_path);
    try {
        if (::ftruncate(fd.get(), 0) != 0 || ::fchmod(fd.get(), mode) != 0) throw error();
        allocate(fd.get(), log_memory_bytes(ring_bytes), path);
        write_log_header(fd.get(), ring_bytes);
        fault_point("parent:history-begun");
        fill(fd.get());
        sync(fd.get(), path);
        fault_point("parent:history-ready");
        if (::rename(own_path.c_str(), path.c_str()) != 0) throw error();
    } catch (...) {
        (void)::unlink(own_path.c_str());
        throw;
    }
    fault_point("parent:history-renamed");
    sync_directory_of(path);
    return fd;
}

}  // namespace chatd
