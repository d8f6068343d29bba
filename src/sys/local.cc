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

// Two servers that look for a stale file at the same time could each remove the other's new one, so
// they lock the directory.
void lock(int directory, int operation, const char* option) {
    if (::flock(directory, operation) != 0) throw system_error(std::string(option) + ": flock");
}

// Whoever can make files in the directory could put another socket in the place of the broker's, so
// it must be this user's alone.
UniqueFd open_private(const std::string& path) {
    UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
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
    return directory;
}

// The caller removes the file by its path, so it does not keep the directory open.
SocketFile listen_in(const std::string& directory, const std::string& name) {
    const UniqueFd opened = open_private(directory);
    std::string path = directory + '/' + name;
    UniqueFd fd = listen_at(path, opened.get(), "--run-dir");
    return {std::move(fd), UniqueFd(), std::move(path)};
}

}  // namespace

SocketFile::~SocketFile() {
    if (::getpid() != owner_) return;
    (void)::unlinkat(directory_.valid() ? directory_.get() : AT_FDCWD, name_.c_str(), 0);
}

UniqueFd listen_at(const std::string& path, int directory, const char* option,
                   const std::optional<User>& new_user) {
    lock(directory, LOCK_EX, option);
    UniqueFd fd = bind_to(path, option);
    const std::string name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    // That user can remove the file at the end, also in a sticky directory such as /tmp.
    if (new_user && ::fchownat(directory, name.c_str(), new_user->uid, new_user->gid,
                               AT_SYMLINK_NOFOLLOW) != 0) {
        throw system_error(std::string(option) + ": " + path, ExitStatus::BadDirectory);
    }
    if (::listen(fd.get(), SOMAXCONN) != 0) throw system_error("listen");
    lock(directory, LOCK_UN, option);
    return fd;
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
        throw system_error(path_, ExitStatus::BadDirectory);
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
