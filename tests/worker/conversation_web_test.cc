// Specification of a conversation with a browser, and of the prompt, which has to wait until it is
// clear that there is none.
#include <criterion/criterion.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/bounds.h"
#include "base/browser_sign.h"
#include "base/settings.h"
#include "support/conversation_client.h"
#include "support/expect.h"
#include "support/frames.h"
#include "support/websocket.h"
#include "support/where.h"

using chatd::BrowserSign;
using chatd::Conversation;
using chatd::Denied;
using chatd::Entry;
using chatd::EntryKind;
using chatd::kPromptHeld;
using chatd::Language;
using chatd::LeaveReason;
using chatd::Limits;
using chatd::Refusal;
using chatd::WebSettings;
using chatd::WorkerExit;
using chatd::test::bytes_of;
using chatd::test::Caller;
using chatd::test::described_frames;
using chatd::test::frame_of;
using chatd::test::framed;
using chatd::test::handshake;
using chatd::test::kBegin;
using chatd::test::kBob;
using chatd::test::kMe;
using chatd::test::kNothing;
using chatd::test::kPrompt;
using chatd::test::lines;
using chatd::test::Opcode;
using chatd::test::Sent;
using chatd::test::utc;
using chatd::test::welcome_to;
using chatd::test::Where;
using namespace std::chrono_literals;

TestSuite(conversation_web, .timeout = 20);

namespace {

constexpr std::uint16_t kPort = 8888;

constexpr Limits kTimes = {.rate = {}, .to_name = 30s, .idle = 600s};

const std::string kGet = bytes_of({.target = "/chat.css"}, kPort);
const std::string kOpens = bytes_of(handshake(), kPort);

std::string message(std::string_view text) {
    return bytes_of({.payload = std::string(text)});
}

std::string close(std::string_view payload = {}) {
    return bytes_of({.opcode = Opcode::Close, .payload = std::string(payload)});
}

std::size_t number_in(std::string_view bytes) {
    std::size_t number = 0;
    for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

std::string words_of(Opcode opcode, std::string payload) {
    switch (opcode) {
        case Opcode::Text: break;
        case Opcode::Ping: return "[ping" + payload + "]\n";
        case Opcode::Pong: return "[pong " + payload + "]\n";
        case Opcode::Close: return "[close " + std::to_string(number_in(payload)) + "]\n";
        default: return "[another frame]\n";
    }
    const std::size_t seq = payload.find(R"(,"seq":)");
    const std::size_t time = payload.find(R"(,"time":")");
    if (time != payload.npos) payload.erase(seq, payload.find("Z\"", time) + 2 - seq);
    return payload + '\n';
}

// Frames of the server (RFC 6455, 5.2) in words: an object as it is but for seq and time, "[ping]",
// "[pong x]", "[close 1000]"; each with the end of a line.
std::string words_of(std::string_view frames, Where where = Where::here()) {
    const Caller caller(where);
    std::string words;
    while (!frames.empty()) {
        ASSERT_TRUE(frames.size() >= 2);
        const std::size_t opcode = number_in(frames.substr(0, 1)) - 0x80;
        const bool is_long = frames[1] == 126;
        const std::size_t bytes = number_in(is_long ? frames.substr(2, 2) : frames.substr(1, 1));
        frames.remove_prefix(is_long ? 4 : 2);
        ASSERT_TRUE(frames.size() >= bytes);
        words += words_of(static_cast<Opcode>(opcode), std::string(frames.substr(0, bytes)));
        frames.remove_prefix(bytes);
    }
    return words;
}

// Somebody who has just connected.
class Newcomer {
  public:
    explicit Newcomer(Limits limits = {}, const WebSettings& web = chatd::kWebByDefault,
                      BrowserSign browsers = {})
        : conversation({.language = Language::English,
                        .utc_offset = utc,
                        .birth_ns = 77,
                        .peer = "192.0.2.7:51234",
                        .limits = limits,
                        .share = {.budget = {}, .browsers = browsers},
                        .web = web}) {
        conversation.time_is(kBegin);
    }

    void sends(std::string_view bytes) { conversation.client_sent(bytes); }
    void waits(chatd::Duration since_it_came) {
        const chatd::Moment now = kBegin + since_it_came;
        conversation.time_is(now);
        if (chatd::is_due(conversation.asks_at(), now)) conversation.ask_name(now);
    }

    // What came out since the last call.
    std::string screen() { return std::exchange(conversation.screen(), {}); }
    Sent sent() { return described_frames(std::exchange(conversation.frames(), {})); }

    std::string screen_for(std::string_view bytes) {
        sends(bytes);
        return screen();
    }

    template <class Body>
    void broker(const Body& body, std::string_view name = {}, std::string_view text = {}) {
        EXPECT_TRUE(conversation.broker_sent(frame_of(framed(body, name, text))));
    }

    // The next entry of the log; `counter` is that of an own request.
    void happens(EntryKind kind, std::uint64_t from, std::string_view name,
                 std::string_view text = {}, std::uint64_t counter = 0,
                 LeaveReason reason = LeaveReason::Quit) {
        Entry entry{};
        entry.kind = kind;
        entry.seq = ++seq_;
        entry.from = from;
        entry.counter = counter;
        entry.reason = static_cast<std::uint8_t>(reason);
        broker(entry, name, text);
    }

    Conversation conversation;

  private:
    std::uint64_t seq_ = kMe;
};

// A browser whose WebSocket is open.
class Browser : public Newcomer {
  public:
    explicit Browser(Limits limits = {}) : Newcomer(limits) {
        sends(kOpens);
        (void)screen();
    }

    void says(std::string_view text) { sends(message(text)); }
    std::string shown(Where where = Where::here()) { return words_of(screen(), where); }
    std::string shown_for(std::string_view text, Where where = Where::here()) {
        says(text);
        return shown(where);
    }
};

// One that is in the room, as alice.
class Member : public Browser {
  public:
    explicit Member(Limits limits = {}) : Browser(limits) {
        says("alice");
        conversation.link_opened();
        broker(welcome_to(1), {}, "alice");
        broker(chatd::Done{});
        (void)screen();
        (void)sent();
    }
};

std::string hello(const std::string& language = "en") {
    return std::string(R"({"type":"hello","server":"chatd","version":")") + chatd::kVersion +
           R"(","format":1,"language":")" + language +
           R"(","limits":{"name_characters":20,"line_bytes":4096,"lines_per_second":0,)" +
           R"("lines_at_once":1,"name_seconds":0,"idle_seconds":0}})" + "\n";
}

const std::string kAsksForName = "{\"type\":\"name?\"}\n";

// What follows the answer to the handshake.
std::string behind_the_handshake(std::string_view screen) {
    EXPECT_TRUE(screen.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    const std::size_t end = screen.find("\r\n\r\n");
    return end == screen.npos ? "" : words_of(screen.substr(end + 4));
}

}  // namespace

// --- The prompt ----------------------------------------------------------------------------------

Test(conversation_web, a_client_that_says_nothing_is_asked_for_its_name_soon) {
    Newcomer newcomer;
    EXPECT_TRUE(newcomer.conversation.wake_at() == kBegin + kPromptHeld);
    newcomer.waits(kPromptHeld - 1ms);
    EXPECT_EQ(newcomer.screen(), "");
    newcomer.waits(kPromptHeld);
    EXPECT_EQ(newcomer.screen(), kPrompt);
    EXPECT_FALSE(newcomer.conversation.wake_at().has_value());
    newcomer.waits(1h);
    EXPECT_EQ(newcomer.screen(), "");
}

Test(conversation_web, a_client_that_tells_its_name_first_is_asked_at_once_and_once) {
    Newcomer newcomer;
    EXPECT_EQ(newcomer.screen_for("alice\n"), kPrompt);
    EXPECT_TRUE(newcomer.conversation.wants_link());
    newcomer.waits(kPromptHeld);
    EXPECT_EQ(newcomer.screen(), "");
}

Test(conversation_web, a_client_that_has_begun_its_name_is_asked_too) {
    Newcomer newcomer;
    EXPECT_EQ(newcomer.screen_for("al"), "");
    newcomer.waits(kPromptHeld);
    EXPECT_EQ(newcomer.screen(), kPrompt);
    newcomer.sends("ice\n");
    newcomer.conversation.link_opened();
    EXPECT_EQ(newcomer.sent(), Sent{"attach alice session 0 has 0"});
}

Test(conversation_web, there_is_no_prompt_while_the_first_bytes_may_be_http) {
    Newcomer newcomer;
    newcomer.sends("GET");
    EXPECT_FALSE(newcomer.conversation.wake_at().has_value());
    newcomer.waits(1h);
    EXPECT_EQ(newcomer.screen(), "");
    newcomer.sends("a");
    newcomer.waits(1h);
    EXPECT_EQ(newcomer.screen(), kPrompt);
}

Test(conversation_web, a_person_whose_first_line_begins_like_http_is_a_person) {
    Newcomer newcomer;
    EXPECT_EQ(newcomer.screen_for("GET a life\n"),
              std::string(kPrompt) +
                  "A name is made of letters and digits, with _ - . ' or · inside; no spaces.\n" +
                  std::string(kPrompt));
    Newcomer other;
    EXPECT_EQ(other.screen_for("GET\n"), kPrompt);
    other.conversation.link_opened();
    EXPECT_EQ(other.sent(), Sent{"attach GET session 0 has 0"});
}

Test(conversation_web, a_request_behind_the_prompt_gets_a_polite_line) {
    Newcomer newcomer;
    newcomer.waits(kPromptHeld);
    EXPECT_EQ(newcomer.screen_for(kGet),
              std::string(kPrompt) +
                  "\nThis chat is plain text, as nc sends it; HTTP is not spoken here. Goodbye.\n");
    EXPECT_EQ(newcomer.conversation.end(), WorkerExit::Refused);
}

Test(conversation_web, nobody_is_asked_after_the_end) {
    Newcomer newcomer;
    newcomer.conversation.operator_removes();
    EXPECT_EQ(newcomer.screen(), "The operator has closed your connection. Goodbye.\n");
    newcomer.waits(kPromptHeld);
    EXPECT_EQ(newcomer.screen(), "");
}

// A browser opens connections to spare, and takes what comes over them for an answer.
Test(conversation_web, a_silent_client_that_came_with_a_browser_is_asked_late) {
    BrowserSign::SpokenAt spoken_at{0};
    Newcomer spare({}, chatd::kWebByDefault, BrowserSign(&spoken_at));
    Newcomer browser({}, chatd::kWebByDefault, BrowserSign(&spoken_at));
    browser.sends(kGet);
    spare.waits(kPromptHeld);
    EXPECT_EQ(spare.screen(), "");
    EXPECT_TRUE(spare.conversation.wake_at() == kBegin + chatd::kSpareHeld);
    spare.waits(chatd::kSpareHeld);
    EXPECT_EQ(spare.screen(), kPrompt);
}

// On a busy machine, half a second may pass between the two.
Test(conversation_web, a_browser_that_was_too_slow_once_is_waited_for_the_next_time) {
    BrowserSign::SpokenAt spoken_at{0};
    Newcomer first({}, chatd::kWebByDefault, BrowserSign(&spoken_at));
    first.waits(kPromptHeld);
    first.sends(kGet);
    EXPECT_EQ(first.conversation.end(), WorkerExit::Refused);
    Newcomer second({}, chatd::kWebByDefault, BrowserSign(&spoken_at));
    second.waits(kPromptHeld);
    EXPECT_EQ(second.screen(), "");
    second.sends(kGet);
    EXPECT_TRUE(second.screen().starts_with("HTTP/1.1 200 OK\r\n"));
}

// --- Pages ---------------------------------------------------------------------------------------

Test(conversation_web, a_page_is_served_and_that_is_all) {
    Newcomer newcomer;
    const std::string answer = newcomer.screen_for(kGet + "hello\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_LACKS(answer, kPrompt);
    EXPECT_EQ(newcomer.conversation.end(), WorkerExit::Served);
    EXPECT_FALSE(newcomer.conversation.wants_input());
    EXPECT_FALSE(newcomer.conversation.wants_link());
}

Test(conversation_web, what_is_no_request_is_refused_in_http) {
    Newcomer newcomer;
    const std::string answer = newcomer.screen_for("GET / HTTP/1.1\r\nno field\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 "));
    EXPECT_LACKS(answer, kPrompt);
    EXPECT_EQ(newcomer.conversation.end(), WorkerExit::Refused);
}

Test(conversation_web, where_the_web_is_off_a_browser_is_told_so) {
    const WebSettings off = {.is_on = false, .origins = {}};
    for (const std::string& request : {kGet, kOpens}) {
        Newcomer newcomer({}, off);
        const std::string answer = newcomer.screen_for(request + message("alice"));
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 "));
        EXPECT_TRUE(answer.ends_with("come with nc, telnet or ./chat.\n"));
        EXPECT_EQ(newcomer.conversation.end(), WorkerExit::Served);
    }
}

// The parts of a request that is not whole: from a method and a space on, it is one.
Test(conversation_web, a_slow_head_is_answered_in_http_at_the_login_timeout) {
    for (std::size_t bytes = kGet.find(' ') + 1; bytes < kGet.size(); ++bytes) {
        Newcomer newcomer(kTimes);
        EXPECT_EQ(newcomer.screen_for(kGet.substr(0, bytes)), "");
        EXPECT_TRUE(newcomer.conversation.wake_at() == kBegin + 30s);
        newcomer.waits(30s);
        EXPECT_TRUE(newcomer.screen().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
        EXPECT_EQ(newcomer.conversation.end(), WorkerExit::Late);
    }
}

Test(conversation_web, who_ends_its_input_within_a_request_reads_that_it_was_not_understood) {
    for (std::size_t bytes = kGet.find(' ') + 1; bytes < kGet.size(); ++bytes) {
        Newcomer newcomer;
        newcomer.sends(kGet.substr(0, bytes));
        newcomer.conversation.client_finished();
        EXPECT_TRUE(newcomer.screen().starts_with("HTTP/1.1 400 Bad Request\r\n"));
        EXPECT_EQ(newcomer.conversation.end(), WorkerExit::Nameless);
    }
}

Test(conversation_web, who_has_sent_no_more_than_a_word_may_be_a_person) {
    Newcomer slow(kTimes);
    slow.sends("GET");
    slow.waits(30s);
    EXPECT_EQ(slow.screen(), "No name within 30 seconds. Goodbye.\n");
    Newcomer finished;
    finished.sends("GET");
    finished.conversation.client_finished();
    EXPECT_EQ(finished.screen(), kPrompt);
    finished.conversation.link_opened();
    EXPECT_EQ(finished.sent(), Sent{"attach GET session 0 has 0"});
}

// --- A WebSocket ---------------------------------------------------------------------------------

Test(conversation_web, a_conversation_goes_from_the_handshake_to_the_close) {
    Newcomer browser;
    EXPECT_EQ(behind_the_handshake(browser.screen_for(kOpens)), hello() + kAsksForName);
    browser.sends(message("alice"));
    browser.conversation.link_opened();
    EXPECT_EQ(browser.sent(), Sent{"attach alice session 0 has 0"});
    browser.broker(welcome_to(2), {}, "alice bob");
    browser.broker(chatd::Done{});
    EXPECT_EQ(words_of(browser.screen()),
              R"({"type":"welcome","line":1,"name":"alice","members":2,"names":["alice","bob"]})"
              "\n");
    browser.sends(message("hello") + message("/quit bye"));
    EXPECT_EQ(browser.sent(), (Sent{"1 say: hello", "2 leave quit: bye"}));
    browser.happens(EntryKind::Say, kMe, "alice", "hello", 1);
    browser.happens(EntryKind::Say, kBob, "bob", "hi");
    browser.happens(EntryKind::Leave, kMe, "alice", "bye", 2);
    EXPECT_EQ(words_of(browser.screen()),
              R"({"type":"say","own":true,"line":2,"name":"alice","text":"hello"})"
              "\n"
              R"({"type":"say","name":"bob","text":"hi"})"
              "\n"
              R"({"type":"leave","own":true,"line":3,"name":"alice","reason":"quit","words":"bye"})"
              "\n"
              R"({"type":"notice","line":3,"code":"goodbye","text":"Goodbye.","values":[]})"
              "\n"
              "[close 1000]\n");
    EXPECT_EQ(browser.conversation.end(), WorkerExit::Goodbye);
}

Test(conversation_web, frames_may_come_right_behind_the_handshake) {
    Newcomer browser;
    const std::string sent = kOpens + message("/help") + message("alice") + message("hello");
    const std::string shown = behind_the_handshake(browser.screen_for(sent));
    EXPECT_TRUE(shown.starts_with(hello() + kAsksForName));
    EXPECT_CONTAINS(shown, R"({"type":"notice","line":1,"code":"name-help")");
    browser.conversation.link_opened();
    EXPECT_EQ(browser.sent(), Sent{"attach alice session 0 has 0"});
    browser.broker(welcome_to(1), {}, "alice");
    EXPECT_EQ(browser.sent(), Sent{"1 say: hello"});
}

Test(conversation_web, a_browser_is_never_prompted) {
    Browser browser;
    browser.waits(kPromptHeld);
    EXPECT_EQ(browser.screen(), "");
}

Test(conversation_web, the_page_chooses_the_language) {
    Newcomer browser;
    const std::string opens = bytes_of(handshake("/chat?lang=zh"), kPort);
    EXPECT_EQ(behind_the_handshake(browser.screen_for(opens)), hello("zh") + kAsksForName);
    browser.sends(message("/help"));
    EXPECT_CONTAINS(words_of(browser.screen()), "请输入别人会看到的名字。");
}

Test(conversation_web, a_message_is_a_line_with_and_without_its_end) {
    Member member;
    member.sends(message("one") + message("two\n") + message("three\nfour"));
    EXPECT_EQ(member.sent(), (Sent{"1 say: one", "2 say: two", "3 say: three", "4 say: four"}));
    member.happens(EntryKind::Say, kMe, "alice", "four", 4);
    EXPECT_EQ(member.shown(), R"({"type":"say","own":true,"line":5,"name":"alice","text":"four"})"
                              "\n");
}

Test(conversation_web, json_says_hello_again_and_the_lines_are_counted_on) {
    Member member;
    const std::string again = member.shown_for("/json");
    EXPECT_CONTAINS(again, R"({"type":"hello",)");
    EXPECT_CONTAINS(again, R"("name":"alice")");
    EXPECT_CONTAINS(member.shown_for("/time on"), R"("line":3)");
}

Test(conversation_web, a_name_that_is_taken_is_asked_for_again) {
    Browser browser;
    browser.says("alice");
    browser.conversation.link_opened();
    browser.broker(Denied{Refusal::NameTaken});
    EXPECT_EQ(browser.shown(),
              R"({"type":"error","line":1,"code":"name-taken","text":"The name alice is taken, )"
              R"(or looks like one that is.","values":["alice"]})"
              "\n" +
                  kAsksForName);
}

Test(conversation_web, a_ping_is_answered_before_and_after_the_name) {
    const std::string ping = bytes_of({.opcode = Opcode::Ping, .payload = "x"});
    Browser browser;
    browser.sends(ping);
    EXPECT_EQ(browser.shown(), "[pong x]\n");
    Member member;
    member.sends(ping);
    EXPECT_EQ(member.shown(), "[pong x]\n");
    EXPECT_EQ(member.sent(), kNothing);
}

// --- Silence -------------------------------------------------------------------------------------

Test(conversation_web, a_silent_browser_is_pinged_and_has_vanished_after_90_seconds) {
    Member member;
    EXPECT_TRUE(member.conversation.wake_at() == kBegin + 30s);
    member.waits(30s);
    EXPECT_EQ(member.shown(), "[ping]\n");
    EXPECT_TRUE(member.conversation.wake_at() == kBegin + 60s);
    member.waits(60s);
    EXPECT_EQ(member.shown(), "[ping]\n");
    member.waits(90s);
    EXPECT_EQ(member.sent(), Sent{"1 leave lost"});
    member.happens(EntryKind::Leave, kMe, "alice", {}, 1, LeaveReason::Lost);
    EXPECT_EQ(member.conversation.end(), WorkerExit::Lost);
}

Test(conversation_web, a_browser_that_answers_pings_stays) {
    Member member;
    for (auto at = 30s; at <= 3600s; at += 30s) {
        member.waits(at);
        EXPECT_EQ(member.shown(), "[ping]\n");
        member.sends(bytes_of({.opcode = Opcode::Pong}));
    }
    EXPECT_EQ(member.sent(), kNothing);
}

Test(conversation_web, a_browser_that_has_vanished_before_its_name_ends) {
    Browser browser;
    browser.waits(90s);
    EXPECT_EQ(browser.conversation.end(), WorkerExit::Nameless);
}

// Otherwise the worker would wake up again and again, until the room has let the client go.
Test(conversation_web, nothing_is_due_once_a_browser_has_vanished) {
    Member member;
    member.waits(90s);
    EXPECT_FALSE(member.conversation.wake_at().has_value());
}

// Nothing is read from it meanwhile, so its signs of life do not come through.
Test(conversation_web, a_browser_whose_lines_wait_for_their_turn_has_not_vanished) {
    Member member({.rate = {.per_second = 1, .burst = 3}, .to_name = {}, .idle = {}});
    member.says(lines(chatd::kInputBytesMax / 2 + 200, "x"));
    EXPECT_FALSE(member.conversation.wants_input());
    (void)member.sent();
    for (auto at = 1s; at <= 120s; at += 1s) member.waits(at);
    EXPECT_EQ(member.sent().size(), 120);
    EXPECT_FALSE(member.conversation.wants_input());
}

// A browser answers pings by itself, also when nobody sits in front of it.
Test(conversation_web, a_pong_does_not_make_up_for_a_silent_person) {
    Member member(kTimes);
    for (auto at = 29s; at < 600s; at += 29s) {
        member.waits(at);
        member.sends(bytes_of({.opcode = Opcode::Pong}));
    }
    EXPECT_EQ(member.sent(), kNothing);
    member.waits(600s);
    EXPECT_EQ(member.sent(), Sent{"1 leave idle"});
}

Test(conversation_web, a_browser_that_tells_no_name_in_time_is_told_so) {
    Browser browser(kTimes);
    browser.waits(30s);
    const std::string shown = browser.shown();
    EXPECT_CONTAINS(shown, R"({"type":"error","code":"no-name-in-time")");
    EXPECT_TRUE(shown.ends_with("[close 1008]\n"));
    EXPECT_EQ(browser.conversation.end(), WorkerExit::Late);
}

// --- The end -------------------------------------------------------------------------------------

Test(conversation_web, a_browser_that_closes_leaves_the_room_and_gets_its_code_back) {
    Member member;
    member.sends(message("bye") + close("\x03\xE9"));
    EXPECT_FALSE(member.conversation.wants_input());
    EXPECT_EQ(member.sent(), (Sent{"1 say: bye", "2 leave quit"}));
    EXPECT_EQ(member.shown(), "");
    member.happens(EntryKind::Say, kMe, "alice", "bye", 1);
    member.happens(EntryKind::Leave, kMe, "alice", {}, 2);
    const std::string shown = member.shown();
    EXPECT_LACKS(shown, "goodbye");
    EXPECT_TRUE(shown.ends_with("[close 1001]\n"));
    EXPECT_EQ(member.conversation.end(), WorkerExit::Goodbye);
}

Test(conversation_web, a_browser_that_closes_before_its_name_gets_its_code_back) {
    Browser browser;
    browser.sends(close("\x03\xE8"));
    EXPECT_EQ(browser.shown(), "[close 1000]\n");
    EXPECT_EQ(browser.conversation.end(), WorkerExit::Nameless);
    Newcomer at_once;
    EXPECT_EQ(behind_the_handshake(at_once.screen_for(kOpens + close("\x03\xE8"))),
              hello() + kAsksForName + "[close 1000]\n");
}

Test(conversation_web, a_browser_that_breaks_a_rule_leaves_and_is_told_which) {
    for (const auto& [frame, code] :
         {std::pair(bytes_of({.payload = "x", .masked = false}), "1002"),
          std::pair(bytes_of({.opcode = Opcode::Binary, .payload = "x"}), "1003"),
          std::pair(message("\xFF"), "1007"),
          std::pair(message(std::string(chatd::kWebSocketMessageBytesMax + 1, 'x')), "1009")}) {
        Member member;
        member.sends(message("hello") + frame + message("x"));
        EXPECT_EQ(member.sent(), (Sent{"1 say: hello", "2 leave quit"}));
        member.happens(EntryKind::Leave, kMe, "alice", {}, 2);
        EXPECT_TRUE(member.shown().ends_with("[close " + std::string(code) + "]\n"));
    }
}

Test(conversation_web, a_message_that_breaks_a_rule_is_not_said_in_part) {
    Member member;
    member.sends(message("half a message\xFF"));
    EXPECT_EQ(member.sent(), Sent{"1 leave quit"});
}

Test(conversation_web, a_removed_browser_is_told_so_and_closed) {
    Member member;
    member.conversation.operator_removes();
    member.happens(EntryKind::Leave, kMe, "alice", {}, 1, LeaveReason::Removed);
    const std::string shown = member.shown();
    EXPECT_CONTAINS(shown, R"({"type":"error","code":"operator-removes")");
    EXPECT_TRUE(shown.ends_with("[close 1008]\n"));
    EXPECT_EQ(member.conversation.end(), WorkerExit::Removed);
}

Test(conversation_web, a_server_that_closes_says_so_and_closes) {
    Member member;
    member.conversation.server_closes();
    member.happens(EntryKind::Closing, 0, {});
    EXPECT_EQ(member.shown(), "{\"type\":\"closing\"}\n[close 1001]\n");
    Browser browser;
    browser.conversation.server_closes();
    EXPECT_EQ(browser.shown(), "{\"type\":\"closing\"}\n[close 1001]\n");
}

Test(conversation_web, a_browser_that_the_room_expels_reads_that_something_went_wrong) {
    Member member;
    member.happens(EntryKind::Leave, kMe, "alice", {}, 0, LeaveReason::Expelled);
    const std::string shown = member.shown();
    EXPECT_CONTAINS(shown, R"({"type":"error","code":"worker-fails")");
    EXPECT_TRUE(shown.ends_with("[close 1011]\n"));
}

Test(conversation_web, nothing_is_written_behind_the_close) {
    Member member;
    member.says("/quit");
    member.happens(EntryKind::Leave, kMe, "alice", {}, 1);
    EXPECT_TRUE(member.shown().ends_with("[close 1000]\n"));
    member.happens(EntryKind::Say, kBob, "bob", "hello?");
    member.happens(EntryKind::Closing, 0, {});
    member.conversation.operator_removes();
    member.conversation.server_closes();
    member.conversation.link_closed();
    member.conversation.client_finished();
    member.conversation.client_lost();
    EXPECT_EQ(member.shown(), "");
    EXPECT_FALSE(member.conversation.wake_at().has_value());
    member.waits(30s);
    EXPECT_EQ(member.shown(), "");
}
