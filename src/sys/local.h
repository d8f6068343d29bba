// AF_UNIX sockets: the broker's, and the directory it lies in.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "sys/fd.h"
#include "sys/user.h"

namespace chatd {

// Where sockets go unless --run-dir says otherwise: a directory of this user alone, or of the one
// that this process is to become.
[[nodiscard]] std::string default_run_directory(const std::optional<User>& becomes);

// A directory for sockets. One that was made for it is gone when this is destroyed by the process
// that made it.
class LocalDirectory {
  public:
    // Makes it when it is not there (mode 0700), for the user that this process is to become.
    // Throws SetupError.
    explicit LocalDirectory(std::string path, const std::optional<User>& becomes = {});

    // One that another program of this process had before.
    LocalDirectory(std::string path, bool made);

    LocalDirectory(LocalDirectory&& other) noexcept;
    LocalDirectory& operator=(LocalDirectory&&) = delete;
    ~LocalDirectory();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] bool made() const { return made_; }
    [[nodiscard]] bool is_of_this_process() const;

  private:
    std::string path_;
    bool made_ = false;
    pid_t owner_;
};

// A socket bound to a path. A socket file that nobody listens on is a dead server's and is
// replaced; whoever does that takes care to be alone. Throws SetupError, which says to choose
// another `option`; nothing on the disk has changed then.
[[nodiscard]] UniqueFd bind_local(const std::string& path, const char* option);

// A listening socket at a path; the file is gone when this is destroyed by the process that made
// it.
class LocalListener {
  public:
    // Binds `name` in the directory. One that others may enter is refused. A socket file that
    // nobody listens on is a dead server's and is replaced. Throws SetupError; nothing on the disk
    // has changed then.
    LocalListener(LocalDirectory directory, const std::string& name);

    // One that another program of this process had before.
    struct Inherited {
        LocalDirectory directory;
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
    [[nodiscard]] const LocalDirectory& directory() const { return directory_; }

  private:
    LocalDirectory directory_;
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

// The process that connected, if it is of our user, or root's, who can become us; the kernel
// vouches for it (unix(7), SO_PEERCRED).
[[nodiscard]] std::optional<pid_t> peer_pid(int socket);

}  // namespace chatd
