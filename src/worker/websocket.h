// WebSocket (RFC 6455, version 13), the server's side behind the handshake: from bytes, which may
// come in any pieces, to messages; and frames for the way back.
//
// Text goes on as it comes: nothing is held but a control frame and an unfinished character. This
// file must never let text through that is not UTF-8, and never answer by itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

// Section 5.2. All other values are reserved.
enum class WebSocketOpcode : std::uint8_t {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
};

// Section 7.4.1, those that are used here.
inline constexpr int kCloseNormal = 1000;
inline constexpr int kCloseGoingAway = 1001;  // also when the server shuts down
inline constexpr int kCloseProtocolError = 1002;
inline constexpr int kCloseUnsupported = 1003;  // binary messages
inline constexpr int kCloseNone = 1005;         // never sent: a close without a code
inline constexpr int kCloseNotText = 1007;
inline constexpr int kClosePolicy = 1008;
inline constexpr int kCloseTooBig = 1009;
inline constexpr int kCloseInternalError = 1011;
inline constexpr int kCloseTryLater = 1013;  // registered with IANA later

struct WebSocketEvent {
    enum class Kind : std::uint8_t {
        Text,   // a piece of the message, whole characters, never empty
        End,    // the end of the message
        Ping,   // `text` has to be sent back in a pong
        Pong,   // `text` is what it brought
        Close,  // the peer closes, with `code` (kCloseNone: without) and its reason in `text`
        Error,  // the peer breaks the rules: a close with `code` has to be sent
    };

    Kind kind;
    std::string text;
    int code = 0;
};

class WebSocketReader {
  public:
    // Takes bytes off `bytes` up to the end of the next event. None: all bytes are taken, and more
    // are needed; or Close or Error came before, and nothing more is ever taken. What is told, in
    // which order, does not depend on how the bytes were cut, except for where Text is.
    [[nodiscard]] std::optional<WebSocketEvent> next(std::string_view& bytes);

  private:
    void take_head(std::string_view& bytes);
    void check_beginning();
    void check_length();
    void begin_payload();
    [[nodiscard]] std::string take_payload(std::string_view& bytes);
    [[nodiscard]] std::optional<WebSocketEvent> take_text(std::string_view& bytes);
    [[nodiscard]] std::optional<WebSocketEvent> take_control(std::string_view& bytes);
    void end_frame();
    [[nodiscard]] std::optional<WebSocketEvent> close(std::string_view payload);
    [[nodiscard]] WebSocketEvent end_with(WebSocketEvent event);
    void fail(int code) { error_ = error_ == 0 ? code : error_; }

    // Parts of the head.
    [[nodiscard]] unsigned head_byte(std::size_t at) const;
    [[nodiscard]] bool is_final() const { return (head_byte(0) & 0x80) != 0; }
    [[nodiscard]] unsigned opcode() const { return head_byte(0) & 0x0F; }
    [[nodiscard]] bool is_control() const { return opcode() >= 8; }
    [[nodiscard]] unsigned short_length() const { return head_byte(1) & 0x7F; }
    [[nodiscard]] std::size_t length_bytes() const;  // that follow the short length
    [[nodiscard]] std::uint64_t payload_bytes() const;

    std::string head_;               // of the current frame, as far as it has come
    bool is_in_payload_ = false;     // the head is whole
    std::size_t left_ = 0;           // bytes of the payload that have not come
    std::array<char, 8> mask_{};     // of the next eight bytes of the payload
    bool is_in_message_ = false;     // a message has begun, and its last frame has not ended
    std::size_t message_bytes_ = 0;  // in the frames of the message so far
    std::string unfinished_;         // the beginning of a character
    std::string control_;            // the payload of a control frame, as far as it has come
    int error_ = 0;                  // the code of the Error that comes next
    bool is_over_ = false;           // Close or Error was told
};

// Appends a whole frame, which is not masked (section 5.1).
void append_websocket_frame(std::string& out, WebSocketOpcode opcode, std::string_view payload);

// Appends a frame that closes; kCloseNone: without a code. An endpoint that is closed by its peer
// sends the peer's code back (section 5.5.1).
void append_websocket_close(std::string& out, int code);

// Makes a text frame of all that stands in `out` from `begin` on.
void frame_as_text(std::string& out, std::size_t begin);

}  // namespace chatd
