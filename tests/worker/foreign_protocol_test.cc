// Specification of worker/foreign_protocol: who knocks.
#include "worker/foreign_protocol.h"

#include <criterion/criterion.h>

#include <optional>
#include <string>

#include "support/expect.h"

using namespace chatd;

namespace {

// What is let in of bytes that come at once; nothing when the door stays shut.
std::optional<std::string> let_in(std::string_view bytes) {
    ForeignProtocol door;
    std::string text;
    if (!door.let_in(bytes, text).empty()) return std::nullopt;
    return text;
}

// The protocol that is seen in bytes that come in two pieces.
std::string seen(std::string_view bytes, std::size_t at) {
    ForeignProtocol door;
    std::string text;
    const std::string_view first = door.let_in(bytes.substr(0, at), text);
    return std::string(first.empty() ? door.let_in(bytes.substr(at), text) : first);
}

// The same when they come one by one.
std::optional<std::string> let_in_by_one(std::string_view bytes) {
    ForeignProtocol door;
    std::string text;
    for (const char byte : bytes) {
        if (!door.let_in({&byte, 1}, text).empty()) return std::nullopt;
    }
    return text;
}

}  // namespace

Test(door, what_people_type_goes_in_as_it_comes) {
    for (const std::string_view typed : {"alice\n", "小明\n", "\n", "\xEF\xBC\xA1\n", "\x16x\n"}) {
        EXPECT_TRUE(let_in(typed) == std::string(typed));
        EXPECT_TRUE(let_in_by_one(typed) == std::string(typed));
    }
}

Test(door, a_byte_order_mark_at_the_beginning_is_not_read) {
    EXPECT_TRUE(let_in("\xEF\xBB\xBF"
                       "alice\n") == "alice\n");
    EXPECT_TRUE(let_in_by_one("\xEF\xBB\xBF"
                              "alice\n") == "alice\n");
    EXPECT_TRUE(let_in("a\xEF\xBB\xBF\n") == "a\xEF\xBB\xBF\n");
}

Test(door, a_tls_handshake_stays_outside) {
    EXPECT_FALSE(let_in(std::string_view("\x16\x03\x01\x02\x00\x01", 6)).has_value());
    EXPECT_FALSE(let_in_by_one("\x16\x03").has_value());
}

Test(door, the_binary_header_of_a_proxy_stays_outside_however_it_is_cut) {
    // Of version 2: signature, command, family, length; addresses and ports.
    const std::string header("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C\x7F\0\0\1\x7F\0\0\1\xC8\0\x22\xB8",
                             28);
    for (std::size_t at = 0; at <= header.size(); ++at) EXPECT_EQ(seen(header, at), "PROXY");
    EXPECT_FALSE(let_in_by_one(header).has_value());
}

Test(door, who_presses_enter_is_no_proxy_and_waits_for_nothing) {
    const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
    for (std::size_t bytes = 1; bytes < signature.size(); ++bytes) {
        const std::string begun = signature.substr(0, bytes);
        EXPECT_TRUE(let_in(begun) == begun);
        EXPECT_TRUE(let_in(begun + "alice") == begun + "alice");
        EXPECT_TRUE(let_in_by_one(begun + "alice") == begun + "alice");
    }
    EXPECT_TRUE(let_in("alice\n" + signature) == "alice\n" + signature);
    EXPECT_TRUE(let_in_by_one("a" + signature) == "a" + signature);
}

Test(door, what_was_held_back_is_not_lost) {
    ForeignProtocol door;
    std::string text;
    EXPECT_EQ(door.let_in("\xEF\xBB", text), "");
    EXPECT_EQ(text, "");
    door.open(text);
    EXPECT_EQ(text, "\xEF\xBB");
}

Test(door, protocols_are_known_by_their_first_line) {
    EXPECT_EQ(protocol_of("GET / HTTP/1.1"), "HTTP");
    EXPECT_EQ(protocol_of("CONNECT example.org:443 HTTP/1.0"), "HTTP");
    EXPECT_EQ(protocol_of("SSH-2.0-OpenSSH_9.2"), "SSH");
    EXPECT_EQ(protocol_of("PROXY TCP4 192.0.2.1 192.0.2.2 51234 8888"), "PROXY");
    for (const char* name : {"alice", "ssh", "http", "GET", "PROXY", "小明", ""}) {
        EXPECT_EQ(protocol_of(name), "");
    }
}
