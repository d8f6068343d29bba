#include "broker/link_listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/bounds.h"
#include "base/check.h"

namespace chatd {

LinkListener::LinkListener(int listener, Poller& poller, std::uint64_t id, Journal& journal)
    : listener_(listener), poller_(poller), id_(id), journal_(journal) {
    watch();
}

void LinkListener::watch() {
    CHATD_CHECK(poller_.add(listener_, EPOLLIN, id_));
}

void LinkListener::accept(const std::function<void(UniqueFd)>& take) {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        UniqueFd fd(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd.valid()) {
            take(std::move(fd));
        } else if (is_shortage(errno)) {
            return rest(errno);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

void LinkListener::came_in() {
    if (std::exchange(is_short_, false)) journal_.info("new workers come in again");
}

void LinkListener::rest(int error) {
    if (rest_.is_on()) return;
    if (!std::exchange(is_short_, true)) {
        journal_.warning("accept: %s; new workers wait", std::strerror(error));
    }
    rest_.begin(Clock::now());
    poller_.remove(listener_);
}

void LinkListener::freed() {
    if (!rest_.is_on()) return;
    rest_.end();
    watch();
}

void LinkListener::turn(Moment now) {
    if (rest_.ends_now(now)) watch();
}

}  // namespace chatd
