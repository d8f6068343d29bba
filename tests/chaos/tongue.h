// The tongue of a person in the crowd: plain lines, the objects of chatd-json(7), or such objects
// in the frames of a WebSocket, as a browser has them. What comes in any of them becomes the line
// that a person with plain lines would have read, so that the oracle can compare them all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chatd::test {

class Tongue {
  public:
    enum class Kind : std::uint8_t { Plain, Json, Web };

    Tongue(Kind kind, std::uint16_t port) : kind_(kind), port_(port) {}

    // What has to be sent so that the server reads these lines, each with its end.
    [[nodiscard]] std::string encoded(std::string_view lines);

    // Bytes of the server, cut anywhere: the lines in them, each with its end. Throws when they are
    // nothing that a server sends.
    [[nodiscard]] std::string decoded(std::string_view bytes);

  private:
    [[nodiscard]] bool take_object(std::string& object);

    Kind kind_;
    std::uint16_t port_;
    bool has_begun_ = false;  // the server knows the tongue
    bool is_open_ = false;    // the WebSocket is
    std::string unread_;
};

}  // namespace chatd::test
