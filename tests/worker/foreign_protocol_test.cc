// Specification of worker/foreign_protocol: which first bytes of a client belong to a protocol that
// is not spoken here, and which are text.
#include "worker/foreign_protocol.h"

#include <criterion/criterion.h>

#include <optional>
#include <string>
#include <string_view>

#include "support/expect.h"

using chatd::protocol_of;
using chatd::ProtocolDetector;

namespace {

// The text in bytes that come at once; nothing when they belong to another protocol.
std::optional<std::string> text_of(std::string_view bytes) {
    ProtocolDetector detector;
    std::string text(bytes);
    if (!detector.filter(text).empty()) return std::nullopt;
    return text;
}

// The same when the bytes come one by one.
std::optional<std::string> text_of_each(std::string_view bytes) {
    ProtocolDetector detector;
    std::string all;
    for (const char byte : bytes) {
        std::string text(1, byte);
        if (!detector.filter(text).empty()) return std::nullopt;
        all += text;
    }
    return all;
}

// The protocol that is detected in bytes that come in two pieces.
std::string detected(std::string_view bytes, std::size_t cut) {
    ProtocolDetector detector;
    std::string first(bytes.substr(0, cut));
    std::string second(bytes.substr(cut));
    const std::string_view protocol = detector.filter(first);
    return std::string(protocol.empty() ? detector.filter(second) : protocol);
}

}  // namespace

TestSuite(foreign_protocol, .timeout = 20);

Test(foreign_protocol, what_people_type_passes_as_it_comes) {
    for (const std::string_view typed : {"alice\n", "小明\n", "\n", "\xEF\xBC\xA1\n", "\x16x\n"}) {
        EXPECT_EQ(text_of(typed), std::string(typed));
        EXPECT_EQ(text_of_each(typed), std::string(typed));
    }
}

Test(foreign_protocol, a_byte_order_mark_at_the_beginning_is_taken_out) {
    const std::string typed =
        "\xEF\xBB\xBF"
        "alice\n";
    EXPECT_EQ(text_of(typed), std::string("alice\n"));
    EXPECT_EQ(text_of_each(typed), std::string("alice\n"));
    EXPECT_EQ(text_of("a\xEF\xBB\xBF\n"), std::string("a\xEF\xBB\xBF\n"));
}

Test(foreign_protocol, a_tls_handshake_is_detected) {
    EXPECT_EQ(detected(std::string_view("\x16\x03\x01\x02\x00\x01", 6), 6), "TLS");
    EXPECT_EQ(detected("\x16\x03", 1), "TLS");
}

Test(foreign_protocol, the_binary_header_of_a_proxy_is_detected_however_it_is_cut) {
    // Of version 2: signature, command, family, length; addresses and ports.
    const std::string header("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C\x7F\0\0\1\x7F\0\0\1\xC8\0\x22\xB8",
                             28);
    for (std::size_t cut = 0; cut <= header.size(); ++cut) {
        EXPECT_EQ(detected(header, cut), "PROXY");
    }
    EXPECT_FALSE(text_of_each(header).has_value());
}

Test(foreign_protocol, a_client_that_presses_enter_is_no_proxy_and_waits_for_nothing) {
    const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
    for (std::size_t bytes = 1; bytes < signature.size(); ++bytes) {
        const std::string begun = signature.substr(0, bytes);
        EXPECT_EQ(text_of(begun), begun);
        EXPECT_EQ(text_of(begun + "alice"), begun + "alice");
        EXPECT_EQ(text_of_each(begun + "alice"), begun + "alice");
    }
    EXPECT_EQ(text_of("alice\n" + signature), "alice\n" + signature);
    EXPECT_EQ(text_of_each("a" + signature), "a" + signature);
}

Test(foreign_protocol, what_was_held_back_is_text_at_the_end) {
    ProtocolDetector detector;
    std::string text = "\xEF\xBB";
    EXPECT_EQ(detector.filter(text), "");
    EXPECT_EQ(text, "");
    EXPECT_EQ(detector.finish(), "\xEF\xBB");
}

Test(foreign_protocol, protocols_are_known_by_their_first_line) {
    EXPECT_EQ(protocol_of("GET / HTTP/1.1"), "HTTP");
    EXPECT_EQ(protocol_of("CONNECT example.org:443 HTTP/1.0"), "HTTP");
    EXPECT_EQ(protocol_of("SSH-2.0-OpenSSH_9.2"), "SSH");
    EXPECT_EQ(protocol_of("PROXY TCP4 192.0.2.1 192.0.2.2 51234 8888"), "PROXY");
    for (const char* name : {"alice", "ssh", "http", "GET", "PROXY", "小明", ""}) {
        EXPECT_EQ(protocol_of(name), "");
    }
}
