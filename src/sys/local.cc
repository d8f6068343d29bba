#include "sys/local.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "sys/error.h"

namespace chatd {
namespace {

// The directory must be this user's alone: whoever can make files in it could put another socket in
// the place of the broker's.
UniqueFd open_private(const std::string& path) {
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

// The caller removes the file by its path, so it does not keep the directory open.
SocketFile listen_in(const std::string& directory, const std::string& name) {
    const UniqueFd opened = open_private(directory);
    std::string path = directory + '/' + name;
    UniqueFd fd = listen_at(path, opened.get(), "--run-dir");
    return {std::move(fd), UniqueFd(), std::move(path)};
}

}  // namespace

std::string default_run_directory(const std::optional<User>& new_user) {
    const std::string in_tmp = "/tmp/chatd-";
    // Another user cannot use the directory that root's environment names.
    if (new_user) return in_tmp + std::to_string(new_user->uid);
    const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime == '/') return std::string(runtime) + "/chatd";
    return in_tmp + std::to_string(::geteuid());
}

LocalDirectory::LocalDirectory(std::string path, const std::optional<User>& new_user)
    : path_(std::move(path)), owner_(::getpid()) {
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

LocalDirectory::LocalDirectory(std::string path, bool made)
    : path_(std::move(path)), made_(made), owner_(::getpid()) {}

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

LocalListener::LocalListener(Inherited inherited)
    : directory_(std::move(inherited.directory)),
      file_(std::move(inherited.fd), UniqueFd(), std::move(inherited.path)),
      place_(std::move(inherited.place)) {}

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
