// The client's side of a WebSocket (RFC 6455), for tests that send frames of their own making, also
// wrong ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/client.h"
#include "support/http.h"
#include "support/where.h"
#include "text/json_reader.h"

namespace chatd::test {

// RFC 6455, 5.2
enum class Opcode : std::uint8_t {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
};

struct WebSocketFrame {
    Opcode opcode = Opcode::Text;
    std::string payload = {};
    bool last = true;  // FIN
    bool masked = true;
    std::uint8_t reserved = 0;  // RSV1 to RSV3, at the place that they have in the first byte
};

// The handshake that opens a WebSocket at `target`, with the key of the example in RFC 6455, 1.3.
[[nodiscard]] HttpRequest handshake(const std::string& target = "/chat", HttpHeaders headers = {});

// A frame as it goes over the wire; masked with the key of the example in RFC 6455, 5.7.
[[nodiscard]] std::string bytes_of(const WebSocketFrame& frame);

class WebSocket {
  public:
    // Connects and shakes hands. Throws when the server does not answer as RFC 6455, 4.2.2 asks.
    explicit WebSocket(std::uint16_t port, const HttpRequest& request = handshake(),
                       Where where = Where::here());

    // Sends nothing more: the handshake is on its way, and its answer is read here.
    explicit WebSocket(Client client, Where where = Where::here());

    void send(const WebSocketFrame& frame, Where where = Where::here());
    void say(std::string_view line, Where where = Where::here());  // as a text frame

    // The next frame, whatever it is.
    [[nodiscard]] WebSocketFrame frame(Where where = Where::here());

    // The next text frame must hold an object; or goes on to the first object of this type.
    [[nodiscard]] Json object(Where where = Where::here());
    Json expect(std::string_view type, Where where = Where::here());

    // Goes on to the server's Close, answers it, and reads the end. Returns the code; 1005 when
    // there is none (RFC 6455, 7.4.1).
    int expect_close(Where where = Where::here());

    [[nodiscard]] Client& client() { return client_; }

  private:
    Client client_;
};

// Returns a WebSocket that is in the room under this name; the welcome is read.
[[nodiscard]] WebSocket join_by_websocket(std::uint16_t port, std::string_view name,
                                          Where where = Where::here());

}  // namespace chatd::test
