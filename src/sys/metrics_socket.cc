#include "sys/metrics_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "sys/error.h"
#include "sys/local.h"

namespace chatd {
namespace {

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

MetricsSocket::MetricsSocket(const std::string& path, const std::optional<User>& becomes)
    : name_(path.substr(path.rfind('/') + 1)), owner_(::getpid()) {
    // Kept: the path may lead there no more for whom we become.
    directory_.reset(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory_.valid()) {
        throw system_error("--metrics: the directory of " + path, ExitStatus::BadDirectory);
    }
    // One server at a time looks for what is stale.
    if (::flock(directory_.get(), LOCK_EX) != 0) throw system_error("--metrics: flock");
    UniqueFd fd = bind_local(path, "--metrics");
    // So that it can be removed at the end, also where others have files too.
    if (becomes && ::fchownat(directory_.get(), name_.c_str(), becomes->uid, becomes->gid,
                              AT_SYMLINK_NOFOLLOW) != 0) {
        throw system_error("--metrics: " + path, ExitStatus::BadDirectory);
    }
    if (::listen(fd.get(), SOMAXCONN) != 0) throw system_error("listen");
    if (::flock(directory_.get(), LOCK_UN) != 0) throw system_error("--metrics: flock");
    fd_ = std::move(fd);
}

MetricsSocket::MetricsSocket(UniqueFd fd, UniqueFd directory, std::string name)
    : fd_(std::move(fd)),
      directory_(std::move(directory)),
      name_(std::move(name)),
      owner_(::getpid()) {}

MetricsSocket::~MetricsSocket() {
    if (::getpid() == owner_) (void)::unlinkat(directory_.get(), name_.c_str(), 0);
}

std::array<pollfd, MetricsSocket::kPolls> MetricsSocket::polls() const {
    std::array<pollfd, kPolls> polls{};
    const bool rests = rest_until_ && Clock::now() < *rest_until_;
    polls[0] = {rests ? -1 : fd_.get(), POLLIN, 0};
    // Of these only their hanging up is told.
    for (std::size_t i = 0; i < readers_.size(); ++i) polls[1 + i] = {readers_[i].get(), 0, 0};
    return polls;
}

bool MetricsSocket::turn(std::span<const pollfd> polled, const std::function<std::string()>& text) {
    for (std::size_t i = 0; i < readers_.size(); ++i) {
        if (polled[1 + i].revents != 0) readers_[i].reset();
    }
    if (rest_until_ && Clock::now() >= *rest_until_) rest_until_.reset();
    if ((polled[0].revents & POLLIN) == 0) return true;
    const std::string answered = text();
    bool had_room = true;
    for (std::size_t i = 0; i < readers_.size(); ++i) {
        UniqueFd reader(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!reader.valid()) {
            // Else out of descriptors or memory: it would be ready again at once.
            if (errno != EAGAIN && errno != EINTR) rest_until_ = Clock::now() + kListenerRest;
            break;
        }
        had_room &= answer(reader.get(), answered);
        readers_[next_] = std::move(reader);
        next_ = (next_ + 1) % readers_.size();
    }
    return had_room;
}

// Not closed yet: what the reader still sends, as a request that nobody needs, would fail, or take
// its answer away.
bool MetricsSocket::answer(int reader, const std::string& text) {
    // The kernel counts more than the bytes; what it grants is enough, or shows below.
    const int room = static_cast<int>(4 * text.size());
    (void)::setsockopt(reader, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    const IoResult sent = send_some(reader, text);
    (void)::shutdown(reader, SHUT_WR);  // It fails when the reader is gone.
    return sent.status == IoStatus::Closed || sent.bytes == text.size();
}

}  // namespace chatd
