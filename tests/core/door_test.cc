// Specification of core/door: who knocks.
#include "core/door.h"

#include <criterion/criterion.h>

#include <optional>
#include <string>

#include "support/expect.h"

using namespace chatd;

namespace {

// What is let in of bytes that come at once; nothing when the door stays shut.
std::optional<std::string> let_in(std::string_view bytes) {
    Door door;
    std::string text;
    if (!door.let_in(bytes, text)) return std::nullopt;
    return text;
}

// The same when they come one by one.
std::optional<std::string> let_in_by_one(std::string_view bytes) {
    Door door;
    std::string text;
    for (const char byte : bytes) {
        if (!door.let_in({&byte, 1}, text)) return std::nullopt;
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

Test(door, what_was_held_back_is_not_lost) {
    Door door;
    std::string text;
    EXPECT_TRUE(door.let_in("\xEF\xBB", text));
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
