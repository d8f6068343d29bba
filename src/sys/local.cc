#include "sys/local.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>

namespace chatd {
namespace {

SetupError bad_directory(const std::string& problem, const char* option = "--run-dir") {
    return {ExitStatus::BadDirectory, problem + "choose another " + option};
}

sockaddr_un address_of(const std::string& path, const char* option) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        throw bad_directory(path + ": the path is too long for a socket; ", option);
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

UniqueFd make_socket() {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

bool connect_to(const UniqueFd& fd, const sockaddr_un& address) {
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// Held while a server looks for a stale file at `path`: otherwise two that look at the same time
// could each remove the other's new socket. It is a file of its own beside that one, because
// everybody who may read the directory could lock the directory, for ever. Never waits: whoever
// holds the lock is about to take the same path.
class PathLock {
  public:
    PathLock(const std::string& path, const char* option) : path_(path + ".lock") {
        constexpr int kFlags = O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        struct stat status {};
        do {
            fd_.reset(::open(path_.c_str(), kFlags, 0600));
            if (!fd_.valid()) throw system_error(option + (": " + path_), ExitStatus::BadDirectory);
            if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) throw is_taken(option);
            if (::fstat(fd_.get(), &status) != 0) throw system_error(path_);
        } while (status.st_nlink == 0);  // Whoever held it before has removed it meanwhile.
    }
    ~PathLock() { (void)::unlink(path_.c_str()); }
    PathLock(const PathLock&) = delete;
    PathLock& operator=(const PathLock&) = delete;

  private:
    [[nodiscard]] SetupError is_taken(const char* option) const {
        return {ExitStatus::Unavailable,
                path_ + " is locked: another chatd starts there; choose another " + option};
    }

    std::string path_;
    UniqueFd fd_;
};

// Removes the socket file of a dead server.
void remove_stale(const std::string& path, const sockaddr_un& address, const char* option) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return;
    if (!S_ISSOCK(status.st_mode)) {
        throw bad_directory(path + " is in the way and no socket; move it, or ", option);
    }
    const UniqueFd probe = make_socket();
    if (!probe.valid()) throw system_error("socket");
    if (connect_to(probe, address) || errno != ECONNREFUSED) {
        throw SetupError(ExitStatus::Unavailable,
                         path + " is in use by another chatd; choose another " + option);
    }
    if (::unlink(path.c_str()) != 0) throw system_error(path, ExitStatus::BadDirectory);
}

UniqueFd bind_to(const std::string& path, const char* option) {
    const sockaddr_un address = address_of(path, option);
    remove_stale(path, address, option);
    UniqueFd fd = make_socket();
    if (!fd.valid()) throw system_error("socket");
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw system_error(path, ExitStatus::BadDirectory);
    }
    return fd;
}

// Whoever can make files in the directory could put another socket in the place of the broker's, so
// it must be this user's alone.
void expect_private(const std::string& path) {
    const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory.valid()) {
        throw system_error(path + " is no directory of ours; choose another --run-dir",
                           ExitStatus::BadDirectory);
    }
    struct stat status {};
    if (::fstat(directory.get(), &status) != 0) throw system_error(path);
    if (status.st_uid != ::geteuid()) throw bad_directory(path + " belongs to somebody else; ");
    if ((status.st_mode & 077) != 0) {
        throw bad_directory(path + " is open to others; chmod 700 it, or ");
    }
}

SocketFile listen_in(const std::string& directory, const std::string& name) {
    expect_private(directory);
    return listen_at(directory + '/' + name, "--run-dir");
}

}  // namespace

SocketFile::SocketFile(SocketFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      directory_(std::move(other.directory_)),
      name_(std::exchange(other.name_, {})),
      owner_(other.owner_) {}

SocketFile::~SocketFile() {
    if (::getpid() == owner_ && !name_.empty()) (void)::unlinkat(at(), name_.c_str(), 0);
}

int SocketFile::at() const {
    return directory_.valid() ? directory_.get() : AT_FDCWD;
}

SocketFile listen_at(const std::string& path, const char* option, UniqueFd directory,
                     const std::optional<User>& new_user) {
    const PathLock lock(path, option);
    // npos + 1 is 0
    std::string name = directory.valid() ? path.substr(path.rfind('/') + 1) : path;
    SocketFile file(bind_to(path, option), std::move(directory), std::move(name));
    // That user can remove the file at the end, also in a sticky directory such as /tmp.
    if (new_user && ::fchownat(file.at(), file.name().c_str(), new_user->uid, new_user->gid,
                               AT_SYMLINK_NOFOLLOW) != 0) {
        throw system_error(std::string(option) + ": " + path, ExitStatus::BadDirectory);
    }
    if (::listen(file.fd(), SOMAXCONN) != 0) throw system_error("listen");
    return file;
}

// The kernel follows this path to what is open there, whatever its name is by now (proc(5)).
Connected connect_local(int place) {
    const sockaddr_un address = address_of("/proc/self/fd/" + std::to_string(place), "--run-dir");
    UniqueFd fd = make_socket();
    if (!fd.valid() || !connect_to(fd, address)) return {UniqueFd(), errno};
    return {std::move(fd), 0};
}

std::string default_run_directory(const std::optional<User>& new_user) {
    const std::string in_tmp = "/tmp/chatd-";
    // Another user cannot use the directory that root's environment names.
    if (new_user) return in_tmp + std::to_string(new_user->uid);
    const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime == '/') return std::string(runtime) + "/chatd";
    return in_tmp + std::to_string(::geteuid());
}

LocalDirectory::LocalDirectory(std::string path, const std::optional<User>& new_user)
    : path_(std::move(path)) {
    if (::mkdir(path_.c_str(), 0700) != 0) {
        if (errno == EEXIST) return;
        throw system_error("cannot make the directory " + path_ + "; choose another --run-dir",
                           ExitStatus::BadDirectory);
    }
    made_ = true;
    // lchown(2) follows no link: in a directory such as /tmp somebody could have put one there.
    if (new_user && ::lchown(path_.c_str(), new_user->uid, new_user->gid) != 0) {
        const SetupError error =
            system_error("cannot give " + path_ + " to user " + std::to_string(new_user->uid),
                         ExitStatus::BadDirectory);
        (void)::rmdir(path_.c_str());
        throw error;
    }
}

LocalDirectory::LocalDirectory(LocalDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      made_(std::exchange(other.made_, false)),
      owner_(other.owner_) {}

LocalDirectory::~LocalDirectory() {
    // This fails when the directory is not empty: then another server uses it as well.
    if (made_ && ::getpid() == owner_) (void)::rmdir(path_.c_str());
}

LocalListener::LocalListener(LocalDirectory directory, const std::string& name)
    : directory_(std::move(directory)),
      file_(listen_in(directory_.path(), name)),
      place_(::open(path().c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)) {
    if (!place_.valid()) throw system_error(path(), ExitStatus::BadDirectory);
}

// The name is there for a moment. It has the pid in it, because others may use this directory.
NamelessListener listen_without_name(const std::string& directory,
                                     const std::optional<User>& new_user) {
    const EffectiveUser acting(new_user);
    const SocketFile file = listen_in(directory, "lookout-" + std::to_string(::getpid()) + ".sock");
    NamelessListener listener{
        UniqueFd(::fcntl(file.fd(), F_DUPFD_CLOEXEC, 0)),
        UniqueFd(::open(file.name().c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC))};
    if (!listener.fd.valid() || !listener.place.valid()) throw system_error(file.name());
    return listener;
}

SocketPair make_socket_pair() {
    SocketPair pair = try_socket_pair();
    if (!pair.first.valid()) throw system_error("socketpair");
    return pair;
}

SocketPair try_socket_pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) return {};
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

namespace {

// A message of one byte, with room for one descriptor.
struct DescriptorMessage {
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr header{};

    DescriptorMessage() {
        header.msg_iov = &data;
        header.msg_iovlen = 1;
        header.msg_control = control;
        header.msg_controllen = sizeof control;
    }
};

}  // namespace

bool send_descriptor(int socket, int fd) {
    DescriptorMessage message;
    cmsghdr* const rights = CMSG_FIRSTHDR(&message.header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    return ::sendmsg(socket, &message.header, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

UniqueFd receive_descriptor(int socket) {
    DescriptorMessage message;
    const ssize_t bytes = ::recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    const cmsghdr* const rights = bytes == 1 ? CMSG_FIRSTHDR(&message.header) : nullptr;
    if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS) return UniqueFd();
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    return UniqueFd(fd);
}

std::optional<pid_t> peer_pid(int socket) {
    ucred credentials{};
    socklen_t bytes = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0 ||
        (credentials.uid != ::geteuid() && credentials.uid != 0)) {
        return std::nullopt;
    }
    return credentials.pid;
}

}  // namespace chatd
