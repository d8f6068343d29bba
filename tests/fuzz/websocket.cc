// Fuzz target: the frames of a WebSocket. A simple reader of whole inputs, written after RFC 6455
// alone, must understand the same.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "fuzz/claim.h"
#include "fuzz/script.h"
#include "fuzz/targets.h"
#include "text/utf8.h"
#include "worker/websocket.h"

namespace chatd::fuzz {
namespace {

using Kind = WebSocketEvent::Kind;

struct Told {
    Kind kind;
    std::string text;
    int code;
    bool operator==(const Told&) const = default;
};

// Text that comes in several pieces is one. How much is taken behind an error makes no difference.
struct Result {
    std::vector<Told> told;
    std::string rest;  // was not taken, because the connection ends
    bool operator==(const Result&) const = default;

    void tell(Kind kind, std::string_view text, int code = 0) {
        const bool goes_on = kind == Kind::Text && !told.empty() && told.back().kind == kind;
        if (goes_on) {
            told.back().text += text;
        } else {
            told.push_back({kind, std::string(text), code});
        }
    }
};

bool is_well_formed(std::string_view text) {
    while (!text.empty()) {
        const Decoded next = decode_utf8(text);
        if (!next.valid) return false;
        text.remove_prefix(next.bytes);
    }
    return true;
}

// --- The reader

class Reading {
  public:
    void add(std::string_view bytes) {
        while (const auto event = reader_.next(bytes)) {
            CLAIM(!is_over_);
            CLAIM((event->kind == Kind::Text) <= !event->text.empty());
            CLAIM(event->text.size() <= kWebSocketMessageBytesMax);
            const bool is_text = event->kind == Kind::Text || event->kind == Kind::Close;
            if (is_text) CLAIM(is_well_formed(event->text));
            is_over_ = event->kind == Kind::Close || event->kind == Kind::Error;
            result_.tell(event->kind, event->text, event->code);
        }
        if (!is_over_) CLAIM(bytes.empty());
        const bool is_closed = is_over_ && result_.told.back().kind == Kind::Close;
        if (is_closed) result_.rest += bytes;
    }

    const Result& result() const { return result_; }

  private:
    WebSocketReader reader_;
    Result result_;
    bool is_over_ = false;
};

Result whole(std::string_view bytes) {
    Reading reading;
    reading.add(bytes);
    return reading.result();
}

Result byte_by_byte(std::string_view bytes) {
    Reading reading;
    for (const char& byte : bytes) reading.add({&byte, 1});
    return reading.result();
}

Result in_pieces(std::string_view bytes, std::uint32_t seed) {
    Reading reading;
    for_each_piece(bytes, seed, [&](std::string_view piece) { reading.add(piece); });
    return reading.result();
}

// --- The simple reader

// All beginnings of characters.
std::set<std::string, std::less<>> make_beginnings() {
    std::set<std::string, std::less<>> beginnings;
    // The codes in between differ only in the last byte.
    for (char32_t code = 0x80; code <= 0x10FFFF; code += 0x40) {
        if (code >= 0xD800 && code <= 0xDFFF) continue;
        std::string character;
        append_utf8(character, code);
        while (character.pop_back(), !character.empty()) beginnings.insert(character);
    }
    return beginnings;
}

bool begins_character(std::string_view bytes) {
    static const std::set<std::string, std::less<>> kBeginnings = make_beginnings();
    return kBeginnings.contains(bytes);
}

class SimpleReader {
  public:
    explicit SimpleReader(std::string_view bytes) : rest_(bytes) {
        while (take_frame()) continue;
    }

    const Result& result() const { return result_; }

  private:
    // Returns false when the input ends, or the connection.
    bool take_frame() {
        if (rest_.size() < 2) return false;
        const auto first = static_cast<unsigned>(take_number(1));
        const auto second = static_cast<unsigned>(take_number(1));
        is_final_ = first >= 0x80;
        opcode_ = first & 0x0F;
        const bool is_control = opcode_ >= 8;
        const unsigned reserved = first & 0x70;
        const bool is_known = opcode_ <= 2 || (opcode_ >= 8 && opcode_ <= 10);
        if (second < 0x80 || reserved != 0 || !is_known) return fail(1002);
        std::uint64_t length = second & 0x7F;
        if (is_control && (!is_final_ || length > 125)) return fail(1002);
        if (!is_control && (opcode_ == 0) != is_in_message_) return fail(1002);
        if (opcode_ == 2) return fail(1003);

        const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
        if (rest_.size() < more) return false;
        if (more > 0) length = take_number(more);
        if (more == 2 && length < 126) return fail(1002);
        if (more == 8 && length < 65536) return fail(1002);
        if (!is_control && length > 64 * 1024 - message_bytes_) return fail(1009);

        if (rest_.size() < 4) return false;
        const std::string_view mask = take(4);
        const bool is_whole = rest_.size() >= length;
        std::string payload(take(std::min<std::size_t>(length, rest_.size())));
        for (std::size_t at = 0; at < payload.size(); ++at) {
            payload[at] = static_cast<char>(payload[at] ^ mask[at % 4]);
        }
        if (is_control) return is_whole && tell_control(payload);
        message_bytes_ += length;
        return tell_text(payload, is_whole);
    }

    bool tell_text(std::string_view payload, bool is_whole) {
        is_in_message_ = true;
        character_ += payload;
        std::size_t good = 0;
        while (good < character_.size()) {
            const Decoded next = decode_utf8(std::string_view(character_).substr(good));
            if (!next.valid) break;
            good += next.bytes;
        }
        if (good > 0) result_.tell(Kind::Text, character_.substr(0, good));
        character_.erase(0, good);
        if (!character_.empty() && !begins_character(character_)) return fail(1007);
        if (!is_whole || !is_final_) return is_whole;
        if (!character_.empty()) return fail(1007);
        result_.tell(Kind::End, {});
        is_in_message_ = false;
        message_bytes_ = 0;
        return true;
    }

    bool tell_control(std::string_view payload) {
        if (opcode_ != 8) {
            result_.tell(opcode_ == 9 ? Kind::Ping : Kind::Pong, payload);
            return true;
        }
        if (payload.size() == 1) return fail(1002);
        int code = 1005;
        if (!payload.empty()) {
            code = static_cast<unsigned char>(payload[0]) * 256;
            code += static_cast<unsigned char>(payload[1]);
            payload.remove_prefix(2);
            const bool is_reserved = code < 1000 || code == 1004 || code == 1005 || code == 1006 ||
                                     (code > 1014 && code < 3000) || code > 4999;
            if (is_reserved) return fail(1002);
            if (!is_well_formed(payload)) return fail(1007);
        }
        result_.tell(Kind::Close, payload, code);
        result_.rest = rest_;
        return false;
    }

    bool fail(int code) {
        result_.tell(Kind::Error, {}, code);
        return false;
    }

    std::string_view take(std::size_t bytes) {
        const std::string_view taken = rest_.substr(0, bytes);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    std::uint64_t take_number(std::size_t bytes) {
        std::uint64_t number = 0;
        for (const char byte : take(bytes))
            number = number * 256 + static_cast<unsigned char>(byte);
        return number;
    }

    std::string_view rest_;
    Result result_;
    bool is_final_ = false;
    unsigned opcode_ = 0;
    bool is_in_message_ = false;
    std::size_t message_bytes_ = 0;
    std::string character_;  // what is not told yet
};

// --- Inputs

void append_number(std::string& out, std::uint64_t number, std::size_t bytes) {
    for (; bytes > 0; --bytes) out += static_cast<char>(number >> (8 * (bytes - 1)));
}

// Most frames are good, so that there are many of them.
void append_frame(std::string& out, Script& script) {
    const unsigned first = script.byte();
    const unsigned how = script.byte();
    const bool is_long = (how & 1) != 0;
    const std::string payload = is_long ? script.repeated(70'000) : std::string(script.piece());
    const auto mask = script.value<std::array<char, 4>>();
    const std::size_t size = payload.size() + ((how & 0x20) != 0 ? 1 : 0);
    std::size_t more = size < 126 ? 0 : size < 65536 ? 2 : 8;
    if ((how & 0x0C) == 0x04) more = std::max<std::size_t>(more, 2);
    if ((how & 0x0C) == 0x08) more = 8;
    const unsigned masked = (how & 0x10) != 0 ? 0 : 0x80;

    append_number(out, (how & 0x40) != 0 ? first : first & 0x8B, 1);
    append_number(out, masked | (more == 0 ? size : more == 2 ? 126 : 127), 1);
    if (more > 0) append_number(out, size, more);
    out.append(mask.begin(), mask.end());
    for (std::size_t at = 0; at < payload.size(); ++at) {
        out += static_cast<char>(payload[at] ^ mask[at % 4]);
    }
}

std::string frames_of(Script& script) {
    constexpr std::size_t kBytesMax = 100'000;
    std::string bytes;
    while (!script.done() && bytes.size() < kBytesMax) append_frame(bytes, script);
    return bytes;
}

// --- Claims

void claim_reading(std::string_view bytes, std::uint32_t seed) {
    const Result result = SimpleReader(bytes).result();
    CLAIM(whole(bytes) == result);
    constexpr std::size_t kFewBytes = 4096;
    if (bytes.size() <= kFewBytes) CLAIM(byte_by_byte(bytes) == result);
    CLAIM(in_pieces(bytes, seed) == result);
}

// A client reads what the server wrote, if somebody masks it: a mask of zeros changes nothing.
void claim_writing(std::string_view payload) {
    std::string frame = "before";
    append_websocket_frame(frame, WebSocketOpcode::Text, payload);
    std::string same = "before";
    same += payload;
    frame_as_text(same, 6);
    CLAIM(frame == same);

    const std::size_t head_bytes = frame.size() - payload.size();
    frame[7] = static_cast<char>(frame[7] | 0x80);
    frame.insert(head_bytes, 4, '\0');
    Result expected;
    if (!payload.empty()) expected.tell(Kind::Text, payload);
    expected.tell(Kind::End, {});
    const bool is_text = is_well_formed(payload) && payload.size() <= kWebSocketMessageBytesMax;
    if (is_text) CLAIM(whole(std::string_view(frame).substr(6)) == expected);
}

}  // namespace

void fuzz_websocket(std::string_view input) {
    Script script(input);
    const std::uint32_t seed = script.byte();
    const bool is_raw = seed % 2 == 0;
    if (is_raw) claim_writing(input);
    claim_reading(is_raw ? std::string(script.rest()) : frames_of(script), seed);
}

}  // namespace chatd::fuzz
