#include "support/websocket.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "support/escape.h"

namespace chatd::test {

namespace {

constexpr std::array<unsigned char, 4> kMask = {0x37, 0xfa, 0x21, 0x3d};

std::string big_endian(std::uint64_t number, int bytes) {
    std::string out;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        out += static_cast<char>((number >> shift) & 0xff);
    }
    return out;
}

std::uint64_t number_in(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

// The word has no case (RFC 6455, 4.1), and some proxies write it in small letters.
bool is_upgrade(std::string_view connection) {
    return connection == "Upgrade" || connection == "upgrade";
}

void expect_upgrade(const HttpResponse& response, const Where& where) {
    if (response.status == 101 && response.header("upgrade") == "websocket" &&
        is_upgrade(response.header("connection")) &&
        response.header("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") {
        return;
    }
    throw failure("no WebSocket: " + std::to_string(response.status) + ' ' + response.reason,
                  where);
}

}  // namespace

HttpRequest handshake(const std::string& target, HttpHeaders headers) {
    headers.insert({{"Connection", "Upgrade"},
                    {"Upgrade", "websocket"},
                    {"Sec-WebSocket-Version", "13"},
                    {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}});
    return {.target = target, .headers = std::move(headers)};
}

std::string bytes_of(const WebSocketFrame& frame) {
    const std::size_t length = frame.payload.size();
    std::string bytes(1, static_cast<char>((frame.last ? 0x80 : 0) | frame.reserved |
                                           static_cast<int>(frame.opcode)));
    const int mask_bit = frame.masked ? 0x80 : 0;
    if (length < 126) {
        bytes += static_cast<char>(mask_bit | static_cast<int>(length));
    } else if (length < 0x10000) {
        bytes += static_cast<char>(mask_bit | 126);
        bytes += big_endian(length, 2);
    } else {
        bytes += static_cast<char>(mask_bit | 127);
        bytes += big_endian(length, 8);
    }
    if (!frame.masked) return bytes + frame.payload;
    bytes.append(kMask.begin(), kMask.end());
    for (std::size_t i = 0; i < length; ++i) {
        bytes += static_cast<char>(static_cast<unsigned char>(frame.payload[i]) ^ kMask[i % 4]);
    }
    return bytes;
}

WebSocket::WebSocket(std::uint16_t port, const HttpRequest& request, Where where) : client_(port) {
    client_.send(bytes_of(request, port), where);
    expect_upgrade(read_head(client_, where), where);
}

WebSocket::WebSocket(Client client, Where where) : client_(std::move(client)) {
    expect_upgrade(read_head(client_, where), where);
}

void WebSocket::send(const WebSocketFrame& frame, Where where) {
    client_.send(bytes_of(frame), where);
}

void WebSocket::say(std::string_view line, Where where) {
    send({.payload = std::string(line)}, where);
}

WebSocketFrame WebSocket::frame(Where where) {
    const std::string head = client_.bytes(2, where);
    const auto first = static_cast<unsigned char>(head[0]);
    const auto second = static_cast<unsigned char>(head[1]);
    if ((second & 0x80) != 0) throw failure("a server masks its frames", where);
    std::uint64_t length = second;
    if (length == 126) length = number_in(client_.bytes(2, where));
    if (length == 127) length = number_in(client_.bytes(8, where));
    return {.opcode = static_cast<Opcode>(first & 0x0f),
            .payload = client_.bytes(length, where),
            .last = (first & 0x80) != 0,
            .masked = false,
            .reserved = static_cast<std::uint8_t>(first & 0x70)};
}

Json WebSocket::object(Where where) {
    const WebSocketFrame got = frame(where);
    if (got.opcode == Opcode::Text && got.last && got.reserved == 0) {
        if (auto object = parse_json(got.payload)) return std::move(*object);
    }
    throw failure("no object in a text frame, but opcode " +
                      std::to_string(static_cast<int>(got.opcode)) + ": " + escaped(got.payload),
                  where);
}

Json WebSocket::expect(std::string_view type, Where where) {
    for (;;) {
        Json got = object(where);
        if (got.string_at("type") == type) return got;
    }
}

int WebSocket::expect_close(Where where) {
    WebSocketFrame got = frame(where);
    while (got.opcode != Opcode::Close) got = frame(where);
    // The server may have reset a connection on which it was still sent something.
    send({.opcode = Opcode::Close, .payload = got.payload.substr(0, 2)}, where);
    (void)client_.rest(where);
    if (got.payload.size() < 2) return 1005;
    return static_cast<int>(number_in(std::string_view(got.payload).substr(0, 2)));
}

WebSocket join_by_websocket(std::uint16_t port, std::string_view name, Where where) {
    WebSocket socket(port, handshake(), where);
    socket.expect("name?", where);
    socket.say(name, where);
    socket.expect("welcome", where);
    return socket;
}

}  // namespace chatd::test
