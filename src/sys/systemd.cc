#include "sys/systemd.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <limits>

#include "text/number.h"

namespace chatd {
namespace {

// Reads an address: a path, or behind an '@' an abstract name (unix(7)). Returns the size of the
// address; 0: `text` is no address.
socklen_t read_address(const char* text, sockaddr_un& address) {
    const std::string_view name(text == nullptr ? "" : text);
    if (name.size() < 2 || name.size() >= sizeof address.sun_path) return 0;
    if (name.front() != '/' && name.front() != '@') return 0;
    address.sun_family = AF_UNIX;
    std::copy(name.begin(), name.end(), address.sun_path);
    if (name.front() == '@') address.sun_path[0] = '\0';
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
}

// Does `pid` name the process `self`? A text that is no number names none.
bool is_for(const char* pid, pid_t self) {
    return parse_number<pid_t>(pid) == self;
}

}  // namespace

std::optional<int> passed_sockets(const char* listen_pid, const char* listen_fds, pid_t self) {
    if (listen_pid == nullptr || listen_fds == nullptr || !is_for(listen_pid, self)) return 0;
    return parse_number<int>(listen_fds, 0, std::numeric_limits<int>::max() - kFirstPassedSocket);
}

std::optional<std::chrono::microseconds> watchdog_period(const char* watchdog_usec,
                                                         const char* watchdog_pid, pid_t self) {
    if (watchdog_usec == nullptr || (watchdog_pid != nullptr && !is_for(watchdog_pid, self))) {
        return std::nullopt;
    }
    // Half of 1 would be a period of 0. 2^52 is more than a lifetime and overflows no clock.
    const auto usec = parse_number<std::int64_t>(watchdog_usec, 2, std::int64_t{1} << 52);
    if (!usec) return std::nullopt;
    return std::chrono::microseconds(*usec / 2);
}

std::vector<Listener> take_passed_listeners() {
    const auto count =
        passed_sockets(std::getenv("LISTEN_PID"), std::getenv("LISTEN_FDS"), ::getpid());
    for (const char* const variable :
         {"LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
        (void)::unsetenv(variable);  // It fails only for bad names.
    }
    if (!count) throw SetupError(ExitStatus::Usage, "LISTEN_FDS is no number of sockets");
    std::vector<Listener> listeners;
    for (int fd = kFirstPassedSocket; fd < kFirstPassedSocket + *count; ++fd) {
        listeners.push_back(adopt_listener(fd));
    }
    return listeners;
}

ServiceManager::ServiceManager()
    : address_bytes_(read_address(std::getenv("NOTIFY_SOCKET"), address_)) {
    if (address_bytes_ == 0) return;
    socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    alive_every_ =
        watchdog_period(std::getenv("WATCHDOG_USEC"), std::getenv("WATCHDOG_PID"), ::getpid());
    if (alive_every_) alive_at_ = Clock::now();
}

void ServiceManager::ready(std::string_view status, Moment now) {
    reloading_ = false;
    status_ = status;
    status_at_ = now;
    notify(ready_notice(status));
}

void ServiceManager::reloading(Moment now) {
    reloading_ = true;
    notify(reloading_notice(
        std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch())));
}

void ServiceManager::stopping() {
    reloading_ = false;
    notify(std::string(kStoppingNotice));
}

bool ServiceManager::wants_status(Moment now) const {
    return socket_.valid() && now - status_at_ >= kStatusPause;
}

void ServiceManager::show_status(std::string_view status, Moment now) {
    if (status == status_) return;
    status_ = status;
    status_at_ = now;
    notify(status_notice(status));
}

void ServiceManager::turn(Moment now) {
    if (!is_due(alive_at_, now)) return;
    alive_at_ = now + *alive_every_;
    notify(std::string(kWatchdogNotice));
}

void ServiceManager::notify(const std::string& notice) const {
    if (!socket_.valid()) return;
    (void)::sendto(socket_.get(), notice.data(), notice.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&address_), address_bytes_);
}

}  // namespace chatd
