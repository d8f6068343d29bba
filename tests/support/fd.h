// A descriptor that closes itself, and pipes made of two. The tests have their own, so that they do
// not stand on what they test.
#pragma once

#include <utility>

namespace chatd::test {

class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept;
    ~Fd() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool open() const { return fd_ >= 0; }
    void reset();

  private:
    int fd_ = -1;
};

struct Pipe {
    Fd read;
    Fd write;
};

// Close-on-exec.
[[nodiscard]] Pipe make_pipe();

void set_nonblocking(int fd);

}  // namespace chatd::test
