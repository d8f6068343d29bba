// Bytes that arrive from a socket or a pipe, and what a test expects of them. When an expectation
// does not come true within kPatience, the function throws: with the line of the test, and with the
// bytes that came instead.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "support/fd.h"
#include "support/wait.h"
#include "support/where.h"

namespace chatd::test {

class Reader {
  public:
    // `name` is how failures call the other side. Makes the descriptor non-blocking.
    Reader(Fd fd, std::string name);

    // Reads until `text` appears, and takes everything up to its end. Returns what came before it.
    std::string expect(std::string_view text, Where where = Where::here());

    // Takes the next line. Returns it without its "\n".
    std::string line(Where where = Where::here());

    // Takes the next line, which must be this one.
    void expect_line(std::string_view whole, Where where = Where::here());

    // Takes so many bytes.
    std::string bytes(std::size_t count, Where where = Where::here());

    // The other side must close next, in order, and nothing may be left unread.
    void expect_eof(Where where = Where::here());

    // Takes everything until the other side closes or resets.
    std::string rest(Where where = Where::here());

    // Returns true when nothing is unread right now.
    [[nodiscard]] bool quiet();

    // Returns the bytes that are unread right now. They stay unread.
    [[nodiscard]] const std::string& pending();

    // Reads what is there, without waiting. Returns false when the end has come.
    bool fill();

    void close() { fd_.reset(); }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    enum class Got { Bytes, Nothing, End };
    Got read_once();
    void need_more(const std::string& wanted, Deadline deadline, const Where& where);
    std::string take(std::size_t bytes, std::size_t with_end);

    Fd fd_;
    std::string name_;
    std::string unread_;
    bool ended_ = false;
    int error_ = 0;  // errno of the end; 0: the other side closed in order
};

}  // namespace chatd::test
