// The client's TCP socket: it reads and writes bytes; only the conversation knows their meaning.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "base/time.h"
#include "sys/fd.h"
#include "sys/signals.h"

namespace chatd {

class ClientSocket {
  public:
    ClientSocket(UniqueFd fd, const Signals& signals) : fd_(std::move(fd)), signals_(signals) {}

    [[nodiscard]] int fd() const { return fd_.get(); }

    // The descriptor to poll for these events. poll(2) also tells, unasked, that the connection was
    // reset (POLLHUP). -1: the client is gone, and poll(2) would tell it again and again.
    [[nodiscard]] int poll_fd(short events) const {
        return is_gone_ && events == 0 ? -1 : fd_.get();
    }

    // Never blocks. Closed: the client is gone, and does not read any more either.
    [[nodiscard]] IoResult read(std::span<char> buffer);

    // The client is gone: nothing more is sent to it.
    void give_up() { is_gone_ = cannot_write_ = true; }

    // Sends what it can of `screen` and erases that; erases all when the client reads no more.
    void send(std::string& screen);

    // When something that was sent is not confirmed, look_at() says when to call is_reachable().
    // False: the client has vanished, which the kernel itself would notice much later.
    void watch_unconfirmed(Moment now);
    [[nodiscard]] Deadline look_at() const { return look_at_; }
    [[nodiscard]] bool is_reachable(Moment now);

    // Sends what is left of `screen` and closes, within kGoodbyeGrace.
    void say_goodbye(std::string& screen);

  private:
    [[nodiscard]] bool wait(short events, Duration time) const;

    UniqueFd fd_;
    const Signals& signals_;
    bool cannot_write_ = false;   // the client reads no more
    bool is_gone_ = false;        // the client does not send either
    Deadline unconfirmed_since_;  // something sent has not been confirmed since then, at least
    Deadline look_at_;
};

}  // namespace chatd
