// Telnet, as much of it as a client needs to be understood: commands are taken out of the bytes,
// options are refused and never asked for (RFC 854, RFC 1123 section 3.2). A client that is not
// telnet notices nothing: the byte 255 never occurs in UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chatd {

class TelnetFilter {
  public:
    // Appends the client's text in `bytes` to `text`, and what must be answered to `replies`. Bytes
    // may be cut anywhere between two calls.
    void filter(std::string_view bytes, std::string& text, std::string& replies);

  private:
    enum class State : std::uint8_t { Text, Command, Will, Do, Skip, Subnegotiation, SubCommand };

    void take(char byte, std::string& text, std::string& replies);
    void take_command(unsigned char command, std::string& text);

    State state_ = State::Text;
};

}  // namespace chatd
