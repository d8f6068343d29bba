// Specification of worker/websocket: what frames are made of, read and written, and which of them
// end the connection. The numbers of sections are those of RFC 6455.

#include "worker/websocket.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bounds.h"
#include "support/escape.h"
#include "support/expect.h"
#include "support/where.h"

using chatd::append_websocket_close;
using chatd::append_websocket_frame;
using chatd::frame_as_text;
using chatd::kWebSocketMessageBytesMax;
using chatd::WebSocketEvent;
using chatd::WebSocketOpcode;
using chatd::WebSocketReader;
using namespace std::string_literals;
using Kind = WebSocketEvent::Kind;

TestSuite(websocket, .timeout = 20);

namespace {

constexpr unsigned kText = 0x81;  // with the bit of the last frame
constexpr unsigned kTextBegins = 0x01;
constexpr unsigned kGoesOn = 0x00;
constexpr unsigned kEnds = 0x80;
constexpr unsigned kBinary = 0x82;
constexpr unsigned kClose = 0x88;
constexpr unsigned kPing = 0x89;
constexpr unsigned kPong = 0x8A;

constexpr std::string_view kMask = "\x37\xFA\x21\x3D";

std::string number(std::uint64_t value, int bytes) {
    std::string text;
    for (int at = bytes - 1; at >= 0; --at) text += static_cast<char>(value >> (8 * at));
    return text;
}

// The head of a client's frame, in the form in which its length has so many bytes more.
std::string head(unsigned first, std::uint64_t length, int more) {
    const std::uint64_t in_seven_bits = more == 0 ? length : more == 2 ? 126 : 127;
    return number(first, 1) + number(0x80 | in_seven_bits, 1) +
           (more > 0 ? number(length, more) : "") + std::string(kMask);
}

std::string frame(unsigned first, std::string_view payload = {}) {
    std::string bytes = head(first, payload.size(),
                             payload.size() < 126     ? 0
                             : payload.size() < 65536 ? 2
                                                      : 8);
    for (std::size_t at = 0; at < payload.size(); ++at) {
        bytes += static_cast<char>(payload[at] ^ kMask[at % 4]);
    }
    return bytes;
}

// What the reader tells, in words: "hello." is a message, "[ping x]" a ping with x, "!1002" an
// error,
// "[close 1000 bye]" a close.
std::string words_of(const WebSocketEvent& event) {
    switch (event.kind) {
        case Kind::Text: return event.text;
        case Kind::End: return ".";
        case Kind::Ping: return "[ping " + event.text + "]";
        case Kind::Pong: return "[pong " + event.text + "]";
        case Kind::Close: return "[close " + std::to_string(event.code) + " " + event.text + "]";
        case Kind::Error: return "!" + std::to_string(event.code);
    }
    return "?";
}

std::string told(WebSocketReader& reader, std::string_view bytes) {
    std::string words;
    while (const auto event = reader.next(bytes)) words += words_of(*event);
    return words;
}

std::string told(std::string_view bytes) {
    WebSocketReader reader;
    return told(reader, bytes);
}

// The same, however the bytes are cut.
void expect_told(std::string_view bytes, std::string_view words,
                 chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    EXPECT_EQ(told(bytes), words);
    WebSocketReader by_byte;
    std::string all;
    for (const char& byte : bytes) all += told(by_byte, {&byte, 1});
    EXPECT_EQ(all, words);
    for (std::size_t at = 1; at < bytes.size() && bytes.size() < 1000; ++at) {
        WebSocketReader in_two;
        std::string both = told(in_two, bytes.substr(0, at));
        both += told(in_two, bytes.substr(at));
        EXPECT_EQ(both, words);
    }
}

}  // namespace

// --- Messages ------------------------------------------------------------------------------------

Test(websocket, the_masked_hello_of_section_5_7_is_read) {
    expect_told("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "Hello.");
}

Test(websocket, messages_come_one_after_the_other) {
    expect_told(frame(kText, "one") + frame(kText) + frame(kText, "two"), "one..two.");
}

Test(websocket, a_message_may_be_in_fragments) {
    expect_told(
        frame(kTextBegins, "Hel") + frame(kGoesOn) + frame(kGoesOn, "l") + frame(kEnds, "o"),
        "Hello.");
    expect_told(frame(kTextBegins) + frame(kEnds), ".");
}

Test(websocket, text_goes_on_before_its_frame_has_ended) {
    const std::string bytes = frame(kText, "Hello");
    EXPECT_EQ(told(std::string_view(bytes).substr(0, bytes.size() - 2)), "Hel");
}

Test(websocket, lengths_have_three_forms) {
    for (const std::size_t size : {0U, 125U, 126U, 127U, 65535U, 65536U}) {
        const std::string text(size, 'a');
        expect_told(frame(kText, text), text + ".");
    }
}

Test(websocket, a_length_not_in_its_shortest_form_is_an_error) {
    expect_told(head(kText, 125, 2), "!1002");
    expect_told(head(kText, 65535, 8), "!1002");
}

Test(websocket, a_message_that_is_too_big_is_an_error_before_it_comes) {
    expect_told(head(kText, kWebSocketMessageBytesMax + 1, 8), "!1009");
    expect_told(head(kText, UINT64_MAX, 8), "!1009");
    expect_told(frame(kTextBegins, "a") + head(kEnds, kWebSocketMessageBytesMax, 8), "a!1009");
}

Test(websocket, each_message_has_the_whole_bound_for_itself) {
    const std::string text(kWebSocketMessageBytesMax, 'a');
    expect_told(frame(kText, text) + frame(kText, text), text + "." + text + ".");
}

// --- Frames that break the rules -----------------------------------------------------------------

Test(websocket, a_frame_without_a_mask_is_an_error) {
    expect_told("\x81\x01"s, "!1002");
}

Test(websocket, reserved_bits_are_an_error) {
    for (const unsigned bit : {0x10U, 0x20U, 0x40U}) expect_told(frame(kText | bit), "!1002");
}

Test(websocket, reserved_opcodes_are_an_error) {
    for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
        expect_told(frame(0x80 | opcode), "!1002");
    }
}

Test(websocket, a_fragment_belongs_to_a_message) {
    expect_told(frame(kEnds, "a"), "!1002");
    expect_told(frame(kText, "a") + frame(kGoesOn), "a.!1002");
    expect_told(frame(kTextBegins, "a") + frame(kText, "b"), "a!1002");
    expect_told(frame(kTextBegins, "a") + frame(kBinary, "b"), "a!1002");
}

Test(websocket, binary_messages_are_not_taken) {
    expect_told(frame(kBinary, "a"), "!1003");
}

Test(websocket, behind_an_error_nothing_is_read) {
    WebSocketReader reader;
    EXPECT_EQ(told(reader, frame(kBinary)), "!1003");
    EXPECT_EQ(told(reader, frame(kText, "a")), "");
}

// --- UTF-8 ---------------------------------------------------------------------------------------

Test(websocket, a_character_may_be_cut_between_frames) {
    const std::string text = "\xC3\xA9\xE4\xBD\xA0\xF0\x9F\x98\x80";
    for (std::size_t at = 0; at <= text.size(); ++at) {
        expect_told(frame(kTextBegins, text.substr(0, at)) + frame(kEnds, text.substr(at)),
                    text + ".");
    }
}

Test(websocket, a_byte_that_can_belong_to_no_character_is_an_error_at_once) {
    struct Case {
        std::string good;
        std::string bad;
    };
    for (const auto& [good, bad] :
         {Case{"", "\x80"}, Case{"a", "\xFF"}, Case{"", "\xC0"}, Case{"", "\xE0\x9F"},
          Case{"\xC3\xA9", "\xED\xA0"}, Case{"", "\xF0\x8F"}, Case{"", "\xF4\x90"},
          Case{"", "\xF5"}, Case{"", "\xE4\xBD\x40"}, Case{"", "\xF0\x9F\x98\xC0"}}) {
        const std::string begun = good + bad + "more";
        const std::string bytes = frame(kTextBegins, begun);
        WebSocketReader reader;
        const std::size_t before = bytes.size() - 5;  // without "more", and the bad byte
        EXPECT_EQ(told(reader, bytes.substr(0, before)), good);
        EXPECT_EQ(told(reader, bytes.substr(before, 1)), "!1007");
        expect_told(bytes, good + "!1007");
    }
}

Test(websocket, a_message_does_not_end_within_a_character) {
    expect_told(frame(kText, "a\xE4\xBD"), "a!1007");
    expect_told(frame(kTextBegins, "\xF0") + frame(kEnds), "!1007");
}

// --- Control frames ------------------------------------------------------------------------------

Test(websocket, pings_and_pongs_bring_their_payload) {
    expect_told(frame(kPing, "a\xFF") + frame(kPong) + frame(kPing, std::string(125, 'p')),
                "[ping a\xFF][pong ][ping " + std::string(125, 'p') + "]");
}

Test(websocket, control_frames_may_come_between_fragments) {
    expect_told(frame(kTextBegins, "a\xE4") + frame(kPing, "x") + frame(kEnds, "\xBD\xA0"),
                "a[ping x]你.");
}

Test(websocket, control_frames_are_short_and_whole) {
    expect_told(frame(kPing, std::string(126, 'a')), "!1002");
    expect_told(head(kPing, 1, 2), "!1002");
    expect_told(frame(0x09), "!1002");
    expect_told(frame(0x08), "!1002");
}

Test(websocket, a_close_may_have_a_code_and_a_reason) {
    expect_told(frame(kClose), "[close 1005 ]");
    expect_told(frame(kClose, "\x03\xE8"), "[close 1000 ]");
    expect_told(frame(kClose, "\x03\xE9再见"), "[close 1001 再见]");
}

Test(websocket, behind_a_close_nothing_is_read) {
    WebSocketReader reader;
    const std::string bytes = frame(kTextBegins, "a") + frame(kClose) + frame(kEnds, "b");
    std::string_view left = bytes;
    std::string words;
    while (const auto event = reader.next(left)) words += words_of(*event);
    EXPECT_EQ(words, "a[close 1005 ]");
    EXPECT_EQ(left, frame(kEnds, "b"));
}

Test(websocket, a_close_with_half_a_code_is_an_error) {
    expect_told(frame(kClose, "\x03"), "!1002");
}

Test(websocket, the_code_of_a_close_is_one_that_may_be_sent) {
    for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1011U, 1014U, 3000U, 4999U}) {
        expect_told(frame(kClose, number(code, 2)), "[close " + std::to_string(code) + " ]");
    }
    for (const unsigned code :
         {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 2000U, 2999U, 5000U, 65535U}) {
        expect_told(frame(kClose, number(code, 2)), "!1002");
    }
}

Test(websocket, the_reason_of_a_close_is_UTF_8) {
    expect_told(frame(kClose, "\x03\xE8\xE4\xBD"), "!1007");
}

// --- Writing -------------------------------------------------------------------------------------

Test(websocket, the_frames_of_section_5_7_are_written) {
    std::string out;
    append_websocket_frame(out, WebSocketOpcode::Text, "Hello");
    append_websocket_frame(out, WebSocketOpcode::Ping, "Hello");
    append_websocket_frame(out, WebSocketOpcode::Pong, "");
    EXPECT_EQ(out, "\x81\x05Hello\x89\x05Hello\x8A\x00"s);
}

Test(websocket, a_length_is_written_in_its_shortest_form) {
    struct Case {
        std::size_t size;
        std::string head;
    };
    for (const auto& [size, head] :
         {Case{125, "\x81\x7D"s}, Case{126, "\x81\x7E\x00\x7E"s}, Case{65535, "\x81\x7E\xFF\xFF"s},
          Case{65536, "\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00"s}}) {
        std::string out;
        append_websocket_frame(out, WebSocketOpcode::Text, std::string(size, 'a'));
        EXPECT_EQ(out.substr(0, head.size()), head);
        EXPECT_EQ(out.size(), head.size() + size);
    }
}

Test(websocket, what_was_written_becomes_a_frame_in_its_place) {
    std::string out = "before";
    const std::size_t begin = out.size();
    out += std::string(300, 'a');
    frame_as_text(out, begin);
    EXPECT_EQ(out, "before\x81\x7E\x01\x2C" + std::string(300, 'a'));
}

Test(websocket, a_close_is_written_with_its_code_if_it_has_one) {
    std::string out;
    append_websocket_close(out, chatd::kCloseGoingAway);
    append_websocket_close(out, chatd::kCloseNone);
    EXPECT_EQ(out, "\x88\x02\x03\xE9\x88\x00"s);
}
