// A client of chatd: a TCP connection on this machine. A call that fails throws, with the line of
// the test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "support/reader.h"

namespace chatd::test {

enum class Family { V4, V6 };

class Client {
  public:
    // Connects. receive_buffer_bytes: SO_RCVBUF, by which a test makes a slow reader; 0: the
    // default.
    explicit Client(std::uint16_t port, Family family = Family::V4, int receive_buffer_bytes = 0);

    // Sends all of `text`; waits for kPatience at most until the server takes it.
    void send(std::string_view text, Where where = Where::here());
    void send_line(std::string_view line, Where where = Where::here());  // `line` and "\n"

    // Sends what the server takes now, without waiting. Returns how many bytes that were.
    std::size_t send_some(std::string_view text);

    // These read the bytes that the server sends: see Reader.
    std::string expect(std::string_view text, Where where = Where::here()) {
        return reader_.expect(text, where);
    }
    std::string line(Where where = Where::here()) { return reader_.line(where); }
    void expect_line(std::string_view whole, Where where = Where::here()) {
        reader_.expect_line(whole, where);
    }
    std::string bytes(std::size_t count, Where where = Where::here()) {
        return reader_.bytes(count, where);
    }
    void expect_eof(Where where = Where::here()) { reader_.expect_eof(where); }
    std::string rest(Where where = Where::here()) { return reader_.rest(where); }
    [[nodiscard]] bool quiet() { return reader_.quiet(); }
    [[nodiscard]] const std::string& pending() { return reader_.pending(); }

    void shutdown_write();
    void close() { reader_.close(); }
    void reset();  // ends the connection with RST

    // The port of this client, as the journal shows it.
    [[nodiscard]] std::uint16_t local_port() const;
    [[nodiscard]] int fd() const { return reader_.fd(); }

  private:
    Reader reader_;
};

// Returns a client that is in the room under this name; the line that welcomes it is read.
[[nodiscard]] Client join(std::uint16_t port, std::string_view name, Where where = Where::here());

}  // namespace chatd::test
