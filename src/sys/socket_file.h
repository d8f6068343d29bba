// AF_UNIX sockets with a name in the file system: one owner for their files.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "sys/fd.h"
#include "sys/user.h"

namespace chatd {

// A listening socket and its file. The process that made this object removes the file at the end,
// if it still may; a child that destroys its copy does not.
class SocketFile {
  public:
    // `name` is a path, or with a directory the name of a file there. The descriptor of a directory
    // is good also when the directory was moved, or is out of reach for a user that has changed.
    SocketFile(UniqueFd fd, UniqueFd directory, std::string name);
    ~SocketFile();

    SocketFile(const SocketFile&) = delete;
    SocketFile& operator=(const SocketFile&) = delete;

    // Closes the socket: ends the connections that wait, and all later ones fail. The file stays.
    void stop() { fd_.reset(); }

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] int directory() const { return directory_.get(); }  // -1: name() is a path
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    UniqueFd fd_;
    UniqueFd directory_;
    std::string name_;
    pid_t owner_;
};

// Listens on a new socket at `path`, which lies in the open directory `directory`. When nobody
// listens on a socket file that is there, a dead server has left it, and it is replaced. The new
// file belongs to `new_user`, if there is one. Throws SetupError, which tells the operator to
// choose another value of `option`.
[[nodiscard]] UniqueFd listen_at(const std::string& path, int directory, const char* option,
                                 const std::optional<User>& new_user = {});

struct Connected {
    UniqueFd fd;  // invalid: see error
    int error;    // an errno; EAGAIN: the backlog is full
};

// Connects to the socket whose file is open as `place` (O_PATH). Never waits.
[[nodiscard]] Connected connect_local(int place);

}  // namespace chatd
