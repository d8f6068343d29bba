// The history's file: opening and locking it, and putting another file in its place.
//
// A file that is there is never changed here. A new one is made beside it, which takes its name
// when it is ready: if this process or the machine dies meanwhile, either the old or the new file
// is whole. All functions throw SetupError.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>

#include "sys/fd.h"

namespace chatd {

struct OpenedHistory {
    UniqueFd fd;       // locked
    std::string path;  // with links followed, because a link to the file has to stay a link
    bool made;         // the file is new, and empty
};

// Opens or makes the file at `path`, and locks it for as long as this or a copy of it is open.
[[nodiscard]] OpenedHistory open_history_file(const std::string& path);

// The path of an open file with links followed.
[[nodiscard]] std::string real_path(const std::string& path);

// Is the open file the one that has this name now?
[[nodiscard]] bool is_named(int fd, const std::string& path);

// The permissions of the file.
[[nodiscard]] mode_t mode_of(int fd, const std::string& path);

// Gives the file all its blocks now: when the disk is full, a write to a mapping without a block
// kills the broker by SIGBUS.
void allocate(int fd, std::size_t bytes, const std::string& path);

// Begins an empty log in a file of zeros.
void write_log_header(int fd, std::size_t ring_bytes);

// Gives a damaged file a second name beside `path`, and returns that. It has one already when a
// process died right after this.
[[nodiscard]] std::string keep_damaged(int fd, const std::string& path);

// Makes a new file beside `path` with an empty log, has `fill` write to it, puts it on the disk,
// and gives it the name `path`. On any exception it removes the new file, and `path` has not
// changed. The result is open and locked.
[[nodiscard]] UniqueFd replace_history(const std::string& path, std::size_t ring_bytes, mode_t mode,
                                       const std::function<void(int fd)>& fill);

}  // namespace chatd
