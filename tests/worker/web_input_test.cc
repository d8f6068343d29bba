// Specification of worker/web_input: a request that is answered, or a WebSocket whose messages are
// lines, and how a browser that is gone is found out.

#include "worker/web_input.h"

#include <criterion/criterion.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "support/expect.h"
#include "support/websocket.h"

using chatd::Language;
using chatd::LineReader;
using chatd::Moment;
using chatd::WebInput;
using chatd::WebSettings;
using chatd::test::bytes_of;
using chatd::test::handshake;
using chatd::test::Opcode;
using namespace std::chrono_literals;
using State = WebInput::State;

TestSuite(web_input, .timeout = 20);

namespace {

constexpr Moment kBegin = Moment(500s);
constexpr std::uint16_t kPort = 8888;
constexpr int kOtherwise = 1000;

const std::string kGet = bytes_of({.target = "/chat.css"}, kPort);
const std::string kOpens = bytes_of(handshake(), kPort);
const std::string kSwitches =
    "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

std::string message(std::string_view text) {
    return bytes_of({.payload = std::string(text)});
}

// A browser, and what it was answered since the last call.
struct Browser {
    void sends(std::string_view bytes, Moment now = kBegin) { input.add(bytes, now, lines, out); }
    std::string answer() { return std::exchange(out, {}); }

    // The whole lines that it has said, each with its end.
    std::string said() {
        std::string all;
        while (const auto line = lines.next()) all += line->text + '\n';
        return all;
    }

    WebSettings settings;
    WebInput input{settings};
    LineReader lines;
    std::string out;
};

// One whose WebSocket is open.
struct OpenBrowser : Browser {
    OpenBrowser() {
        sends(kOpens);
        EXPECT_EQ(answer(), kSwitches);
        EXPECT_EQ(input.state(), State::Open);
    }
};

}  // namespace

// --- Requests ------------------------------------------------------------------------------------

Test(web_input, a_request_is_answered_once_it_is_whole) {
    Browser browser;
    browser.sends(std::string_view(kGet).substr(0, kGet.size() - 1));
    EXPECT_EQ(browser.answer(), "");
    EXPECT_EQ(browser.input.state(), State::Request);
    browser.sends("\n");
    EXPECT_TRUE(browser.answer().starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(browser.input.state(), State::Served);
}

Test(web_input, what_follows_a_request_is_not_read) {
    Browser browser;
    browser.sends(kGet + kGet + "hello\n");
    const std::string answer = browser.answer();
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos);
    browser.sends(kOpens + message("hello"));
    EXPECT_EQ(browser.answer(), "");
    EXPECT_EQ(browser.said(), "");
    EXPECT_EQ(browser.input.state(), State::Served);
}

Test(web_input, what_is_no_request_is_refused) {
    Browser browser;
    browser.sends("GET / HTTP/1.1\r\nno field\r\n\r\n");
    EXPECT_TRUE(browser.answer().starts_with("HTTP/1.1 400 "));
    EXPECT_EQ(browser.input.state(), State::Refused);
    browser.sends(kGet);
    EXPECT_EQ(browser.answer(), "");
}

Test(web_input, a_page_that_may_not_open_a_websocket_is_served_a_refusal) {
    Browser browser;
    browser.settings.origins = {"https://chat.example"};
    browser.sends(bytes_of(handshake("/chat", {{"Origin", "https://evil.example"}}), kPort));
    EXPECT_TRUE(browser.answer().starts_with("HTTP/1.1 403 "));
    EXPECT_EQ(browser.input.state(), State::Served);
}

Test(web_input, where_the_web_is_off_each_request_is_served_a_polite_line) {
    Browser browser;
    browser.settings.is_on = false;
    browser.sends(kOpens);
    EXPECT_TRUE(browser.answer().starts_with("HTTP/1.1 404 "));
    EXPECT_EQ(browser.input.state(), State::Served);
}

// --- Messages ------------------------------------------------------------------------------------

Test(web_input, a_websocket_opens_and_its_messages_are_lines_however_the_bytes_are_cut) {
    const std::string bytes = kOpens + message("alice") + message("你好") + message("");
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
        Browser browser;
        browser.sends(std::string_view(bytes).substr(0, at));
        browser.sends(std::string_view(bytes).substr(at));
        EXPECT_EQ(browser.answer(), kSwitches);
        EXPECT_EQ(browser.said(), "alice\n你好\n\n");
        EXPECT_EQ(browser.input.state(), State::Open);
    }
    Browser by_byte;
    for (const char& byte : bytes) by_byte.sends({&byte, 1});
    EXPECT_EQ(by_byte.said(), "alice\n你好\n\n");
}

Test(web_input, a_message_with_and_without_the_end_of_a_line_is_one_line) {
    for (const std::string_view text : {"hello", "hello\n", "hello\r\n", "hello\r"}) {
        OpenBrowser browser;
        browser.sends(message(text) + message("x"));
        EXPECT_EQ(browser.said(), "hello\nx\n");
    }
}

Test(web_input, several_lines_in_one_message_are_several_lines) {
    OpenBrowser browser;
    browser.sends(message("one\ntwo\r\n\nthree") + message("four\n") + message("\n"));
    EXPECT_EQ(browser.said(), "one\ntwo\n\nthree\nfour\n\n");
}

Test(web_input, a_message_in_fragments_is_one_line) {
    OpenBrowser browser;
    browser.sends(bytes_of({.payload = "hel", .last = false}));
    EXPECT_EQ(browser.said(), "");
    browser.sends(bytes_of({.opcode = Opcode::Continuation, .payload = "lo\n", .last = false}) +
                  bytes_of({.opcode = Opcode::Ping}) + bytes_of({.opcode = Opcode::Continuation}));
    EXPECT_EQ(browser.said(), "hello\n");
}

Test(web_input, the_page_may_ask_for_a_language) {
    Browser browser;
    browser.sends(bytes_of(handshake("/chat?lang=zh"), kPort));
    EXPECT_EQ(browser.input.language(), Language::Chinese);
    EXPECT_EQ(OpenBrowser().input.language(), std::nullopt);
}

// --- Control frames ------------------------------------------------------------------------------

Test(web_input, a_ping_is_answered_with_what_it_brought_and_a_pong_is_not) {
    OpenBrowser browser;
    browser.sends(bytes_of({.opcode = Opcode::Ping, .payload = "abc"}) +
                  bytes_of({.opcode = Opcode::Pong, .payload = "def"}) + message("x"));
    EXPECT_EQ(browser.answer(),
              "\x8A\x03"
              "abc");
    EXPECT_EQ(browser.said(), "x\n");
}

Test(web_input, a_close_gives_its_code_back_and_nothing_is_read_behind_it) {
    OpenBrowser browser;
    EXPECT_EQ(browser.input.close_code(kOtherwise), kOtherwise);
    browser.sends(message("bye") + bytes_of({.opcode = Opcode::Close, .payload = "\x03\xE9"}) +
                  message("x") + bytes_of({.opcode = Opcode::Ping}));
    browser.sends(message("x") + bytes_of({.opcode = Opcode::Ping}));
    EXPECT_EQ(browser.input.state(), State::Closing);
    EXPECT_EQ(browser.input.close_code(kOtherwise), 1001);
    EXPECT_EQ(browser.said(), "bye\n");
    EXPECT_EQ(browser.answer(), "");
}

Test(web_input, a_broken_rule_is_closed_with_its_code) {
    for (const auto& [frame, code] : {std::pair(bytes_of({.payload = "x", .masked = false}), 1002),
                                      std::pair(bytes_of({.opcode = Opcode::Binary}), 1003),
                                      std::pair(message("\xFF"), 1007)}) {
        OpenBrowser browser;
        browser.sends(message("one") + frame + message("x"));
        EXPECT_EQ(browser.input.state(), State::Closing);
        EXPECT_EQ(browser.input.close_code(kOtherwise), code);
        EXPECT_EQ(browser.said(), "one\n");
        EXPECT_EQ(browser.answer(), "");
    }
}

// --- Silence -------------------------------------------------------------------------------------

Test(web_input, a_request_is_not_asked_for_a_sign_of_life) {
    Browser browser;
    browser.sends("GET / HTTP/1.1\r\n");
    EXPECT_FALSE(browser.input.wakes_at().has_value());
    browser.sends("Host: x\r\n\r\n");
    EXPECT_FALSE(browser.input.wakes_at().has_value());
}

Test(web_input, a_silent_browser_is_asked_for_a_sign_of_life_and_is_gone_at_last) {
    OpenBrowser browser;
    EXPECT_TRUE(browser.input.wakes_at() == kBegin + 30s);
    EXPECT_TRUE(browser.input.turn(kBegin + 30s - 1ms, true, browser.out));
    EXPECT_EQ(browser.answer(), "");
    for (const auto& silence : {30s, 60s}) {
        EXPECT_TRUE(browser.input.wakes_at() == kBegin + silence);
        EXPECT_TRUE(browser.input.turn(kBegin + silence, true, browser.out));
        EXPECT_EQ(browser.answer(), std::string_view("\x89\0", 2));
    }
    EXPECT_TRUE(browser.input.wakes_at() == kBegin + 90s);
    EXPECT_FALSE(browser.input.turn(kBegin + 90s, true, browser.out));
    EXPECT_EQ(browser.answer(), "");
}

Test(web_input, any_byte_is_a_sign_of_life) {
    OpenBrowser browser;
    EXPECT_TRUE(browser.input.turn(kBegin + 30s, true, browser.out));
    browser.sends(bytes_of({.opcode = Opcode::Pong}).substr(0, 1), kBegin + 31s);
    EXPECT_TRUE(browser.input.wakes_at() == kBegin + 61s);
    EXPECT_TRUE(browser.input.turn(kBegin + 120s, true, browser.out));
}

Test(web_input, a_browser_that_closes_is_not_asked) {
    OpenBrowser browser;
    browser.sends(bytes_of({.opcode = Opcode::Close}));
    EXPECT_FALSE(browser.input.wakes_at().has_value());
    EXPECT_TRUE(browser.input.turn(kBegin + 1h, true, browser.out));
    EXPECT_EQ(browser.answer(), "");
}

// --- Behind a proxy

Test(web_input, who_comes_through_a_proxy_is_introduced_before_anything_is_answered) {
    Browser browser;
    WebInput input(browser.settings, true);
    const std::string request =
        bytes_of(handshake("/chat", {{"X-Forwarded-For", "203.0.113.9,  198.51.100.7"}}), kPort);
    input.add(request + message("hello"), kBegin, browser.lines, browser.out);
    EXPECT_EQ(input.state(), State::Introduces);
    EXPECT_EQ(input.introduces(), "198.51.100.7");
    EXPECT_EQ(browser.answer(), "");
    EXPECT_EQ(browser.said(), "");
    input.admit(kBegin, browser.lines, browser.out);
    EXPECT_EQ(input.state(), State::Open);
    EXPECT_EQ(input.introduces(), "");
    EXPECT_EQ(browser.answer(), kSwitches);
    EXPECT_EQ(browser.said(), "hello\n");
}

Test(web_input, who_is_turned_away_reads_why) {
    Browser browser;
    WebInput input(browser.settings, true);
    input.add(bytes_of({.target = "/", .headers = {{"X-Forwarded-For", "198.51.100.7"}}}, kPort),
              kBegin, browser.lines, browser.out);
    input.turn_away("Come back in 5 seconds.\n", browser.out);
    EXPECT_EQ(input.state(), State::Served);
    EXPECT_CONTAINS(browser.out, "HTTP/1.1 503 ");
    EXPECT_CONTAINS(browser.out, "\r\n\r\nCome back in 5 seconds.\n");
}

Test(web_input, a_proxy_that_names_nobody_speaks_for_itself) {
    Browser browser;
    WebInput input(browser.settings, true);
    input.add(kGet, kBegin, browser.lines, browser.out);
    EXPECT_EQ(input.state(), State::Served);
}

Test(web_input, nobody_else_introduces_anybody) {
    Browser browser;
    browser.sends(
        bytes_of({.target = "/", .headers = {{"X-Forwarded-For", "198.51.100.7"}}}, kPort));
    EXPECT_EQ(browser.input.state(), State::Served);
}
