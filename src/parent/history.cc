#include "parent/history.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "base/bounds.h"
#include "base/fault.h"
#include "log/log.h"
#include "log/salvage.h"
#include "sys/error.h"
#include "sys/memory.h"

namespace chatd {
namespace {

// --- Files

struct stat status_of(int fd, const std::string& path) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) throw system_error(path);
    return status;
}

bool is_named(int fd, const std::string& path) {
    struct stat named {};
    if (::stat(path.c_str(), &named) != 0) return false;
    const struct stat held = status_of(fd, path);
    return named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

// Where it really lies: a link to it shall stay one.
std::string real_path(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           &std::free);
    if (!real) throw system_error("cannot open the history " + path, ExitStatus::Unavailable);
    return real.get();
}

void lock(int fd, const std::string& path) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return;
    throw SetupError(ExitStatus::Unavailable,
                     path + " is in use by another chatd; choose another --history");
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

void sync(int fd, const std::string& path) {
    if (::fsync(fd) != 0) throw system_error("cannot write the history " + path);
}

void sync_directory_of(const std::string& path) {
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // What has its name has it: only a crash of the whole machine could still take it back.
    if (fd.valid()) (void)::fsync(fd.get());
}

// --- Opening

struct Opened {
    UniqueFd fd;
    bool made;
};

// Who started chatd as root may wonder what root may not open.
SetupError cannot_open(const std::string& path) {
    const int error = errno;
    const std::string as_whom =
        ::geteuid() == ::getuid() ? "" : " as user " + std::to_string(::geteuid()) + ", see --user";
    errno = error;
    return system_error("cannot open the history " + path + as_whom, ExitStatus::Unavailable);
}

Opened open_or_make(const std::string& path) {
    constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NONBLOCK;
    UniqueFd fd(::open(path.c_str(), kFlags));
    if (fd.valid()) return {std::move(fd), false};
    if (errno == ENOENT) fd.reset(::open(path.c_str(), kFlags | O_CREAT, 0600));
    if (!fd.valid()) throw cannot_open(path);
    return {std::move(fd), true};
}

Opened open_locked(const std::string& path) {
    for (;;) {
        Opened opened = open_or_make(path);
        if (!S_ISREG(status_of(opened.fd.get(), path).st_mode)) {
            throw SetupError(ExitStatus::BadHistory,
                             path + " is not a file; choose another --history");
        }
        lock(opened.fd.get(), path);
        // Whoever had it may have put a new one in its place just before.
        if (is_named(opened.fd.get(), path)) return opened;
    }
}

void check_size(std::size_t held, std::optional<std::size_t> wanted, const std::string& path) {
    if (!wanted || held == *wanted / 8 * 8) return;
    throw SetupError(ExitStatus::BadHistory,
                     path + " holds " + std::to_string(held) +
                         " bytes; leave --history-size away, or choose another --history");
}

// --- A new file in the place of one that is empty or damaged

// A file that is to take the place of `path`, and goes away unless it does.
class Successor {
  public:
    Successor(const std::string& path, std::size_t ring_bytes, mode_t mode)
        : path_(path), own_path_(path + ".new") {
        // It may be there, of somebody who died at it.
        constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
        fd_.reset(::open(own_path_.c_str(), kFlags, 0600));
        if (!fd_.valid()) throw refused();
        lock(fd_.get(), own_path_);
        try {
            if (::ftruncate(fd_.get(), 0) != 0 || ::fchmod(fd_.get(), mode & 0777) != 0) {
                throw refused();
            }
            allocate(fd_.get(), log_memory_bytes(ring_bytes), path_);
            write_log_header(fd_.get(), ring_bytes);
            fault_point("parent:history-begun");
        } catch (const SetupError&) {
            remove();
            throw;
        }
    }

    Successor(const Successor&) = delete;
    Successor& operator=(const Successor&) = delete;

    ~Successor() {
        if (fd_.valid()) remove();
    }

    [[nodiscard]] int fd() const { return fd_.get(); }

    UniqueFd succeed() {
        sync(fd_.get(), path_);
        fault_point("parent:history-ready");
        if (::rename(own_path_.c_str(), path_.c_str()) != 0) throw refused();
        fault_point("parent:history-renamed");
        sync_directory_of(path_);
        return std::move(fd_);
    }

  private:
    [[nodiscard]] SetupError refused() const {
        return system_error("cannot make the history " + own_path_, ExitStatus::Unavailable);
    }

    void remove() const { (void)::unlink(own_path_.c_str()); }

    std::string path_;
    std::string own_path_;
    UniqueFd fd_;
};

UniqueFd make_history(const std::string& path, std::size_t ring_bytes, mode_t mode) {
    return Successor(path, ring_bytes, mode).succeed();
}

// One name more for the damaged file, which loses its own. It has that already when somebody died
// right after this.
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

std::uint64_t restore(const Salvage& salvage, int fd) {
    const Mapping mapping(fd);
    Log log(mapping.bytes());
    const std::uint64_t kept = salvage.restore(log);
    log.note_synced();  // It is put on the disk before it is anybody's log.
    return kept;
}

std::string loss_in_words(const Salvage& salvage, std::uint64_t kept) {
    const Salvage::Loss loss = salvage.loss();
    return "history: " + std::to_string(loss.places) + " damaged " +
           (loss.places == 1 ? "place, " : "places, ") + std::to_string(loss.bytes) +
           " bytes lost, " + std::to_string(kept) + " entries kept; ";
}

History repair(int fd, const std::string& path, const Salvage& salvage, std::size_t ring_bytes) {
    Successor successor(path, ring_bytes, status_of(fd, path).st_mode);
    const std::uint64_t kept = restore(salvage, successor.fd());
    fault_point("parent:history-filled");
    const std::string damaged = keep_damaged(fd, path);
    return {successor.succeed(), loss_in_words(salvage, kept) + "the damaged file is " + damaged};
}

bool is_whole(int fd) {
    const Mapping copy(fd, Mapping::Stores::Private);
    return is_whole_log(copy.bytes());
}

History take_up(UniqueFd fd, const std::string& path, std::optional<std::size_t> wanted) {
    if (is_whole(fd.get())) {
        check_size(file_bytes(fd.get()) - kLogHeaderBytes, wanted, path);
        allocate(fd.get(), file_bytes(fd.get()), path);
        return {std::move(fd), {}};
    }
    const Mapping damaged(fd.get(), Mapping::Stores::Private);
    const Salvage salvage(damaged.bytes());
    if (!salvage.is_log()) {
        throw SetupError(ExitStatus::BadHistory,
                         path + " is not a history of chatd; choose another --history");
    }
    return repair(fd.get(), path, salvage, wanted.value_or(salvage.ring_bytes()) / 8 * 8);
}

// --- A file in use

bool stands(int fd, std::size_t log_bytes) {
    LogHeader header{};
    const bool read = ::pread(fd, &header, sizeof header, 0) == static_cast<ssize_t>(sizeof header);
    return read && is_log(header, file_bytes(fd)) &&
           log_memory_bytes(header.ring_bytes) == log_bytes;
}

// Read, not mapped: who cut it short may do so again.
std::vector<std::byte> contents(int fd, std::size_t bytes_max) {
    std::vector<std::byte> bytes(std::min(file_bytes(fd), bytes_max));
    std::size_t filled = 0;
    while (filled < bytes.size()) {
        const ssize_t got =
            ::pread(fd, bytes.data() + filled, bytes.size() - filled, static_cast<off_t>(filled));
        if (got <= 0) break;
        filled += static_cast<std::size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
}

History repair_in_use(int fd, const std::string& path, const Salvage& salvage) {
    const std::string real = real_path(path);
    if (!is_named(fd, real)) {
        throw SetupError(ExitStatus::Unavailable, path + " is another file now");
    }
    return repair(fd, real, salvage, salvage.ring_bytes());
}

History go_on_in_memory(const Salvage& salvage, const std::string& reason) {
    UniqueFd fd = make_log_memory(salvage.ring_bytes());
    const std::uint64_t kept = restore(salvage, fd.get());
    return {std::move(fd),
            loss_in_words(salvage, kept) + "they are in memory alone from now on: " + reason};
}

History mend(int fd, const std::string& path, std::size_t log_bytes) {
    const std::vector<std::byte> damaged = contents(fd, log_bytes);
    const Salvage salvage(damaged, log_bytes - kLogHeaderBytes);
    fault_point("parent:history-read");
    try {
        return repair_in_use(fd, path, salvage);
    } catch (const SetupError& error) {
        return go_on_in_memory(salvage, error.what());
    }
}

}  // namespace

History open_history(const std::string& path, std::optional<std::size_t> ring_bytes) {
    Opened opened = open_locked(path);
    const std::string real = real_path(path);
    if (file_bytes(opened.fd.get()) != 0) return take_up(std::move(opened.fd), real, ring_bytes);
    try {
        const mode_t mode = status_of(opened.fd.get(), real).st_mode;
        return {make_history(real, ring_bytes.value_or(kHistoryBytes) / 8 * 8, mode), {}};
    } catch (const SetupError&) {
        if (opened.made) (void)::unlink(real.c_str());
        throw;
    }
}

std::optional<History> mend_history(int fd, const std::string& path, std::size_t log_bytes) {
    if (stands(fd, log_bytes)) return std::nullopt;
    try {
        return mend(fd, path, log_bytes);
    } catch (const std::bad_alloc&) {
        return History{make_log_memory(log_bytes - kLogHeaderBytes),
                       "history: damaged, and no memory to repair it; the log goes on in memory, "
                       "empty, and the next start repairs the file"};
    }
}

}  // namespace chatd
