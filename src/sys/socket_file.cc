#include "sys/socket_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
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
        throw SetupError(
            ExitStatus::BadDirectory,
            path + " is in the way and no socket; move it, or choose another " + option);
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

// The caller locks the directory, because two servers that look for a stale file at the same time
// could each remove the other's new one.
void lock(int directory, int operation, const char* option) {
    if (::flock(directory, operation) != 0) throw system_error(std::string(option) + ": flock");
}

}  // namespace

SocketFile::SocketFile(UniqueFd fd, UniqueFd directory, std::string name)
    : fd_(std::move(fd)),
      directory_(std::move(directory)),
      name_(std::move(name)),
      owner_(::getpid()) {}

SocketFile::~SocketFile() {
    if (::getpid() != owner_) return;
    (void)::unlinkat(directory_.valid() ? directory_.get() : AT_FDCWD, name_.c_str(), 0);
}

UniqueFd listen_at(const std::string& path, int directory, const char* option,
                   const std::optional<User>& new_user) {
    lock(directory, LOCK_EX, option);
    UniqueFd fd = bind_to(path, option);
    const std::string name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    // So the file can be removed at the end, also in a sticky directory such as /tmp.
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

}  // namespace chatd
