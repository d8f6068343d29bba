// A person at a terminal: a TCP connection to chatd on this machine.
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
    // receive_buffer_bytes: 0 is the system's; a small one makes a slow reader.
    explicit Client(std::uint16_t port, Family family = Family::V4, int receive_buffer_bytes = 0);

    // Sends all of it.
    void send(std::string_view text);
    void send_line(std::string_view line);  // and "\n"

    // Sends what the other side has room for now, without waiting; returns how many bytes.
    std::size_t send_some(std::string_view text);

    // What comes back: see Reader.
    std::string expect(std::string_view text) { return reader_.expect(text); }
    std::string line() { return reader_.line(); }
    void expect_line(std::string_view whole) { reader_.expect_line(whole); }
    void expect_eof() { reader_.expect_eof(); }
    std::string rest() { return reader_.rest(); }
    [[nodiscard]] bool quiet() { return reader_.quiet(); }
    [[nodiscard]] const std::string& pending() { return reader_.pending(); }

    void shutdown_write();
    void close() { reader_.close(); }
    void reset();  // ends the connection with RST

    // The port on our side, as chatd's log shows it.
    [[nodiscard]] std::uint16_t local_port() const;
    [[nodiscard]] int fd() const { return reader_.fd(); }

  private:
    Reader reader_;
};

// A client who has given a name and was welcomed; the line of the welcome is read.
[[nodiscard]] Client join(std::uint16_t port, std::string_view name);

}  // namespace chatd::test
