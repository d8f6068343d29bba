// Telnet: its commands are taken out of what a client sends. The bytes may come in any pieces. This
// file must never look at what the text between them says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chatd {

// As much of telnet as is needed to understand its users: commands are taken out of the bytes,
// options are refused and never asked for (RFC 854, RFC 1123 section 3.2). A client that does not
// speak telnet notices nothing, because the byte 255 never occurs in UTF-8.
class TelnetFilter {
  public:
    // Appends what is text in `bytes` to `text`, and what the client must be answered to `replies`.
    // A command may be cut anywhere between two calls.
    void filter(std::string_view bytes, std::string& text, std::string& replies);

  private:
    enum class State : std::uint8_t { Text, Command, Option, Subnegotiation, SubCommand };

    void take(unsigned char byte, std::string& text, std::string& replies);

    State state_ = State::Text;
    unsigned char verb_ = 0;  // of the option: WILL, WON'T, DO or DON'T
};

}  // namespace chatd
