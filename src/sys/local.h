// Connections between processes of one machine: AF_UNIX sockets, with their files and directories,
// and the wakeup of the parent.
#pragma once

#include <sys/eventfd.h>
#include <sys/types.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/privilege.h"

namespace chatd {

// A listening socket and its file. The process that made this object removes the file at the end,
// if it still may; a child that destroys its copy does not.
class SocketFile {
  public:
    // `name` is a path, or with a directory the name of a file there. The descriptor of a directory
    // is good also when the directory was moved, or is out of reach for a user that has changed.
    SocketFile(UniqueFd fd, UniqueFd directory, std::string name)
        : fd_(std::move(fd)), directory_(std::move(directory)), name_(std::move(name)) {}
    SocketFile(SocketFile&& other) noexcept;
    SocketFile& operator=(SocketFile&&) = delete;
    ~SocketFile();

    // Closes the socket: ends the connections that wait, and all later ones fail. The file stays.
    void stop() { fd_.reset(); }

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] int directory() const { return directory_.get(); }  // -1: name() is a path
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] int at() const;  // with name(), for unlinkat(2) and its like

  private:
    UniqueFd fd_;
    UniqueFd directory_;
    std::string name_;
    pid_t owner_ = ::getpid();
};

// Listens on a new socket at `path`. With a `directory`, in which `path` lies, the file is removed
// from there: see SocketFile. A socket file that is there and on which nobody listens was left by a
// dead server, and is replaced. The new file belongs to `new_user`, if there is one. Never waits.
// Throws SetupError, which tells the operator to choose another value of `option`; then no new file
// is left.
[[nodiscard]] SocketFile listen_at(const std::string& path, const char* option,
                                   UniqueFd directory = {},
                                   const std::optional<User>& new_user = {});

struct Connected {
    UniqueFd fd;  // invalid: see error
    int error;    // an errno; EAGAIN: the backlog is full
};

// Connects to the socket whose file is open as `place` (O_PATH). Never waits.
[[nodiscard]] Connected connect_local(int place);

// The directory for sockets without --run-dir. It belongs to `new_user` alone or, if there is none,
// to the user of this process.
[[nodiscard]] std::string default_run_directory(const std::optional<User>& new_user);

// A directory for sockets. If this object has made the directory, the same process removes it at
// the end, unless something is in it.
class LocalDirectory {
  public:
    // Makes the directory when it is not there (mode 0700), for the user that this process becomes.
    // Throws SetupError.
    explicit LocalDirectory(std::string path, const std::optional<User>& new_user = {});

    // A directory that another program of this process had before, and perhaps has made.
    LocalDirectory(std::string path, bool made) : path_(std::move(path)), made_(made) {}
    LocalDirectory(LocalDirectory&& other) noexcept;
    LocalDirectory& operator=(LocalDirectory&&) = delete;
    ~LocalDirectory();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] bool made() const { return made_; }

  private:
    std::string path_;
    bool made_ = false;
    pid_t owner_ = ::getpid();
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
    explicit LocalListener(Inherited inherited)
        : directory_(std::move(inherited.directory)),
          file_(std::move(inherited.fd), UniqueFd(), std::move(inherited.path)),
          place_(std::move(inherited.place)) {}

    void stop() { file_.stop(); }  // see SocketFile
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

// A listener that no name leads to, and that leaves nothing behind: whoever has its place can
// connect to it, see connect_local(). `directory`: that of `new_user` or, if there is none, of the
// user of this process, see LocalDirectory. Throws SetupError.
struct NamelessListener {
    UniqueFd fd;
    UniqueFd place;
};
[[nodiscard]] NamelessListener listen_without_name(const std::string& directory,
                                                   const std::optional<User>& new_user = {});

// Two connected stream sockets. Throws SetupError; the other one returns invalid descriptors, and
// errno says why.
struct SocketPair {
    UniqueFd first;
    UniqueFd second;
};
[[nodiscard]] SocketPair make_socket_pair();
[[nodiscard]] SocketPair try_socket_pair();

// Sends an open descriptor to the process at the other end, which gets one of its own (unix(7),
// SCM_RIGHTS). False: it could not be sent.
[[nodiscard]] bool send_descriptor(int socket, int fd);

// The descriptor that was sent; invalid: none was. Never waits.
[[nodiscard]] UniqueFd receive_descriptor(int socket);

// The process that connected, as the kernel says (unix(7), SO_PEERCRED). None: it is of another
// user, who is not root. Root can become this user anyway.
[[nodiscard]] std::optional<pid_t> peer_pid(int socket);

// The wakeup: a worker that waits for the broker in vain, or that is to remove its client, wakes
// the parent with it. It carries no data, not even which worker it was, and is readable (poll(2))
// from the first wake() until clear_wakeup(), and writable otherwise: so a worker can wait until
// the parent has been awake. Making it throws SetupError; the others neither wait nor fail.
[[nodiscard]] inline UniqueFd make_wakeup() {
    UniqueFd wakeup(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!wakeup.valid()) throw system_error("eventfd");
    return wakeup;
}

inline void wake(int wakeup) {
    (void)::eventfd_write(wakeup, UINT64_MAX - 1);  // EAGAIN: its count is full already.
}
inline void clear_wakeup(int wakeup) {
    eventfd_t count = 0;
    (void)::eventfd_read(wakeup, &count);  // EAGAIN: nobody has called wake().
}

}  // namespace chatd
