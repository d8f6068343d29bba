#include "worker/websocket.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bounds.h"
#include "base/check.h"
#include "text/utf8.h"

namespace chatd {
namespace {

// Section 5.2: two bytes, then the length if it needs more than seven bits, then the mask.
constexpr std::size_t kBeginningBytes = 2;
constexpr std::size_t kMaskBytes = 4;
constexpr unsigned kFinal = 0x80;
constexpr unsigned kReserved = 0x70;
constexpr unsigned kMasked = 0x80;
constexpr unsigned kLengthIn16Bits = 126;
constexpr unsigned kLengthIn64Bits = 127;

constexpr std::size_t kCodeBytes = 2;

unsigned value(WebSocketOpcode opcode) {
    return static_cast<unsigned>(opcode);
}

std::uint64_t number_in(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

void append_number(std::string& out, std::uint64_t number, std::size_t bytes) {
    for (; bytes > 0; --bytes) out += static_cast<char>(number >> (8 * (bytes - 1)));
}

// Section 7.4.1, with 1012 to 1014 of IANA's registry, and 7.4.2: 3000 to 3999 are registered, and
// 4000 to 4999 private. The others are reserved, or mean that there was no code.
bool may_be_sent(int code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

void unmask(std::string& text, std::array<char, 8> mask) {
    std::uint64_t masks = 0;
    std::memcpy(&masks, mask.data(), sizeof masks);
    std::size_t at = 0;
    for (; at + sizeof masks <= text.size(); at += sizeof masks) {
        std::uint64_t bytes = 0;
        std::memcpy(&bytes, &text[at], sizeof bytes);
        bytes ^= masks;
        std::memcpy(&text[at], &bytes, sizeof bytes);
    }
    for (; at < text.size(); ++at) text[at] = static_cast<char>(text[at] ^ mask[at % mask.size()]);
}

std::size_t well_formed_bytes(std::string_view text) {
    std::string_view rest = text;
    while (!rest.empty()) {
        const Decoded next = decode_utf8(rest);
        if (!next.valid) break;
        rest.remove_prefix(next.bytes);
    }
    return text.size() - rest.size();
}

// Are more bytes all that the character lacks? After the first byte of any character 80 or BF may
// follow (table 3-7 of The Unicode Standard).
bool may_become_character(std::string_view bytes) {
    if (bytes.size() > 3) return false;
    return std::ranges::any_of(std::string_view("\x80\xBF"), [&](char byte) {
        return decode_utf8(std::string(bytes) + byte).bytes > bytes.size();
    });
}

std::string head_for(WebSocketOpcode opcode, std::size_t payload_bytes) {
    std::string head(1, static_cast<char>(kFinal | value(opcode)));
    if (payload_bytes < kLengthIn16Bits) {
        append_number(head, payload_bytes, 1);
    } else if (payload_bytes <= 0xFFFF) {
        append_number(head, kLengthIn16Bits, 1);
        append_number(head, payload_bytes, 2);
    } else {
        append_number(head, kLengthIn64Bits, 1);
        append_number(head, payload_bytes, 8);
    }
    return head;
}

}  // namespace

// --- Reading -------------------------------------------------------------------------------------

std::optional<WebSocketEvent> WebSocketReader::next(std::string_view& bytes) {
    while (!is_over_) {
        if (error_ != 0) return end_with({WebSocketEvent::Kind::Error, {}, error_});
        const bool needs_bytes = !is_in_payload_ || left_ > 0;
        if (needs_bytes && bytes.empty()) return std::nullopt;

        std::optional<WebSocketEvent> event;
        if (!is_in_payload_) {
            take_head(bytes);
        } else if (is_control()) {
            event = take_control(bytes);
        } else {
            event = take_text(bytes);
        }
        if (event) return event;
    }
    return std::nullopt;
}

// Takes one byte. What is wrong is found as soon as its byte is there.
void WebSocketReader::take_head(std::string_view& bytes) {
    head_ += bytes.front();
    bytes.remove_prefix(1);
    if (head_.size() < kBeginningBytes) return;
    const std::size_t with_length = kBeginningBytes + length_bytes();
    if (head_.size() == kBeginningBytes) check_beginning();
    if (head_.size() == with_length) check_length();
    if (head_.size() == with_length + kMaskBytes) begin_payload();
}

// Sections 5.1, 5.2, 5.4 and 5.5.
void WebSocketReader::check_beginning() {
    const bool is_masked = (head_byte(1) & kMasked) != 0;
    if (!is_masked || (head_byte(0) & kReserved) != 0) return fail(kCloseProtocolError);
    const bool is_short = short_length() <= kWebSocketControlBytesMax;
    switch (static_cast<WebSocketOpcode>(opcode())) {
        case WebSocketOpcode::Close:
        case WebSocketOpcode::Ping:
        case WebSocketOpcode::Pong:
            if (!is_final() || !is_short) fail(kCloseProtocolError);
            return;
        case WebSocketOpcode::Continuation:
            if (!is_in_message_) fail(kCloseProtocolError);
            return;
        case WebSocketOpcode::Text:
            if (is_in_message_) fail(kCloseProtocolError);
            return;
        case WebSocketOpcode::Binary:
            return fail(is_in_message_ ? kCloseProtocolError : kCloseUnsupported);
    }
    fail(kCloseProtocolError);
}

// Section 5.2 demands the shortest form of a length.
void WebSocketReader::check_length() {
    const std::uint64_t length = payload_bytes();
    const std::uint64_t least = length_bytes() == 0 ? 0 : length_bytes() == 2 ? 126 : 0x10000;
    if (length < least) return fail(kCloseProtocolError);
    if (!is_control() && length > kWebSocketMessageBytesMax - message_bytes_) fail(kCloseTooBig);
}

void WebSocketReader::begin_payload() {
    is_in_payload_ = true;
    left_ = payload_bytes();
    const std::string mask = head_.substr(head_.size() - kMaskBytes);
    std::ranges::copy(mask + mask, mask_.begin());
    if (is_control()) return;
    is_in_message_ = true;
    message_bytes_ += left_;
}

std::string WebSocketReader::take_payload(std::string_view& bytes) {
    std::string payload(bytes.substr(0, left_));
    bytes.remove_prefix(payload.size());
    left_ -= payload.size();
    unmask(payload, mask_);
    std::rotate(mask_.begin(), mask_.begin() + payload.size() % mask_.size(), mask_.end());
    return payload;
}

std::optional<WebSocketEvent> WebSocketReader::take_text(std::string_view& bytes) {
    std::string text = std::exchange(unfinished_, {}) + take_payload(bytes);
    const std::size_t good_bytes = well_formed_bytes(text);
    std::string rest = text.substr(good_bytes);
    text.resize(good_bytes);
    const bool is_last = is_final() && left_ == 0 && text.empty();
    if (!rest.empty() && (is_last || !may_become_character(rest))) fail(kCloseNotText);
    unfinished_ = std::move(rest);
    if (!text.empty()) return WebSocketEvent{WebSocketEvent::Kind::Text, std::move(text)};
    if (left_ > 0 || error_ != 0) return std::nullopt;
    end_frame();
    if (!is_last) return std::nullopt;
    is_in_message_ = false;
    message_bytes_ = 0;
    return WebSocketEvent{WebSocketEvent::Kind::End, {}};
}

std::optional<WebSocketEvent> WebSocketReader::take_control(std::string_view& bytes) {
    control_ += take_payload(bytes);
    if (left_ > 0) return std::nullopt;
    const auto kind = static_cast<WebSocketOpcode>(opcode());
    std::string text = std::exchange(control_, {});
    end_frame();
    if (kind == WebSocketOpcode::Close) return close(text);
    const bool is_ping = kind == WebSocketOpcode::Ping;
    return WebSocketEvent{is_ping ? WebSocketEvent::Kind::Ping : WebSocketEvent::Kind::Pong,
                          std::move(text)};
}

void WebSocketReader::end_frame() {
    is_in_payload_ = false;
    head_.clear();
}

// Section 5.5.1: nothing, or a code and perhaps a reason.
std::optional<WebSocketEvent> WebSocketReader::close(std::string_view payload) {
    if (payload.empty()) return end_with({WebSocketEvent::Kind::Close, {}, kCloseNone});
    const int code = static_cast<int>(number_in(payload.substr(0, kCodeBytes)));
    const std::string_view reason = payload.substr(std::min(kCodeBytes, payload.size()));
    if (payload.size() < kCodeBytes || !may_be_sent(code)) {
        fail(kCloseProtocolError);
    } else if (well_formed_bytes(reason) < reason.size()) {
        fail(kCloseNotText);
    }
    if (error_ != 0) return std::nullopt;
    return end_with({WebSocketEvent::Kind::Close, std::string(reason), code});
}

WebSocketEvent WebSocketReader::end_with(WebSocketEvent event) {
    is_over_ = true;
    return event;
}

unsigned WebSocketReader::head_byte(std::size_t at) const {
    return static_cast<unsigned char>(head_[at]);
}

std::size_t WebSocketReader::length_bytes() const {
    return short_length() == kLengthIn16Bits ? 2 : short_length() == kLengthIn64Bits ? 8 : 0;
}

std::uint64_t WebSocketReader::payload_bytes() const {
    if (length_bytes() == 0) return short_length();
    return number_in(std::string_view(head_).substr(kBeginningBytes, length_bytes()));
}

// --- Writing -------------------------------------------------------------------------------------

void append_websocket_frame(std::string& out, WebSocketOpcode opcode, std::string_view payload) {
    out.append(head_for(opcode, payload.size())).append(payload);
}

void append_websocket_close(std::string& out, int code) {
    std::string payload;
    if (code != kCloseNone) append_number(payload, static_cast<std::uint64_t>(code), kCodeBytes);
    append_websocket_frame(out, WebSocketOpcode::Close, payload);
}

void frame_as_text(std::string& out, std::size_t begin) {
    CHATD_CHECK(begin <= out.size());
    out.insert(begin, head_for(WebSocketOpcode::Text, out.size() - begin));
}

}  // namespace chatd
