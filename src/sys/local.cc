#include "sys/local.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "sys/error.h"

namespace chatd {
namespace {

sockaddr_un address_of(const std::string& path, const char* option) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        throw SetupError(ExitStatus::BadDirectory,
                         path + ": the path is too long for a socket; choose another " + option);
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

UniqueFd local_socket() {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// Opens the directory, which must be ours alone: whoever can make files in it could put a socket of
// his own in the place of the broker's.
UniqueFd open_directory(const std::string& path) {
    UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory.valid()) {
        throw system_error(path + " is no directory of ours; choose another --run-dir",
                           ExitStatus::BadDirectory);
    }
    struct stat status {};
    if (::fstat(directory.get(), &status) != 0) throw system_error(path);
    if (status.st_uid != ::geteuid()) {
        throw SetupError(ExitStatus::BadDirectory,
                         path + " belongs to somebody else; choose another --run-dir");
    }
    if ((status.st_mode & 077) != 0) {
        throw SetupError(ExitStatus::BadDirectory,
                         path + " is open to others; chmod 700 it, or choose another --run-dir");
    }
    return directory;
}

// Removes the socket file of a server that is no more.
void remove_stale(const std::string& path, const sockaddr_un& address, const char* option) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return;
    if (!S_ISSOCK(status.st_mode)) {
        throw SetupError(
            ExitStatus::BadDirectory,
            path + " is in the way and no socket; move it, or choose another " + option);
    }
    const UniqueFd probe = local_socket();
    if (!probe.valid()) throw system_error("socket");
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
        errno != ECONNREFUSED) {
        throw SetupError(ExitStatus::Unavailable,
                         path + " is in use by another chatd; choose another " + option);
    }
    if (::unlink(path.c_str()) != 0) throw system_error(path, ExitStatus::BadDirectory);
}

}  // namespace

std::string default_run_directory(const std::optional<User>& becomes) {
    const std::string in_tmp = "/tmp/chatd-";
    // Root's own directory is no place for whom it becomes.
    if (becomes) return in_tmp + std::to_string(becomes->uid);
    const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime == '/') return std::string(runtime) + "/chatd";
    return in_tmp + std::to_string(::geteuid());
}

LocalDirectory::LocalDirectory(std::string path, const std::optional<User>& becomes)
    : path_(std::move(path)), owner_(::getpid()) {
    if (::mkdir(path_.c_str(), 0700) != 0) {
        if (errno == EEXIST) return;
        throw system_error("cannot make the directory " + path_ + "; choose another --run-dir",
                           ExitStatus::BadDirectory);
    }
    made_ = true;
    // A link in its place is not followed: where it lies others may be able to put one.
    if (becomes && ::lchown(path_.c_str(), becomes->uid, becomes->gid) != 0) {
        throw system_error(path_, ExitStatus::BadDirectory);
    }
}

LocalDirectory::LocalDirectory(std::string path, bool made)
    : path_(std::move(path)), made_(made), owner_(::getpid()) {}

LocalDirectory::LocalDirectory(LocalDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      made_(std::exchange(other.made_, false)),
      owner_(other.owner_) {}

LocalDirectory::~LocalDirectory() {
    // Not empty: another server has come to use it as well.
    if (made_ && is_of_this_process()) (void)::rmdir(path_.c_str());
}

bool LocalDirectory::is_of_this_process() const {
    return ::getpid() == owner_;
}

UniqueFd bind_local(const std::string& path, const char* option) {
    const sockaddr_un address = address_of(path, option);
    remove_stale(path, address, option);
    UniqueFd fd = local_socket();
    if (!fd.valid()) throw system_error("socket");
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw system_error(path, ExitStatus::BadDirectory);
    }
    return fd;
}

LocalListener::LocalListener(LocalDirectory directory, const std::string& name)
    : directory_(std::move(directory)), path_(directory_.path() + '/' + name) {
    const UniqueFd lock = open_directory(directory_.path());
    // One server at a time looks for what is stale: the lock goes with the descriptor.
    if (::flock(lock.get(), LOCK_EX) != 0) throw system_error(directory_.path());
    fd_ = bind_local(path_, "--run-dir");
    place_.reset(::open(path_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!place_.valid()) throw system_error(path_, ExitStatus::BadDirectory);
    if (::listen(fd_.get(), SOMAXCONN) != 0) throw system_error("listen");
}

LocalListener::LocalListener(Inherited inherited)
    : directory_(std::move(inherited.directory)),
      path_(std::move(inherited.path)),
      fd_(std::move(inherited.fd)),
      place_(std::move(inherited.place)) {}

LocalListener::~LocalListener() {
    if (directory_.is_of_this_process()) (void)::unlink(path_.c_str());
}

// The kernel follows such a link to what is open there, whatever its name is by now (proc(5)).
Connected connect_local(int place) {
    const sockaddr_un address = address_of("/proc/self/fd/" + std::to_string(place), "--run-dir");
    Connected connected{local_socket(), 0};
    if (!connected.fd.valid()) return {UniqueFd(), errno};
    if (::connect(connected.fd.get(), reinterpret_cast<const sockaddr*>(&address),
                  sizeof address) != 0) {
        return {UniqueFd(), errno};
    }
    return connected;
}

SocketPair make_socket_pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
        throw system_error("socketpair");
    }
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
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
