#include "parent/history.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <functional>
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

// --- Opening and locking. All of these functions throw SetupError.

struct stat status_of(int fd, const std::string& path) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) throw system_error(path);
    return status;
}

// Is the open file the one that has this name now?
bool is_named(int fd, const std::string& path) {
    struct stat named {};
    if (::stat(path.c_str(), &named) != 0) return false;
    const struct stat held = status_of(fd, path);
    return named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

std::string real_path(const std::string& path) {
    char real[PATH_MAX];
    if (::realpath(path.c_str(), real) != nullptr) return real;
    throw system_error("cannot open the history " + path, ExitStatus::Unavailable);
}

void lock(int fd, const std::string& path) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return;
    throw SetupError(ExitStatus::Unavailable,
                     path + " is in use by another chatd; choose another --history");
}

// Names the user, because an operator who started chatd as root expects that root may open it.
SetupError cannot_open(const std::string& path) {
    const int error = errno;
    const std::string as_whom =
        ::geteuid() == ::getuid() ? "" : " as user " + std::to_string(::geteuid()) + ", see --user";
    errno = error;
    return system_error("cannot open the history " + path + as_whom, ExitStatus::Unavailable);
}

struct OpenedFile {
    UniqueFd fd;       // locked
    std::string path;  // with links followed, because a link to the file has to stay a link
    bool made;         // the file is new, and empty
};

OpenedFile open_or_make(const std::string& path) {
    constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NONBLOCK;
    UniqueFd fd(::open(path.c_str(), kFlags));
    if (fd.valid()) return {std::move(fd), path, false};
    if (errno == ENOENT) fd.reset(::open(path.c_str(), kFlags | O_CREAT, 0600));
    if (!fd.valid()) throw cannot_open(path);
    return {std::move(fd), path, true};
}

OpenedFile open_and_lock(const std::string& path) {
    for (;;) {
        OpenedFile opened = open_or_make(path);
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

// --- A new file. All of these functions throw SetupError.

// Gives the file all its blocks now: when the disk is full, a write to a mapping without a block
// kills the broker by SIGBUS.
void allocate(int fd, std::size_t bytes, const std::string& path) {
    const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes));
    if (error == 0) return;
    throw SetupError(ExitStatus::Unavailable,
                     "no room for the history " + path + ": " + std::strerror(error) +
                         "; make room, or choose a smaller --history-size");
}

// Begins an empty log there, in a file of zeros.
void begin_log(int fd, std::size_t offset, std::size_t ring_bytes) {
    const LogHeader header = empty_log_header(ring_bytes);
    const ssize_t bytes = ::pwrite(fd, &header, sizeof header, static_cast<off_t>(offset));
    if (bytes != static_cast<ssize_t>(sizeof header)) throw system_error("the header of the log");
}

void begin_archive(int fd, std::size_t ring_bytes) {
    begin_log(fd, log_memory_bytes(ring_bytes), ring_bytes);
}

void sync_directory_of(const std::string& path) {
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // The file has its name already. If this fails, only a crash of the machine can take it back.
    if (fd.valid()) (void)::fsync(fd.get());
}

// Makes a new file beside `path` with the permissions of the file `old` and an empty log, has
// `fill` write to it, puts it on the disk, and gives it the name `path`. On any exception it
// removes the new file, and `path` has not changed. The result is open and locked.
UniqueFd replace(int old, const std::string& path, std::size_t ring_bytes,
                 const std::function<void(int fd)>& fill) {
    const mode_t mode = status_of(old, path).st_mode & 0777;
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
        allocate(fd.get(), HistorySize{ring_bytes}.bytes(), path);
        begin_log(fd.get(), 0, ring_bytes);
        begin_archive(fd.get(), ring_bytes);
        fault_point("parent:history-begun");
        fill(fd.get());
        if (::fsync(fd.get()) != 0) throw system_error("cannot write the history " + path);
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

// --- Repair

// Gives a damaged file a second name beside `path`, and returns that. The file has one already when
// a process died right after this. Throws SetupError.
std::string keep_damaged(int fd, const std::string& path) {
    for (int number = 1; number <= kDamagedHistoriesMax; ++number) {
        const std::string name = path + ".damaged-" + std::to_string(number);
        if (is_named(fd, name) || ::link(path.c_str(), name.c_str()) == 0) return name;
        if (errno != EEXIST) {
            throw system_error("cannot keep the damaged history as " + name,
                               ExitStatus::Unavailable);
        }
    }
    throw SetupError(ExitStatus::Unavailable, "too many damaged histories beside " + path +
                                                  "; look at them, and move them away");
}

// Fills the empty log in `successor` with all that was whole. Returns in words what was lost.
std::string restore(const Salvage& salvage, int successor) {
    const Mapping mapping(successor);
    Log log(mapping.bytes());
    const std::uint64_t kept = salvage.restore(log);
    log.note_synced();  // The file is put on the disk before any broker gets it.
    const Salvage::Loss loss = salvage.loss();
    return "history: " + std::to_string(loss.places) + " damaged " +
           (loss.places == 1 ? "place, " : "places, ") + (loss.is_upper_bound ? "up to " : "") +
           std::to_string(loss.bytes) + " bytes lost, " + std::to_string(kept) + " entries kept; ";
}

History repair(int fd, const std::string& path, const Salvage& salvage, std::size_t ring_bytes) {
    std::string news;
    UniqueFd repaired = replace(fd, path, ring_bytes, [&](int successor) {
        news = restore(salvage, successor);
        fault_point("parent:history-filled");
        news += "the damaged file is " + keep_damaged(fd, path);
    });
    return {std::move(repaired), news};
}

// --- A file at the start

// Bytes that cannot be read are 0.
LogHeader read_header(int fd, std::size_t offset = 0) {
    LogHeader header{};
    const ssize_t bytes = ::pread(fd, &header, sizeof header, static_cast<off_t>(offset));
    return bytes == static_cast<ssize_t>(sizeof header) ? header : LogHeader{};
}

bool has_archive(int fd, std::size_t ring_bytes) {
    const std::size_t log_bytes = log_memory_bytes(ring_bytes);
    const std::size_t bytes = file_bytes(fd);
    return bytes > log_bytes &&
           is_archive(read_header(fd, log_bytes), ring_bytes, bytes - log_bytes);
}

void check_size(std::size_t held, std::optional<std::size_t> wanted, const std::string& path) {
    if (!wanted || held == *wanted / 8 * 8) return;
    throw SetupError(ExitStatus::BadHistory,
                     path + " holds " + std::to_string(held) +
                         " bytes; leave --history-size away, or choose another --history");
}

// Begins an archive behind the log in a file that has none. When the disk has no room for it, the
// file is left as it was. Returns that in words.
std::string add_archive(int fd, std::size_t ring_bytes) {
    const auto bytes = static_cast<off_t>(HistorySize{ring_bytes}.bytes());
    if (const int error = ::posix_fallocate(fd, 0, bytes); error != 0) {
        if (::ftruncate(fd, static_cast<off_t>(log_memory_bytes(ring_bytes))) != 0) {
            throw system_error("cannot make the history shorter again");
        }
        return "history: no room for its archive: " + std::string(std::strerror(error)) +
               "; private words can push out what was said to all";
    }
    begin_archive(fd, ring_bytes);
    return {};
}

History take_up(UniqueFd fd, const std::string& path, std::optional<std::size_t> wanted) {
    if (is_whole_history(Mapping(fd.get(), Mapping::Stores::Private).bytes())) {
        const std::size_t ring_bytes = read_header(fd.get()).ring_bytes;
        check_size(ring_bytes, wanted, path);
        const std::string news =
            has_archive(fd.get(), ring_bytes) ? "" : add_archive(fd.get(), ring_bytes);
        allocate(fd.get(), file_bytes(fd.get()), path);
        return {std::move(fd), news};
    }
    const Mapping damaged(fd.get(), Mapping::Stores::Private);
    // A log is filled from its beginning on. A large file of something else is not read to its end.
    const std::size_t probe_bytes = std::min(damaged.bytes().size(), kHistoryProbeBytes);
    if (!Salvage(damaged.bytes().first(probe_bytes)).is_log()) {
        throw SetupError(ExitStatus::BadHistory,
                         path + " is not a history of chatd; choose another --history");
    }
    const Salvage salvage(damaged.bytes());
    return repair(fd.get(), path, salvage, wanted.value_or(salvage.ring_bytes()) / 8 * 8);
}

History begin(const OpenedFile& opened, std::size_t ring_bytes) {
    try {
        return {replace(opened.fd.get(), opened.path, ring_bytes / 8 * 8, [](int) {}), {}};
    } catch (const SetupError&) {
        if (opened.made) (void)::unlink(opened.path.c_str());
        throw;
    }
}

// --- A file in use

// The file is read and not mapped, because somebody who has cut it short may do so again.
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

History go_on_in_memory(const Salvage& salvage, const std::string& reason) {
    UniqueFd fd = make_log_memory(salvage.ring_bytes());
    const std::string news = restore(salvage, fd.get());
    return {std::move(fd), news + "they are in memory alone from now on: " + reason};
}

History repair_or_go_on(int fd, const std::string& path, const HistorySize& size) {
    const std::vector<std::byte> damaged = contents(fd, size.bytes());
    const Salvage salvage(damaged, size);
    fault_point("parent:history-read");
    try {
        const std::string real = real_path(path);
        if (!is_named(fd, real)) {
            throw SetupError(ExitStatus::Unavailable, path + " is another file now");
        }
        return repair(fd, real, salvage, salvage.ring_bytes());
    } catch (const SetupError& error) {
        return go_on_in_memory(salvage, error.what());
    }
}

}  // namespace

History open_history(const std::string& path, std::optional<std::size_t> ring_bytes) {
    OpenedFile opened = open_and_lock(path);
    if (file_bytes(opened.fd.get()) == 0) return begin(opened, ring_bytes.value_or(kHistoryBytes));
    return take_up(std::move(opened.fd), opened.path, ring_bytes);
}

bool is_intact_history(int fd, const HistorySize& size) {
    const LogHeader header = read_header(fd);
    return is_log(header, file_bytes(fd)) && header.ring_bytes == size.ring_bytes &&
           (!size.has_archive || has_archive(fd, size.ring_bytes));
}

History repair_history_in_use(int fd, const std::string& path, const HistorySize& size) {
    try {
        return repair_or_go_on(fd, path, size);
    } catch (const std::bad_alloc&) {
        return {make_log_memory(size.ring_bytes),
                "history: damaged, and no memory to repair it; the log goes on in memory, "
                "empty, and the next start repairs the file"};
    }
}

HistorySize size_of_history(int fd) {
    const LogHeader header = read_header(fd);
    if (is_log(header, SIZE_MAX)) return {header.ring_bytes, has_archive(fd, header.ring_bytes)};
    const std::size_t bytes = std::max(file_bytes(fd), log_memory_bytes(kHistoryBytes));
    return {(bytes - kLogHeaderBytes) / 8 * 8, false};
}

UniqueFd make_log_memory(std::size_t ring_bytes) {
    ring_bytes = ring_bytes / 8 * 8;
    UniqueFd fd = make_shared_memory("chatd-log", HistorySize{ring_bytes}.bytes());
    begin_log(fd.get(), 0, ring_bytes);
    begin_archive(fd.get(), ring_bytes);
    return fd;
}

}  // namespace chatd
