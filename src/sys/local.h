// The broker's AF_UNIX socket and the directory it lies in.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "sys/fd.h"

namespace chatd {

// Where sockets go unless --run-dir says otherwise: a directory of this user alone.
[[nodiscard]] std::string default_run_directory();

// A listening socket at a path; the file, and the directory if it was made for it, are gone when
// this is destroyed by the process that made it.
class LocalListener {
  public:
    // Makes the directory when it is not there (mode 0700) and binds `directory`/`name`. A
    // directory that others may enter is refused. A socket file that nobody listens on is a dead
    // server's and is replaced. Throws SetupError; nothing on the disk has changed then.
    LocalListener(const std::string& directory, const std::string& name);

    // One that another program of this process had before.
    struct Inherited {
        std::string directory;
        bool made_directory;
        std::string path;
        UniqueFd fd;
        UniqueFd place;
    };
    explicit LocalListener(Inherited inherited);
    ~LocalListener();

    LocalListener(const LocalListener&) = delete;
    LocalListener& operator=(const LocalListener&) = delete;

    // Ends the connections that wait, and those to come.
    void stop() { fd_.reset(); }

    [[nodiscard]] int fd() const { return fd_.get(); }

    // A descriptor of the place in the file system, to connect to: good also when somebody has
    // removed or moved the file, as those who clean /tmp do.
    [[nodiscard]] int place() const { return place_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const std::string& directory() const { return directory_.path; }
    [[nodiscard]] bool made_directory() const { return directory_.made; }

  private:
    // A directory that is removed again if it was made for this.
    struct Directory {
        Directory(std::string path, bool made);
        ~Directory();
        Directory(const Directory&) = delete;
        Directory& operator=(const Directory&) = delete;

        const std::string path;
        const bool made;
        const pid_t owner;
    };

    Directory directory_;
    std::string path_;
    UniqueFd fd_;
    UniqueFd place_;
};

struct Connected {
    UniqueFd fd;  // invalid: see error
    int error;    // an errno; EAGAIN: the backlog is full
};

[[nodiscard]] Connected connect_local(int place);

// Two connected stream sockets.
struct SocketPair {
    UniqueFd first;
    UniqueFd second;
};
[[nodiscard]] SocketPair make_socket_pair();

// The process that connected, if it is of our user; the kernel vouches for it (unix(7),
// SO_PEERCRED).
[[nodiscard]] std::optional<pid_t> peer_pid(int socket);

}  // namespace chatd
