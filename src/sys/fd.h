// Owners of descriptors, functions that read from and write to sockets, and listeners that rest.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/bounds.h"
#include "base/time.h"
#include "sys/error.h"

struct iovec;

namespace chatd {

// Owns one descriptor, or none (-1), and closes it. Closing keeps errno.
class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~UniqueFd() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool valid() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }
    void reset(int fd = -1);

  private:
    int fd_ = -1;
};

enum class IoStatus : unsigned char {
    Done,        // some bytes were sent or received
    WouldBlock,  // none can be now; try again when poll(2) says so
    Ended,       // of receive and peek: the peer sends no more
    Closed,      // the connection is broken
};

struct IoResult {
    IoStatus status;
    std::size_t bytes;  // 0 unless Done
};

// These never wait and never raise SIGPIPE. peek() leaves the bytes in the socket.
[[nodiscard]] IoResult receive(int socket, std::span<char> buffer);
[[nodiscard]] IoResult peek(int socket, std::span<char> buffer);
[[nodiscard]] IoResult send_some(int socket, std::string_view bytes);
[[nodiscard]] IoResult send_some(int socket, std::span<iovec> pieces);

// Sends what it can of `buffer` and erases that. Done: the buffer is empty now.
[[nodiscard]] IoStatus send_from(int socket, std::string& buffer);

// The number of bytes that wait unread in this socket. Throws SetupError.
[[nodiscard]] std::size_t unread_bytes(int socket);

// Is the machine short of something (accept(2), fork(2))? All other errors of accept(2) are about
// one connection, or say that none waits.
[[nodiscard]] inline bool is_shortage(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// A listener rests after such an error. poll(2) would report the waiting peer at once, again and
// again, so it is not asked for a while.
class ListenerRest {
  public:
    // Rests until kListenerRest is over, or end() is called, because a resource was freed.
    void begin(Moment now) { until_ = now + kListenerRest; }
    void end() { until_.reset(); }
    // Returns true once, when the time is over: the rest ends with this call.
    [[nodiscard]] bool ends_now(Moment now) {
        if (!is_due(until_, now)) return false;
        end();
        return true;
    }

    [[nodiscard]] bool is_on() const { return until_.has_value(); }
    [[nodiscard]] Deadline until() const { return until_; }

  private:
    Deadline until_;
};

// --- Descriptors of this process. All but the last of these functions throw SetupError.

// Decides whether `fd` stays open in a program that this process executes.
void set_inheritable(int fd, bool inheritable);

// Closes every descriptor above 2 except these and the one of the trace: a child keeps only what it
// needs.
void keep_only(std::initializer_list<int> fds);

// Makes sure that 0, 1 and 2 are open, because a socket with such a number would be written to as
// if it were the terminal.
void open_standard_streams();

// Puts /dev/null in their places. The server needs neither, and what they are belongs to whoever
// started it: a worker that was taken over could write there.
void let_go_of_stdin_and_stdout();

// Opens stderr anew where it is a pipe or a terminal, so that writing to it never blocks, and other
// processes that have it open notice nothing. Where that fails, stderr stays as it is.
void unblock_stderr();

}  // namespace chatd
