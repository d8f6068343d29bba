// Specification of worker/web_renderer: objects in the frames of a WebSocket, and how that is
// closed.

#include "worker/web_renderer.h"

#include <criterion/criterion.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/settings.h"
#include "support/conversation_client.h"
#include "support/expect.h"
#include "support/websocket.h"

using chatd::kWebByDefault;
using chatd::Language;
using chatd::LineReader;
using chatd::Moment;
using chatd::Screen;
using chatd::Text;
using chatd::WebInput;
using chatd::WebRenderer;
using chatd::WorkerExit;
using chatd::test::bytes_of;
using chatd::test::handshake;
using chatd::test::Opcode;
using chatd::test::utc;

TestSuite(web_renderer, .timeout = 20);

namespace {

constexpr std::uint16_t kPort = 8888;

// A browser that has sent some bytes, and what it was shown since the last call.
struct Browser {
    explicit Browser(std::string_view bytes, bool is_proxied = false)
        : input(kWebByDefault, is_proxied) {
        sends(bytes);
    }

    void sends(std::string_view bytes) {
        std::string unused;
        input.add(bytes, Moment(), lines, unused);
    }
    std::string shown() { return std::exchange(screen.out, {}); }

    Screen screen{Language::English, utc};
    WebInput input;
    LineReader lines;
    WebRenderer web{screen, input};
};

const std::string kOpens = bytes_of(handshake(), kPort);
constexpr const char* kWhole = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr const char* kBad = "GET / HTTP/1.1\r\nno field\r\n\r\n";

std::string frame(unsigned first, std::string_view payload) {
    const unsigned size = static_cast<unsigned>(payload.size());
    std::string bytes = {static_cast<char>(first)};
    if (size > 125) bytes.append({126, static_cast<char>(size >> 8)});
    return bytes.append(1, static_cast<char>(size)).append(payload);
}

std::string close_frame(unsigned code) {
    return frame(0x88, std::string{static_cast<char>(code >> 8), static_cast<char>(code)});
}

std::string shown_at_the_end(std::string_view bytes, WorkerExit exit) {
    Browser browser(bytes);
    browser.web.end(exit);
    return browser.shown();
}

}  // namespace

Test(web_renderer, each_object_is_a_text_frame_without_the_end_of_a_line) {
    Browser browser(kOpens);
    browser.web.prompt();
    browser.web.line(Text::UseTime, {});
    EXPECT_EQ(browser.shown(), frame(0x81, R"({"type":"name?"})") +
                                   frame(0x81, R"({"type":"error","code":"use-time",)"
                                               R"("text":"Say on or off: /time on","values":[]})"));
}

Test(web_renderer, the_first_line_of_a_websocket_counts) {
    Browser browser(kOpens);
    browser.screen.answers(1);
    browser.web.line(Text::TimeOff, {});
    EXPECT_EQ(browser.shown(), frame(0x81, R"({"type":"notice","line":1,"code":"time-off",)"
                                           R"("text":"Times are no longer shown.","values":[]})"));
}

Test(web_renderer, nothing_is_shown_where_there_is_no_websocket) {
    for (const std::string_view bytes : {"", "GET /chat HTTP/1.1\r\n", kWhole, kBad}) {
        Browser browser(bytes);
        browser.web.hello({}, {});
        browser.web.prompt();
        browser.web.line(Text::Goodbye, {});
        EXPECT_EQ(browser.shown(), "");
    }
}

// RFC 9112, 8 and RFC 9110, 15.5.9.
Test(web_renderer, a_request_that_does_not_become_whole_is_answered_at_the_end) {
    for (const auto& [exit, status] :
         {std::pair(WorkerExit::Late, "408"), std::pair(WorkerExit::Nameless, "400"),
          std::pair(WorkerExit::Removed, "503"), std::pair(WorkerExit::Closed, "503")}) {
        const std::string answer = shown_at_the_end("GET / HTTP/1.1\r\nHost: x\r\n", exit);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(status) + ' '));
        EXPECT_CONTAINS(answer, "\r\nConnection: close\r\n");
    }
}

Test(web_renderer, a_request_whose_client_is_not_introduced_in_time_is_answered_at_the_end) {
    Browser browser("", true);
    browser.sends("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n");
    browser.web.end(WorkerExit::Late);
    EXPECT_TRUE(browser.shown().starts_with("HTTP/1.1 503 "));
}

Test(web_renderer, a_request_that_was_answered_is_not_answered_again) {
    EXPECT_EQ(shown_at_the_end(kWhole, WorkerExit::Served), "");
    EXPECT_EQ(shown_at_the_end(kBad, WorkerExit::Refused), "");
}

Test(web_renderer, the_end_closes_with_a_code) {
    for (const WorkerExit exit :
         {WorkerExit::Removed, WorkerExit::Late, WorkerExit::Idle, WorkerExit::Nameless}) {
        EXPECT_EQ(shown_at_the_end(kOpens, exit), close_frame(1008));
    }
    EXPECT_EQ(shown_at_the_end(kOpens, WorkerExit::Goodbye), close_frame(1000));
    EXPECT_EQ(shown_at_the_end(kOpens, WorkerExit::Closed), close_frame(1001));
    EXPECT_EQ(shown_at_the_end(kOpens, WorkerExit::Failed), close_frame(1011));
    EXPECT_EQ(shown_at_the_end(kOpens, WorkerExit::Refused), close_frame(1013));
}

Test(web_renderer, who_closes_gets_its_own_code_back) {
    const auto closed_by = [](std::string_view payload) {
        const std::string close =
            bytes_of({.opcode = Opcode::Close, .payload = std::string(payload)});
        return shown_at_the_end(kOpens + close, WorkerExit::Closed);
    };
    EXPECT_EQ(closed_by("\x03\xE8"
                        "bye"),
              close_frame(1000));
    EXPECT_EQ(closed_by("\x0F\xA0"), close_frame(4000));
    EXPECT_EQ(closed_by(""), frame(0x88, ""));
}

Test(web_renderer, who_breaks_a_rule_is_told_which) {
    EXPECT_EQ(shown_at_the_end(kOpens + bytes_of({.payload = "\xFF"}), WorkerExit::Goodbye),
              close_frame(1007));
    EXPECT_EQ(shown_at_the_end(kOpens + bytes_of({.masked = false}), WorkerExit::Goodbye),
              close_frame(1002));
}

// What others say until the client is out of the room is still part of the conversation.
Test(web_renderer, who_is_closing_is_still_shown_what_comes_before_the_end) {
    Browser browser(kOpens + bytes_of({.opcode = Opcode::Close}));
    browser.web.prompt();
    browser.web.end(WorkerExit::Goodbye);
    EXPECT_EQ(browser.shown(), frame(0x81, R"({"type":"name?"})") + frame(0x88, ""));
}
