// Specification of worker/client_input: what the first bytes of a client are taken for, however
// they are cut.

#include "worker/client_input.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "support/expect.h"

using chatd::ClientInput;
using chatd::kLineBytesMax;
using chatd::kWebByDefault;
using chatd::Moment;

TestSuite(client_input, .timeout = 20);

namespace {

const std::string kRequest = "GET /chat.css HTTP/1.1\r\nHost: localhost:8888\r\n\r\n";

// A client, and what it was answered since the last call.
struct Client {
    std::string replies() { return std::exchange(out, {}); }
    std::string sends(std::string_view bytes) {
        return std::string(input.add(bytes, Moment(), out));
    }

    ClientInput input{kWebByDefault};
    std::string out;
};

// The whole lines that have come, each with its end.
std::string lines_of(Client& client) {
    std::string all;
    while (const auto line = client.input.lines.next()) all += line->text + '\n';
    return all;
}

// Calls check(pieces) for the bytes as a whole, byte by byte, and in two pieces of any size.
template <class Check>
void for_each_cut(std::string_view bytes, Check check) {
    std::vector<std::string_view> by_byte;
    for (std::size_t at = 0; at < bytes.size(); ++at) by_byte.push_back(bytes.substr(at, 1));
    check(by_byte);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        check(std::vector{bytes.substr(0, at), bytes.substr(at)});
    }
}

}  // namespace

// --- Lines ---------------------------------------------------------------------------------------

Test(client_input, lines_pass_and_telnet_is_answered) {
    Client client;
    EXPECT_EQ(client.sends("al\xFF\xFD\x06ice\r\nhel"), "");
    EXPECT_EQ(lines_of(client), "alice\n");
    EXPECT_EQ(client.replies(), "\xFF\xFC\x06");
    EXPECT_EQ(client.sends("lo\n"), "");
    EXPECT_EQ(lines_of(client), "hello\n");
    EXPECT_TRUE(client.input.web() == nullptr);
}

Test(client_input, what_begins_like_http_is_held_until_it_is_clear) {
    Client client;
    EXPECT_FALSE(client.input.may_be_http());
    (void)client.sends("GET a");
    EXPECT_TRUE(client.input.may_be_http());
    EXPECT_EQ(client.input.lines.buffered_bytes(), 0);
    (void)client.sends(" l");
    EXPECT_FALSE(client.input.may_be_http());
    EXPECT_EQ(client.input.lines.buffered_bytes(), 7);
}

Test(client_input, a_line_that_only_begins_like_http_is_a_line_however_it_is_cut) {
    for (const std::string line : {"GET a life", "GET", "Gerda", "POST", "GET / HTTP/x", ""}) {
        for_each_cut(line + "\r\nhello\n", [&](const std::vector<std::string_view>& pieces) {
            Client client;
            for (const std::string_view piece : pieces) EXPECT_EQ(client.sends(piece), "");
            EXPECT_EQ(lines_of(client), line + "\nhello\n");
            EXPECT_EQ(client.replies(), "");
            EXPECT_TRUE(client.input.web() == nullptr);
        });
    }
}

Test(client_input, only_the_first_line_may_be_http) {
    Client client;
    (void)client.sends("alice\nGET / HTTP/1.1\r\n");
    EXPECT_EQ(lines_of(client), "alice\nGET / HTTP/1.1\n");
}

// --- Other protocols -----------------------------------------------------------------------------

Test(client_input, a_request_is_answered_however_it_is_cut) {
    Client whole;
    (void)whole.sends(kRequest);
    const std::string answer = whole.replies();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    for_each_cut(kRequest, [&](const std::vector<std::string_view>& pieces) {
        Client client;
        for (const std::string_view piece : pieces) EXPECT_EQ(client.sends(piece), "");
        EXPECT_TRUE(client.input.web() != nullptr);
        EXPECT_EQ(client.replies(), answer);
        EXPECT_FALSE(client.input.may_be_http());
        client.input.finish();
        EXPECT_EQ(lines_of(client), "");
    });
}

Test(client_input, a_browser_is_known_by_its_first_line) {
    Client client;
    const std::size_t first_line = kRequest.find('\n') + 1;
    (void)client.sends(std::string_view(kRequest).substr(0, first_line - 1));
    EXPECT_TRUE(client.input.web() == nullptr);
    (void)client.sends("\n");
    EXPECT_TRUE(client.input.web() != nullptr);
    EXPECT_EQ(client.replies(), "");
}

Test(client_input, a_first_line_without_an_end_is_http_if_it_has_a_space) {
    for (const std::string_view bytes : {"GET ", "GET / HTTP/1.1", "POST /x"}) {
        Client client;
        (void)client.sends(bytes);
        EXPECT_TRUE(client.input.give_up_first_line());
        EXPECT_TRUE(client.input.web() != nullptr);
        client.input.finish();
        EXPECT_EQ(lines_of(client), "");
        EXPECT_FALSE(client.input.give_up_first_line());
    }
    for (const std::string_view bytes : {"", "GET", "alice", "alice and bob"}) {
        Client client;
        (void)client.sends(bytes);
        EXPECT_FALSE(client.input.give_up_first_line());
        EXPECT_TRUE(client.input.web() == nullptr);
    }
}

Test(client_input, who_was_asked_for_a_name_speaks_lines) {
    Client client;
    client.input.expect_lines();
    EXPECT_EQ(client.sends("GET / HTTP/1.1\r\n"), "");
    EXPECT_TRUE(client.input.web() == nullptr);
    EXPECT_EQ(lines_of(client), "GET / HTTP/1.1\n");
    EXPECT_EQ(client.replies(), "");
}

Test(client_input, a_first_line_that_never_ends_is_held_up_to_a_bound) {
    Client client;
    (void)client.sends("GET /");
    for (std::size_t bytes = 5; bytes < kLineBytesMax - 1; ++bytes) (void)client.sends("x");
    EXPECT_TRUE(client.input.may_be_http());
    (void)client.sends("xx");
    EXPECT_FALSE(client.input.may_be_http());
}

Test(client_input, a_protocol_that_is_not_spoken_is_named) {
    Client tls;
    EXPECT_EQ(tls.sends("\x16\x03\x01"), "TLS");
    Client proxy;
    EXPECT_EQ(proxy.sends(std::string_view("\r\n\r\n\0\r\nQUIT\n", 12)), "PROXY");
}

// --- The end -------------------------------------------------------------------------------------

Test(client_input, what_was_held_is_a_line_at_the_end) {
    for (const std::string_view typed : {"GET", "GET /", "alice"}) {
        Client client;
        (void)client.sends(typed);
        EXPECT_EQ(lines_of(client), "");
        client.input.finish();
        EXPECT_FALSE(client.input.may_be_http());
        EXPECT_EQ(lines_of(client), std::string(typed) + '\n');
    }
}
