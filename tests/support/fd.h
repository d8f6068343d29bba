// A descriptor that closes itself, and pipes. The tests have their own, so that they do not depend
// on the code that they test.
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

    // Still owned by this object; -1 when it has none.
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

// Both ends are close-on-exec. Throws when there are no descriptors.
[[nodiscard]] Pipe make_pipe();

void set_nonblocking(int fd);

}  // namespace chatd::test
