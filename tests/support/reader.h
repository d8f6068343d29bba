// Bytes that arrive from a socket or a pipe, and what a test expects of them. Whatever does not
// come true within kPatience throws, with the bytes that came instead.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "support/fd.h"
#include "support/wait.h"

namespace chatd::test {

class Reader {
  public:
    // `name` is what errors call it. Makes the descriptor non-blocking.
    Reader(Fd fd, std::string name);

    // Reads until `text` appears and takes it; returns what came before it.
    std::string expect(std::string_view text);

    // The next line, without its "\n".
    std::string line();

    // The next line must be this one.
    void expect_line(std::string_view whole);

    // The next so many bytes.
    std::string bytes(std::size_t count);

    // The end must come next, in order, with nothing left unread.
    void expect_eof();

    // All until the end, be it in order or by a reset.
    std::string rest();

    // Is there nothing unread right now?
    [[nodiscard]] bool quiet();

    // What is unread right now. Stays unread.
    [[nodiscard]] const std::string& pending();

    // Reads what is there, without waiting. False once the end has come.
    bool fill();

    void close() { fd_.reset(); }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    enum class Got { Bytes, Nothing, End };
    Got read_once();
    void need_more(const std::string& wanted, Deadline deadline);
    std::string take(std::size_t text, std::size_t with);

    Fd fd_;
    std::string name_;
    std::string unread_;
    bool ended_ = false;
    int error_ = 0;  // why it ended; 0 is in order
};

}  // namespace chatd::test
