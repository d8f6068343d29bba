// Owning descriptors, and the only places that read from and write to sockets.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

struct iovec;

namespace chatd {

// Owns one descriptor, or none (-1). Closing keeps errno.
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
    Done,        // some bytes went; of receive: came
    WouldBlock,  // none now
    Ended,       // of receive: the peer sends no more
    Closed,      // the connection is broken
};

struct IoResult {
    IoStatus status;
    std::size_t bytes;
};

// Never block and never raise SIGPIPE.
[[nodiscard]] IoResult receive(int socket, std::span<char> buffer);
[[nodiscard]] IoResult peek(int socket, std::span<char> buffer);
[[nodiscard]] IoResult send_some(int socket, std::string_view bytes);
[[nodiscard]] IoResult send_some(int socket, std::span<iovec> pieces);

// Sends what it can of `buffer` and erases that. Closed: the peer is gone.
[[nodiscard]] IoStatus send_from(int socket, std::string& buffer);

// How much of what its peer has sent lies in this socket unread.
[[nodiscard]] std::size_t unread_bytes(int socket);

// Does it stay open in a program that this process executes?
void set_inheritable(int fd, bool inheritable);

// Closes every descriptor above 2 but these: what a child has no business with.
void keep_only(std::initializer_list<int> fds);

// Makes sure that 0, 1 and 2 are open: a socket that got such a number would be written to as if it
// were the terminal.
void open_standard_streams();

// Gives this process a stderr that never blocks it, where it is a pipe or a terminal: opened anew,
// so that others who have it notice nothing. Where that cannot be, it stays as it is.
void unblock_stderr();

}  // namespace chatd
