// The connection to the server, which never makes the user wait: the name of the host is looked up
// by a child, and the socket does not block. This file must never look at what is sent.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <deque>
#include <string>

#include "base/time.h"
#include "sys/fd.h"

namespace chatd {

class Connection {
  public:
    enum class News : std::uint8_t {
        None,
        Connected,
        Received,  // bytes were appended
        Lost,      // or it could not be made: see why()
    };

    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { close(); }

    // Begins to connect; what was before is closed.
    void open(const std::string& host, const std::string& port, Moment now);
    void close();

    // What to wait for with poll(2): -1 when there is nothing. `reads`: does the caller want bytes,
    // `writes`: has it some?
    [[nodiscard]] int fd() const { return child_ > 0 ? lookup_.get() : socket_.get(); }
    [[nodiscard]] short events(bool reads, bool writes) const;
    [[nodiscard]] Deadline deadline() const { return give_up_at_; }
    [[nodiscard]] bool is_connected() const { return is_connected_; }

    // Goes on after fd() was ready, or at the deadline. Appends at most kServerReadBytes to
    // `bytes`. Call it only when bytes are wanted, or before the connection is made.
    [[nodiscard]] News go_on(std::string& bytes, Moment now);

    // Sends what can be sent now, and erases that. A broken connection shows when it is read.
    void send(std::string& bytes);

    [[nodiscard]] const std::string& why() const { return why_; }

  private:
    struct Address {
        int family;
        socklen_t bytes;
        sockaddr_storage address;
    };

    [[nodiscard]] News read_lookup(Moment now);
    [[nodiscard]] News try_next(Moment now);
    [[nodiscard]] News finish_connect(Moment now);
    void end_child();

    pid_t child_ = -1;   // looks the host up; -1: none does
    UniqueFd lookup_;    // what the child writes: Address after Address, or the words for an error
    std::string found_;  // so far
    std::deque<Address> addresses_;  // not tried yet
    UniqueFd socket_;
    bool is_connected_ = false;
    Deadline give_up_at_;  // of one address
    std::string why_;
};

}  // namespace chatd
