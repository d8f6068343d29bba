// AF_UNIX sockets between processes of chatd: the broker's listener and the directory of its file,
// and connected pairs.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "sys/fd.h"
#include "sys/socket_file.h"
#include "sys/user.h"

namespace chatd {

// Where sockets go without --run-dir: a directory of `new_user` alone, or without one of the user
// of this process.
[[nodiscard]] std::string default_run_directory(const std::optional<User>& new_user);

// A directory for sockets. If this object has made the directory, the same process removes it at
// the end, unless something is in it.
class LocalDirectory {
  public:
    // Makes the directory when it is not there (mode 0700), for the user that this process becomes.
    // Throws SetupError.
    explicit LocalDirectory(std::string path, const std::optional<User>& new_user = {});

    // A directory that another program of this process had before, and perhaps has made.
    LocalDirectory(std::string path, bool made);

    LocalDirectory(LocalDirectory&& other) noexcept;
    LocalDirectory& operator=(LocalDirectory&&) = delete;
    ~LocalDirectory();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] bool made() const { return made_; }

  private:
    std::string path_;
    bool made_ = false;
    pid_t owner_;
};

// The broker's listening socket, with its file and the directory of that.
class LocalListener {
  public:
    // Listens at `name` in the directory: see listen_at(). Throws SetupError, also when others may
    // enter the directory.
    LocalListener(LocalDirectory directory, const std::string& name);

    // A listener that another program of this process had before.
    struct Inherited {
        LocalDirectory directory;
        std::string path;
        UniqueFd fd;
        UniqueFd place;
    };
    explicit LocalListener(Inherited inherited);

    // See SocketFile.
    void stop() { file_.stop(); }

    [[nodiscard]] int fd() const { return file_.fd(); }

    // The socket's file, open (O_PATH), for connect_local(): good also when somebody has removed or
    // moved the file, as programs that clean /tmp do.
    [[nodiscard]] int place() const { return place_.get(); }
    [[nodiscard]] const std::string& path() const { return file_.name(); }
    [[nodiscard]] const LocalDirectory& directory() const { return directory_; }

  private:
    LocalDirectory directory_;
    SocketFile file_;
    UniqueFd place_;
};

// Two connected stream sockets. Throws SetupError.
struct SocketPair {
    UniqueFd first;
    UniqueFd second;
};
[[nodiscard]] SocketPair make_socket_pair();

// The process that connected, as the kernel says (unix(7), SO_PEERCRED). None: it is of another
// user, who is not root. Root can become this user anyway.
[[nodiscard]] std::optional<pid_t> peer_pid(int socket);

}  // namespace chatd
