// The real program, as browsers and programs speak to it: HTTP and WebSockets, on the port of the
// room.
#include <criterion/criterion.h>
#include <signal.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/http.h"
#include "support/needs.h"
#include "support/process.h"
#include "support/websocket.h"
#include "support/where.h"

using namespace chatd::test;
using namespace std::string_literals;

TestSuite(web, .timeout = 60);

namespace {

// What every answer has, whatever it says: nobody may frame it, guess at its type, or run in it
// what it does not bring along itself.
void expect_safe(const HttpResponse& response, Where where = Where::here()) {
    const Caller caller(where);
    EXPECT_CONTAINS(response.header("Connection"), "close");
    EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(response.header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(response.header("X-Frame-Options"), "DENY");
    EXPECT_CONTAINS(response.header("Content-Security-Policy"), "default-src 'none'");
    EXPECT_CONTAINS(response.header("Content-Security-Policy"), "frame-ancestors 'none'");
}

// One request and its answer; then the server must end the connection.
HttpResponse answer(const Daemon& daemon, const HttpRequest& request, Where where = Where::here()) {
    const Caller caller(where);
    Client client(daemon.port());
    client.send(bytes_of(request, daemon.port()));
    HttpResponse response = read_response(client, request.method);
    client.expect_eof();
    expect_safe(response);
    return response;
}

int status_for(const Daemon& daemon, const std::string& bytes, Where where = Where::here()) {
    const Caller caller(where);
    Client client(daemon.port());
    client.send(bytes);
    const HttpResponse response = read_response(client);
    client.expect_eof();
    expect_safe(response);
    return response.status;
}

std::string handshake_bytes(const Daemon& daemon) {
    return bytes_of(handshake(), daemon.port());
}

void expect_said(const chatd::Json& say, std::string_view name, std::string_view text,
                 Where where = Where::here()) {
    const Caller caller(where);
    EXPECT_EQ(say.string_at("type"), "say");
    EXPECT_EQ(say.string_at("name"), name);
    EXPECT_EQ(say.string_at("text"), text);
}

// What is said of bob in /who.
std::string address_of_bob(Client& alice, Where where = Where::here()) {
    alice.send_line("/who bob");
    alice.expect("\n  bob ", where);
    return alice.line(where);
}

std::size_t workers(const Daemon& daemon) {
    std::size_t count = 0;
    for (const Process& child : children(daemon.pid())) {
        if (child.cmdline.starts_with("chatd: worker")) ++count;
    }
    return count;
}

}  // namespace

// --- The page

Test(web, a_browser_gets_the_page_and_its_parts_and_the_second_time_only_that_nothing_changed) {
    Daemon daemon;
    for (const auto& [path, type] : {std::pair("/", "text/html; charset=utf-8"),
                                     std::pair("/chat.js", "text/javascript; charset=utf-8"),
                                     std::pair("/chat.css", "text/css; charset=utf-8")}) {
        const HttpResponse page = answer(daemon, {.target = path});
        EXPECT_EQ(page.status, 200);
        EXPECT_EQ(page.header("Content-Type"), type);
        EXPECT_GT(page.body.size(), 0);
        const HttpResponse head = answer(daemon, {.method = "HEAD", .target = path});
        EXPECT_EQ(head.status, 200);
        EXPECT_EQ(head.header("Content-Length"), std::to_string(page.body.size()));
        const std::string tag = page.header("ETag");
        EXPECT_GT(tag.size(), 2);
        const HttpHeaders known = {{"If-None-Match", "\"other\", " + tag}};
        EXPECT_EQ(answer(daemon, {.target = path, .headers = known}).status, 304);
        const HttpHeaders unknown = {{"If-None-Match", "\"other\""}};
        EXPECT_EQ(answer(daemon, {.target = path, .headers = unknown}).body, page.body);
    }
    daemon.finish();
}

Test(web, what_the_server_does_not_have_or_understand_it_refuses) {
    Daemon daemon;
    EXPECT_EQ(answer(daemon, {.target = "/index.html"}).status, 404);
    EXPECT_EQ(answer(daemon, {.target = "/../etc/passwd"}).status, 404);
    const HttpResponse post = answer(daemon, {.method = "POST", .body = "alice"});
    EXPECT_EQ(post.status, 405);
    EXPECT_EQ(post.header("Allow"), "GET, HEAD");
    EXPECT_EQ(status_for(daemon, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
    EXPECT_EQ(status_for(daemon, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400);
    EXPECT_EQ(status_for(daemon, "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(65536, 'x')),
              431);
    EXPECT_EQ(status_for(daemon, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
    EXPECT_EQ(daemon.logged("joined"), 0);
    daemon.finish();
}

Test(web, a_request_that_comes_byte_by_byte_is_answered_as_well) {
    Daemon daemon;
    Client browser(daemon.port());
    for (const char byte : bytes_of(HttpRequest{.target = "/chat.css"}, daemon.port())) {
        browser.send({&byte, 1});
    }
    const HttpResponse page = read_response(browser);
    EXPECT_EQ(page.body, answer(daemon, {.target = "/chat.css"}).body);
    browser.expect_eof();

    Client client(daemon.port());
    for (const char byte : handshake_bytes(daemon) + bytes_of(WebSocketFrame{.payload = "bob"})) {
        client.send({&byte, 1});
    }
    WebSocket bob(std::move(client));
    EXPECT_EQ(bob.expect("welcome").string_at("name"), "bob");
    daemon.finish();
}

Test(web, who_begins_a_request_and_does_not_end_it_is_sent_away) {
    Daemon daemon({"--login-timeout", "1"});
    std::vector<Client> slow;
    for (const char* const beginning :
         {"GET /", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: "}) {
        slow.emplace_back(daemon.port());
        slow.back().send(beginning);
    }
    for (Client& client : slow) {
        const HttpResponse response = read_response(client);
        EXPECT_EQ(response.status, 408);
        client.expect_eof();
        expect_safe(response);
    }
    for (std::size_t i = 0; i < slow.size(); ++i) (void)daemon.wait_log(" ended, pid ");
    EXPECT_EQ(workers(daemon), 0);
    daemon.finish();
}

Test(web, who_asks_for_http_after_something_else_is_told_that_this_is_a_chat) {
    Daemon daemon;
    Client client(daemon.port());
    client.expect("Your name: ");
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.expect("HTTP is not spoken here. Goodbye.\n");
    client.expect_eof();
    daemon.finish();
}

Test(web, without_the_web_the_room_is_for_the_other_clients) {
    Daemon daemon({"--no-web"});
    Client alice = join(daemon.port(), "alice");
    for (const HttpRequest& request : {HttpRequest{}, handshake()}) {
        const HttpResponse response = answer(daemon, request);
        EXPECT_EQ(response.status, 404);
        EXPECT_CONTAINS(response.body, "come with nc, telnet or ./chat.");
    }
    EXPECT_TRUE(alice.quiet());
    daemon.finish();
}

// --- Who may open a WebSocket

Test(web, a_page_of_another_site_may_not_open_a_websocket) {
    Daemon daemon;
    const std::string here = "http://127.0.0.1:" + std::to_string(daemon.port());
    for (const std::string& foreign :
         {"https://evil.example"s, "http://127.0.0.1"s, here + ".evil.example", "null"s}) {
        EXPECT_EQ(answer(daemon, handshake("/chat", {{"Origin", foreign}})).status, 403);
    }
    WebSocket bob(daemon.port(), handshake("/chat", {{"Origin", here}}));
    bob.expect("name?");
    daemon.finish();
}

Test(web, the_operator_says_which_pages_may_open_a_websocket) {
    Daemon daemon(
        {"--web-origin", "https://chat.example", "--web-origin", "https://chat2.example"});
    for (const char* const origin : {"https://chat.example", "https://chat2.example"}) {
        WebSocket bob(daemon.port(), handshake("/chat", {{"Origin", origin}}));
        bob.expect("name?");
    }
    const std::string here = "http://127.0.0.1:" + std::to_string(daemon.port());
    EXPECT_EQ(answer(daemon, handshake("/chat", {{"Origin", here}})).status, 403);
    WebSocket program(daemon.port());
    program.expect("name?");
    daemon.finish();
}

Test(web, a_handshake_that_lacks_something_opens_nothing) {
    Daemon daemon;
    const HttpResponse plain = answer(daemon, {.target = "/chat"});
    EXPECT_EQ(plain.status, 426);
    EXPECT_EQ(answer(daemon, handshake("/chat", {{"Sec-WebSocket-Version", "8"}})).status, 426);
    EXPECT_EQ(answer(daemon, handshake("/chat", {{"Sec-WebSocket-Key", "short"}})).status, 400);
    daemon.finish();
}

// --- In the room

Test(web, a_websocket_and_nc_talk_and_nobody_sees_a_difference) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    WebSocket bob(daemon.port());
    EXPECT_EQ(bob.object().string_at("type"), "hello");
    EXPECT_EQ(bob.object().string_at("type"), "name?");
    bob.say("bob");
    EXPECT_EQ(bob.expect("welcome").integer_at("members"), 2);
    alice.expect_line("bob entered the chat room");
    bob.say("hello from a <b>browser</b>");
    alice.expect_line("bob says: hello from a <b>browser</b>");
    const chatd::Json own = bob.expect("say");
    expect_said(own, "bob", "hello from a <b>browser</b>");
    EXPECT_TRUE(own.flag_at("own"));
    EXPECT_EQ(own.integer_at("line"), 2);
    alice.send_line("hello from nc");
    const chatd::Json heard = bob.expect("say");
    expect_said(heard, "alice", "hello from nc");
    EXPECT_FALSE(heard.flag_at("own"));
    EXPECT_EQ(workers(daemon), 2);
    alice.send_line("/quit");
    EXPECT_EQ(bob.expect("leave").string_at("name"), "alice");
    daemon.finish();
}

Test(web, a_websocket_may_send_its_name_before_it_has_read_anything) {
    Daemon daemon;
    Client client(daemon.port());
    client.send(handshake_bytes(daemon) + bytes_of(WebSocketFrame{.payload = "bob"}) +
                bytes_of(WebSocketFrame{.payload = "hello"}));
    WebSocket bob(std::move(client));
    bob.expect("welcome");
    expect_said(bob.expect("say"), "bob", "hello");
    daemon.finish();
}

Test(web, a_websocket_is_spoken_to_in_the_language_that_it_asks_for) {
    Daemon daemon;
    WebSocket bob(daemon.port(), handshake("/chat?lang=zh"));
    EXPECT_EQ(bob.expect("hello").string_at("language"), "zh");
    bob.say("b b");
    EXPECT_CONTAINS(bob.expect("error").string_at("text"), "用户名");
    daemon.finish();
}

Test(web, a_page_that_is_left_lets_its_member_leave) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    WebSocket bob = join_by_websocket(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    bob.send({.opcode = Opcode::Close, .payload = "\x03\xe9"});  // 1001, as browsers send it
    EXPECT_EQ(bob.expect_close(), 1001);
    alice.expect("bob left the chat room");
    (void)daemon.wait_log("bob ended");
    EXPECT_EQ(workers(daemon), 1);
    daemon.finish();
}

Test(web, a_frame_that_breaks_the_rules_is_answered_with_the_code_for_it) {
    Daemon daemon;
    const auto code_for = [&](const std::string& bytes) {
        WebSocket mallory = join_by_websocket(daemon.port(), "mallory");
        mallory.client().send(bytes);
        const int code = mallory.expect_close();
        (void)daemon.wait_log("mallory ended");
        return code;
    };
    EXPECT_EQ(code_for(bytes_of(WebSocketFrame{.payload = "hi", .masked = false})), 1002);
    EXPECT_EQ(code_for(bytes_of(WebSocketFrame{.payload = "hi", .reserved = 0x40})), 1002);
    EXPECT_EQ(code_for(bytes_of(WebSocketFrame{.opcode = Opcode::Continuation})), 1002);
    EXPECT_EQ(code_for(bytes_of(WebSocketFrame{.opcode = Opcode::Ping, .last = false})), 1002);
    EXPECT_EQ(code_for(bytes_of(WebSocketFrame{.opcode = Opcode::Binary, .payload = "hi"})), 1003);
    EXPECT_EQ(code_for(bytes_of(WebSocketFrame{.payload = "\xff"})), 1007);
    EXPECT_EQ(code_for("\x81\xff\0\1\0\0\0\0\0\0"s + "mask"), 1009);  // 2^48 bytes are to come
    daemon.finish();
}

Test(web, a_ping_is_answered_and_fragments_are_joined_around_it) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    WebSocket bob = join_by_websocket(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    bob.send({.payload = "he", .last = false});
    bob.send({.opcode = Opcode::Ping, .payload = "are you there?"});
    WebSocketFrame pong = bob.frame();
    while (pong.opcode == Opcode::Text) pong = bob.frame();
    EXPECT_TRUE(pong.opcode == Opcode::Pong);
    EXPECT_EQ(pong.payload, "are you there?");
    bob.send({.opcode = Opcode::Continuation, .payload = "llo\xe5", .last = false});
    bob.send({.opcode = Opcode::Continuation, .payload = "\xb0\x8f"});
    alice.expect_line("bob says: hello小");
    daemon.finish();
}

Test(web, a_line_that_is_too_long_is_refused_and_the_next_one_is_said) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    WebSocket bob = join_by_websocket(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    bob.say(std::string(5000, 'x'));
    EXPECT_EQ(bob.expect("error").integer_at("line"), 2);
    bob.say("short");
    alice.expect_line("bob says: short");
    daemon.finish();
}

// --- When something happens to the server

Test(web, a_broker_that_is_killed_and_an_upgrade_cost_a_websocket_nothing) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    WebSocket bob = join_by_websocket(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    int said = 0;
    const auto expect_all = [&] {
        for (int i = 0; i < 20; ++i) alice.send_line(std::to_string(said + i));
        for (int i = 0; i < 20; ++i) {
            expect_said(bob.expect("say"), "alice", std::to_string(said++));
        }
    };
    expect_all();
    (void)kill(daemon.broker(), SIGKILL);
    expect_all();
    daemon.signal(SIGHUP);
    expect_all();
    daemon.wait_log("upgraded to ");
    expect_all();
    bob.say("all there");
    alice.expect_line("bob says: all there");
    daemon.finish();
}

Test(web, the_end_of_the_server_is_told_and_closes_a_websocket) {
    Daemon daemon;
    WebSocket bob = join_by_websocket(daemon.port(), "bob");
    daemon.signal(SIGTERM);
    bob.expect("closing");
    EXPECT_EQ(bob.expect_close(), 1001);
    EXPECT_EQ(daemon.wait(), 0);
    daemon.expect_nothing_left();
}

// --- Behind a proxy

Test(web, a_proxy_that_is_trusted_says_from_where_somebody_comes) {
    Daemon daemon({"--trust-proxy", "127.0.0.1"});
    Client alice = join(daemon.port(), "alice");
    WebSocket bob(daemon.port(),
                  handshake("/chat", {{"X-Forwarded-For", "203.0.113.9, 198.51.100.7"}}));
    bob.expect("name?");
    bob.say("bob");
    bob.expect("welcome");
    EXPECT_CONTAINS(daemon.wait_log("bob joined"), "198.51.100.7");
    EXPECT_CONTAINS(address_of_bob(alice), "198.51.100.7");
    daemon.finish();
}

Test(web, who_is_over_the_limits_of_its_own_address_reads_so_through_the_proxy_and_is_counted) {
    Daemon daemon({"--trust-proxy", "127.0.0.1", "--max-per-ip", "1"});
    const HttpHeaders named = {{"X-Forwarded-For", "198.51.100.7"}};
    WebSocket bob(daemon.port(), handshake("/chat", named));
    bob.expect("name?");
    const HttpResponse refusal = answer(daemon, handshake("/chat", named));
    EXPECT_EQ(refusal.status, 503);
    EXPECT_EQ(refusal.body,
              "1 people from your address are here, which is the most. Please come later.\n");
    WebSocket carol(daemon.port(), handshake("/chat", {{"X-Forwarded-For", "198.51.100.8"}}));
    carol.expect("name?");
    daemon.signal(SIGUSR1);
    EXPECT_CONTAINS(daemon.wait_log("status: clients refused"), ": 1 per_ip");
    daemon.finish();
}

Test(web, whom_a_proxy_names_in_another_way_than_by_an_address_is_refused) {
    Daemon daemon({"--trust-proxy", "127.0.0.1"});
    const HttpResponse refusal = answer(daemon, {.headers = {{"X-Forwarded-For", "un\"known"}}});
    EXPECT_EQ(refusal.status, 503);
    EXPECT_EQ(refusal.body, "The proxy in front does not say who you are.\n");
    daemon.wait_log("a proxy names no address: \"un\\\"known\"");
    daemon.finish();
}

Test(web, a_proxy_may_connect_as_often_as_logins_are_left) {
    Daemon daemon({"--trust-proxy", "127.0.0.1", "--max-per-ip", "1", "--max-logins", "1"});
    Client one(daemon.port());
    one.expect("Your name: ");
    Client two(daemon.port());
    two.expect("Your name: ");
    Client three(daemon.port());
    three.expect_line(
        "Too many people are at the door right now. Please try again in a few seconds.");
    three.expect_eof();
    daemon.finish();
}

Test(web, nobody_else_is_believed_where_he_comes_from) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    WebSocket bob(daemon.port(), handshake("/chat", {{"X-Forwarded-For", "198.51.100.7"}}));
    bob.expect("name?");
    bob.say("bob");
    bob.expect("welcome");
    EXPECT_CONTAINS(address_of_bob(alice), "127.0.0.1:");
    EXPECT_EQ(daemon.logged("198.51.100.7"), 0);
    daemon.finish();
}

// --- Programs

Test(web, the_real_jq_reads_what_the_json_tongue_says) {
    NEEDS("jq");
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    const std::string port = std::to_string(daemon.port());
    const auto result = Command::run(
        {"sh", "-c",
         "printf '/json\\nbot\\nhi \"there\" 小明\\n/who\\n/quit\\n' | nc -N 127.0.0.1 " + port +
             " | jq -r '[.type, .name, .text] | join(\"|\")'"});
    EXPECT_EQ(result.status, 0);
    EXPECT_CONTAINS(result.out, "hello||");
    EXPECT_CONTAINS(result.out, "welcome|bot|");
    EXPECT_CONTAINS(result.out, "say|bot|hi \"there\" 小明\n");
    EXPECT_CONTAINS(result.out, "person|alice|\n");
    alice.expect("bot says: hi \"there\" 小明\n");
    daemon.finish();
}
