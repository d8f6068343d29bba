#include "worker/client_socket.h"

#include <sys/socket.h>

#include <array>

#include "protocol/describe.h"
#include "sys/net.h"

namespace chatd {

IoResult ClientSocket::read(std::span<char> buffer) {
    IoResult got = receive(fd_.get(), buffer);
    if (got.status == IoStatus::Ended && cannot_write_) got.status = IoStatus::Closed;
    if (got.status == IoStatus::Closed) cannot_write_ = true;
    trace_text("reads from the client", {buffer.data(), got.bytes});
    return got;
}

void ClientSocket::send(std::string& screen) {
    // Only sending has failed: input that came before can still be read.
    const std::size_t all = screen.size();
    if (send_from(fd_.get(), screen) == IoStatus::Closed) cannot_write_ = true;
    if (all != screen.size()) CHATD_TRACE("writes to the client: %zu bytes", all - screen.size());
    if (cannot_write_) screen.clear();
}

void ClientSocket::watch_unconfirmed(Moment now) {
    if (unconfirmed_since_ || is_all_confirmed(fd_.get())) return;
    unconfirmed_since_ = now;
    look_at_ = now + kConfirmedLook;
}

bool ClientSocket::is_reachable(Moment now) {
    look_at_ = now + kConfirmedLook;
    if (cannot_write_ || is_all_confirmed(fd_.get())) {
        unconfirmed_since_.reset();
        look_at_.reset();
        return true;
    }
    cannot_write_ = is_unreachable(fd_.get(), now - *unconfirmed_since_);
    return !cannot_write_;
}

// After the last line the worker shuts down its sending side. Most clients close then. nc waits for
// its user until the connection is reset, so the worker resets it once nc has confirmed everything.
void ClientSocket::say_goodbye(std::string& screen) {
    const Moment until = Clock::now() + kGoodbyeGrace;
    send(screen);
    while (!screen.empty() && Clock::now() < until) {
        if (wait(POLLOUT, until - Clock::now())) send(screen);
    }
    if (cannot_write_) return;
    (void)::shutdown(fd_.get(), SHUT_WR);  // It fails when the client is gone.
    do {
        while (Clock::now() < until && wait(POLLIN, kCloseGrace)) {
            // Closing over unread bytes would make TCP throw away what the client has not read yet
            // (RFC 1122, 4.2.2.13).
            std::array<char, 4096> discarded;
            const IoStatus status = receive(fd_.get(), discarded).status;
            if (status == IoStatus::Ended || status == IoStatus::Closed) return;
        }
    } while (Clock::now() < until && !is_all_confirmed(fd_.get()));
    reset_connection(std::move(fd_));
}

bool ClientSocket::wait(short events, Duration time) const {
    std::array<pollfd, 1> fds = {pollfd{fd_.get(), events, 0}};
    return signals_.wait(fds, time);
}

}  // namespace chatd
