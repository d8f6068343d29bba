#include "parent/history.h"

#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "base/fault.h"
#include "log/log.h"
#include "log/salvage.h"
#include "parent/history_file.h"
#include "sys/error.h"
#include "sys/memory.h"

namespace chatd {
namespace {

// --- Repair

std::uint64_t restore(const Salvage& salvage, int fd) {
    const Mapping mapping(fd);
    Log log(mapping.bytes());
    const std::uint64_t kept = salvage.restore(log);
    log.note_synced();  // The file is put on the disk before any broker gets it.
    return kept;
}

std::string loss_in_words(const Salvage& salvage, std::uint64_t kept) {
    const Salvage::Loss loss = salvage.loss();
    return "history: " + std::to_string(loss.places) + " damaged " +
           (loss.places == 1 ? "place, " : "places, ") + std::to_string(loss.bytes) +
           " bytes lost, " + std::to_string(kept) + " entries kept; ";
}

History repair(int fd, const std::string& path, const Salvage& salvage, std::size_t ring_bytes) {
    std::uint64_t kept = 0;
    std::string damaged;
    const auto fill = [&](int successor) {
        kept = restore(salvage, successor);
        fault_point("parent:history-filled");
        damaged = keep_damaged(fd, path);
    };
    UniqueFd repaired = replace_history(path, ring_bytes, mode_of(fd, path), fill);
    return {std::move(repaired), loss_in_words(salvage, kept) + "the damaged file is " + damaged};
}

// --- A file at the start

bool is_whole(int fd) {
    const Mapping copy(fd, Mapping::Stores::Private);
    return is_whole_log(copy.bytes());
}

void check_size(std::size_t held, std::optional<std::size_t> wanted, const std::string& path) {
    if (!wanted || held == *wanted / 8 * 8) return;
    throw SetupError(ExitStatus::BadHistory,
                     path + " holds " + std::to_string(held) +
                         " bytes; leave --history-size away, or choose another --history");
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

History begin(const OpenedHistory& opened, std::size_t ring_bytes) {
    try {
        const mode_t mode = mode_of(opened.fd.get(), opened.path);
        return {replace_history(opened.path, ring_bytes / 8 * 8, mode, [](int) {}), {}};
    } catch (const SetupError&) {
        if (opened.made) (void)::unlink(opened.path.c_str());
        throw;
    }
}

// --- A file in use

bool is_intact(int fd, std::size_t log_bytes) {
    LogHeader header{};
    const bool read = ::pread(fd, &header, sizeof header, 0) == static_cast<ssize_t>(sizeof header);
    return read && is_log(header, file_bytes(fd)) &&
           log_memory_bytes(header.ring_bytes) == log_bytes;
}

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

History repair_in_place(int fd, const std::string& path, const Salvage& salvage) {
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

History repair_or_go_on(int fd, const std::string& path, std::size_t log_bytes) {
    const std::vector<std::byte> damaged = contents(fd, log_bytes);
    const Salvage salvage(damaged, log_bytes - kLogHeaderBytes);
    fault_point("parent:history-read");
    try {
        return repair_in_place(fd, path, salvage);
    } catch (const SetupError& error) {
        return go_on_in_memory(salvage, error.what());
    }
}

}  // namespace

History open_history(const std::string& path, std::optional<std::size_t> ring_bytes) {
    OpenedHistory opened = open_history_file(path);
    if (file_bytes(opened.fd.get()) == 0) return begin(opened, ring_bytes.value_or(kHistoryBytes));
    return take_up(std::move(opened.fd), opened.path, ring_bytes);
}

std::optional<History> repair_history_in_use(int fd, const std::string& path,
                                             std::size_t log_bytes) {
    if (is_intact(fd, log_bytes)) return std::nullopt;
    try {
        return repair_or_go_on(fd, path, log_bytes);
    } catch (const std::bad_alloc&) {
        return History{make_log_memory(log_bytes - kLogHeaderBytes),
                       "history: damaged, and no memory to repair it; the log goes on in memory, "
                       "empty, and the next start repairs the file"};
    }
}

UniqueFd make_log_memory(std::size_t ring_bytes) {
    UniqueFd fd = make_shared_memory("chatd-log", log_memory_bytes(ring_bytes));
    write_log_header(fd.get(), ring_bytes);
    return fd;
}

}  // namespace chatd
