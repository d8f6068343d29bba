// Specification of worker/login: the prompt, the names a client may give, how a client that gives
// none ends, and how a client that speaks another protocol is detected.
#include "worker/login.h"

#include <criterion/criterion.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bounds.h"
#include "support/conversation_client.h"
#include "support/expect.h"
#include "worker/foreign_protocol.h"

using chatd::Attach;
using chatd::Denied;
using chatd::Frame;
using chatd::kLoginAttemptsMax;
using chatd::Language;
using chatd::Limits;
using chatd::protocol_of;
using chatd::ProtocolDetector;
using chatd::Refusal;
using chatd::WorkerExit;
using chatd::test::for_each_frame;
using chatd::test::kBegin;
using chatd::test::kNothing;
using chatd::test::kPrompt;
using chatd::test::lines;
using chatd::test::Sent;
using Client = chatd::test::ConversationClient;
using Stage = Client::Stage;
using namespace std::chrono_literals;

namespace {

constexpr Limits kLimits = {.rate = {}, .to_name = 30s, .idle = {}};

constexpr std::string_view kNotSpoken = " is not spoken here. Goodbye.\n";

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

TestSuite(login, .timeout = 20);

// --- The prompt ---

Test(login, the_prompt_comes_at_once) {
    Client client;
    EXPECT_EQ(client.screen(), "Your name: ");
    EXPECT_EQ(client.sent(), kNothing);
    EXPECT_FALSE(client.conversation.wants_link());
    EXPECT_TRUE(client.conversation.wants_input());
    EXPECT_FALSE(client.end().has_value());
    EXPECT_EQ(client.conversation.name(), "");
}

Test(login, the_prompt_is_in_the_language_of_the_server) {
    Client client(Stage::Login, Language::Chinese);
    EXPECT_EQ(client.screen(), "请输入用户名：");
}

Test(login, the_language_may_be_chosen_at_the_prompt) {
    Client client;
    (void)client.screen();
    EXPECT_EQ(client.shown_for("/lang zh\n"), "语言已换成中文。\n请输入用户名：");
    EXPECT_EQ(client.shown_for(" /LANG en \r\n"), "The language is English.\nYour name: ");
    EXPECT_EQ(client.shown_for("/lang de\n"), "Say en or zh: /lang zh\nYour name: ");
}

Test(login, choosing_a_language_is_no_bad_name) {
    Client client;
    client.types(lines(20, "/lang zh") + lines(20, "/lang"));
    EXPECT_FALSE(client.end().has_value());
}

Test(login, help_at_the_prompt_helps_and_is_no_bad_name) {
    Client client;
    (void)client.screen();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(client.shown_for("/help\n"),
                  "Type the name that others shall see. /lang zh is for Chinese, /quit leaves.\n"
                  "Your name: ");
    }
    EXPECT_FALSE(client.end().has_value());
}

Test(login, commands_at_the_prompt_may_be_typed_in_full_width) {
    Client client;
    (void)client.screen();
    EXPECT_EQ(client.shown_for("\u3000／ｌａｎｇ\u3000ｚｈ\n"), "语言已换成中文。\n请输入用户名：");
    EXPECT_EQ(client.shown_for("／exit\n"), "再见。\n");
}

Test(login, a_client_may_quit_at_the_prompt) {
    for (const char* quit : {"/quit\n", "/QUIT bye\r\n", "  /quit\n", "/q\n", "/bye\n"}) {
        Client client;
        (void)client.screen();
        EXPECT_EQ(client.shown_for(quit), "Goodbye.\n");
        EXPECT_EQ(client.end(), WorkerExit::Nameless);
    }
}

Test(login, any_other_command_at_the_prompt_is_a_bad_name) {
    for (const char* line : {"/who\n", "/alice\n", "//alice\n", "/\n", "// alice\n"}) {
        Client client;
        (void)client.screen();
        EXPECT_EQ(client.shown_for(line),
                  "A name is made of letters and digits, with _ - . ' or · inside; no "
                  "spaces.\nYour name: ");
    }
}

Test(login, a_client_that_goes_at_the_prompt_ends_its_conversation) {
    Client finished;
    finished.conversation.client_finished();
    EXPECT_EQ(finished.end(), WorkerExit::Nameless);
    Client lost;
    lost.conversation.client_lost();
    EXPECT_EQ(lost.end(), WorkerExit::Nameless);
}

// --- Good names ---

Test(login, a_good_name_is_brought_to_the_broker) {
    Client client;
    (void)client.screen();
    EXPECT_EQ(client.sent_for("alice\n"), kNothing);
    EXPECT_TRUE(client.conversation.wants_link());
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
    EXPECT_EQ(client.screen(), "");
    EXPECT_EQ(client.conversation.name(), "");
}

Test(login, a_good_name_that_would_be_asked_about_in_the_room_is_one) {
    for (const std::string name : {"7q", "ノr", "msg"}) {
        Client client;
        client.types(name + "\n");
        client.conversation.link_opened();
        EXPECT_EQ(client.sent(), Sent{"attach " + name + " session 0 has 0"});
    }
}

Test(login, the_worker_tells_the_broker_its_birth_and_the_peer) {
    Client client;
    client.types("alice\n");
    client.conversation.link_opened();
    for_each_frame(client.conversation.frames(), [](const Frame& frame) {
        EXPECT_EQ(frame.as<Attach>().birth_ns, 77);
        EXPECT_EQ(frame.text, "192.0.2.7:51234");
    });
}

Test(login, a_name_may_come_in_pieces_and_with_spaces_around_it) {
    Client client;
    client.types("  ali");
    EXPECT_FALSE(client.conversation.wants_link());
    client.types("ce\t\r");
    client.types("\n");
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
}

Test(login, spaces_of_all_kinds_around_a_name_are_no_part_of_it) {
    for (const char* line :
         {"\u3000alice\u3000\n", "\u00A0alice\t\u2003\n", "\u200Balice\u200B\n"}) {
        Client client;
        client.types(line);
        client.conversation.link_opened();
        EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
    }
}

Test(login, a_name_may_be_corrected_in_raw_mode) {
    Client client;
    client.types(
        "akuce\x7F\x7F\x7F\b"
        "lice\r\n");
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
}

Test(login, ctrl_d_of_telnet_is_no_part_of_a_name) {
    for (const char* line : {"\x04"
                             "alice\r\n",
                             "\x04\x04 alice\r\n"}) {
        Client client;
        client.types(line);
        client.conversation.link_opened();
        EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
    }
    Client client;
    (void)client.screen();
    EXPECT_CONTAINS(client.shown_for("al\x04ice\n"), "A name is made of letters");
}

Test(login, a_byte_order_mark_is_no_part_of_a_name) {
    Client client;
    client.types(
        "\xEF\xBB\xBF"
        "alice\n");
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
}

Test(login, a_name_without_end_of_line_is_a_name) {
    Client client;
    client.types("alice");
    client.conversation.client_finished();
    EXPECT_TRUE(client.conversation.wants_link());
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
    client.welcome();
    EXPECT_EQ(client.sent(), Sent{"1 leave quit"});
}

// --- Bad and taken names ---

Test(login, a_bad_name_is_explained_and_the_prompt_comes_again) {
    const std::pair<std::string, std::string> cases[] = {
        {"", "A name has at least one letter or digit.\n"},
        {"   ", "A name has at least one letter or digit.\n"},
        {"a b", "A name is made of letters and digits, with _ - . ' or · inside; no spaces.\n"},
        {"a\033[31mb",
         "A name is made of letters and digits, with _ - . ' or · inside; no spaces.\n"},
        {"\uFFFD", "A name is made of letters and digits, with _ - . ' or · inside; no spaces.\n"},
        {"al\u0456ce",
         "A name keeps to one script; Chinese, Japanese and Korean may add Latin letters.\n"},
        {"...", "A name is made of letters and digits, with _ - . ' or · inside; no spaces.\n"},
        {std::string(21, 'x'), "That name is too long: 20 characters at most.\n"},
        {std::string(5000, 'x'), "That name is too long: 20 characters at most.\n"},
    };
    for (const auto& [name, reason] : cases) {
        Client client;
        (void)client.screen();
        EXPECT_EQ(client.shown_for(name + "\n"), reason + std::string(kPrompt));
        EXPECT_FALSE(client.conversation.wants_link());
        EXPECT_FALSE(client.end().has_value());
    }
}

Test(login, what_cannot_be_seen_around_a_name_is_no_part_of_it) {
    for (const char* typed : {"alice\u3000", "\u00A0alice\t \u2003", "\u2068alice\u2069",
                              "\uFEFF\u200Balice\u200D\u00AD"}) {
        Client client;
        client.types(std::string(typed) + "\n");
        client.conversation.link_opened();
        EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
    }
}

Test(login, a_good_name_is_accepted_after_bad_names) {
    Client client;
    for (const char* line : {"a b\n", "\n", "alice\n"}) client.types(line);
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
}

Test(login, five_bad_names_end_the_conversation) {
    EXPECT_EQ(kLoginAttemptsMax, 5);
    Client client;
    for (int i = 0; i < 4; ++i) client.types("a b\n");
    EXPECT_FALSE(client.end().has_value());
    (void)client.screen();
    EXPECT_EQ(client.shown_for("a b\n"),
              "A name is made of letters and digits, with _ - . ' or · inside; no spaces.\n"
              "Too many tries. Goodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Nameless);
    EXPECT_FALSE(client.conversation.wants_link());
}

Test(login, lines_after_the_fifth_bad_name_are_not_read) {
    Client client;
    for (int i = 0; i < 4; ++i) client.types("a b\n");
    client.types("a b\nalice\nhello\n");
    EXPECT_EQ(client.end(), WorkerExit::Nameless);
    EXPECT_FALSE(client.conversation.wants_link());
    EXPECT_TRUE(client.screen().ends_with("Too many tries. Goodbye.\n"));
}

Test(login, a_client_that_tells_a_taken_name_is_asked_for_another) {
    Client client(Stage::Entering);
    client.broker(Denied{Refusal::NameTaken});
    EXPECT_EQ(client.screen(), "The name alice is taken, or looks like one that is.\nYour name: ");
    EXPECT_EQ(client.sent(), kNothing);
    EXPECT_FALSE(client.conversation.wants_link());
    EXPECT_EQ(client.sent_for("bob\n"), Sent{"attach bob session 0 has 0"});
    client.broker(Denied{Refusal::NameTaken});
    EXPECT_EQ(client.screen(), "The name bob is taken, or looks like one that is.\nYour name: ");
}

Test(login, taken_names_and_bad_names_count_together) {
    Client client;
    client.types("a b\n");
    client.types("alice\n");
    client.conversation.link_opened();
    client.broker(Denied{Refusal::NameTaken});
    client.types("a b\n");
    client.types("\n");
    EXPECT_FALSE(client.end().has_value());
    client.types("alice\n");
    (void)client.screen();
    client.broker(Denied{Refusal::NameTaken});
    EXPECT_EQ(client.screen(),
              "The name alice is taken, or looks like one that is.\nToo many tries. Goodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Nameless);
}

Test(login, lines_sent_behind_a_refused_name_do_not_become_names) {
    Client client;
    client.types("a b\nhello\n");
    EXPECT_FALSE(client.conversation.wants_link());
    client.types("alice\nhello\n");
    client.conversation.link_opened();
    (void)client.sent();
    client.broker(Denied{Refusal::NameTaken});
    EXPECT_EQ(client.sent(), Sent{});
    client.types("bob\n");
    EXPECT_EQ(client.sent(), Sent{"attach bob session 0 has 0"});
}

Test(login, a_link_lost_at_the_prompt_is_not_opened_again_before_a_name) {
    Client client(Stage::Entering);
    client.broker(Denied{Refusal::NameTaken});
    client.conversation.link_closed();
    EXPECT_FALSE(client.conversation.wants_link());
    client.types("bob\n");
    EXPECT_TRUE(client.conversation.wants_link());
    EXPECT_EQ(client.sent(), kNothing);
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach bob session 0 has 0"});
}

Test(login, a_client_that_is_gone_is_not_asked_for_another_name) {
    Client client(Stage::Entering);
    client.conversation.client_lost();
    client.broker(Denied{Refusal::NameTaken});
    EXPECT_EQ(client.end(), WorkerExit::Nameless);
}

Test(login, a_client_is_told_that_the_room_is_full) {
    Client client(Stage::Entering);
    client.broker(Denied{Refusal::RoomFull});
    EXPECT_EQ(client.screen(), "The chat room is full. Please try again later.\n");
    EXPECT_EQ(client.end(), WorkerExit::Refused);
}

// --- The login timeout ---

Test(login, a_client_that_tells_no_name_in_time_is_closed) {
    Client client(Stage::Login, Language::English, kLimits);
    EXPECT_EQ(client.screen(), kPrompt);
    EXPECT_TRUE(client.conversation.wake_at() == kBegin + 30s);
    client.conversation.time_is(kBegin + 30s - 1ms);
    EXPECT_FALSE(client.end().has_value());
    client.conversation.time_is(kBegin + 30s);
    EXPECT_EQ(client.screen(), "\nNo name within 30 seconds. Goodbye.\n");
    EXPECT_TRUE(client.end() == WorkerExit::Late);
    EXPECT_FALSE(client.conversation.wake_at().has_value());
}

Test(login, a_byte_now_and_then_does_not_put_off_the_timeout) {
    Client client(Stage::Login, Language::English, kLimits);
    for (auto at = kBegin; at < kBegin + 30s; at += 1s) {
        client.conversation.time_is(at);
        client.types("a");
    }
    client.conversation.time_is(kBegin + 30s);
    EXPECT_TRUE(client.end() == WorkerExit::Late);
}

Test(login, there_is_no_timeout_while_the_room_does_not_answer) {
    Client client(Stage::Entering, Language::English, kLimits);
    EXPECT_FALSE(client.conversation.wake_at().has_value());
    client.conversation.time_is(kBegin + 1h);
    EXPECT_FALSE(client.end().has_value());
}

// --- Foreign protocols ---

Test(login, a_client_that_speaks_another_protocol_is_told_so_and_closed) {
    for (const auto& [typed, protocol] :
         {std::pair("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP"),
          std::pair("SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
          std::pair("PROXY TCP4 192.0.2.1 192.0.2.2 51234 8888\r\n", "PROXY"),
          std::pair("\x16\x03\x01\x02", "TLS")}) {
        Client client;
        (void)client.screen();
        client.types(typed);
        EXPECT_EQ(client.screen(), "\nThis chat is plain text, as nc sends it; " +
                                       std::string(protocol) + std::string(kNotSpoken));
        EXPECT_TRUE(client.end() == WorkerExit::Refused);
        EXPECT_EQ(client.sent(), kNothing);
    }
}

Test(login, a_binary_proxy_header_is_detected_however_it_is_cut) {
    const std::string header("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C", 16);
    for (std::size_t at = 0; at <= header.size(); ++at) {
        Client client;
        client.types(header.substr(0, at));
        if (!client.end()) client.types(header.substr(at));
        EXPECT_TRUE(client.screen().ends_with("PROXY" + std::string(kNotSpoken)));
        EXPECT_TRUE(client.end() == WorkerExit::Refused);
        EXPECT_EQ(client.sent(), kNothing);
    }
}

Test(login, in_the_room_a_line_of_a_protocol_is_said) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("GET / HTTP/1.1\n"), Sent{"1 say: GET / HTTP/1.1"});
}

// --- What first bytes and first lines show ---

Test(login, what_people_type_passes_as_it_comes) {
    for (const std::string_view typed : {"alice\n", "小明\n", "\n", "\xEF\xBC\xA1\n", "\x16x\n"}) {
        EXPECT_EQ(text_of(typed), std::string(typed));
        EXPECT_EQ(text_of_each(typed), std::string(typed));
    }
}

Test(login, a_byte_order_mark_at_the_beginning_is_taken_out) {
    const std::string typed =
        "\xEF\xBB\xBF"
        "alice\n";
    EXPECT_EQ(text_of(typed), std::string("alice\n"));
    EXPECT_EQ(text_of_each(typed), std::string("alice\n"));
    EXPECT_EQ(text_of("a\xEF\xBB\xBF\n"), std::string("a\xEF\xBB\xBF\n"));
}

Test(login, a_tls_handshake_is_detected) {
    EXPECT_EQ(detected(std::string_view("\x16\x03\x01\x02\x00\x01", 6), 6), "TLS");
    EXPECT_EQ(detected("\x16\x03", 1), "TLS");
}

Test(login, the_binary_header_of_a_proxy_is_detected_however_it_is_cut) {
    // The header of version 2: signature, command, family, length; addresses and ports.
    const std::string header("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C\x7F\0\0\1\x7F\0\0\1\xC8\0\x22\xB8",
                             28);
    for (std::size_t cut = 0; cut <= header.size(); ++cut) {
        EXPECT_EQ(detected(header, cut), "PROXY");
    }
    EXPECT_FALSE(text_of_each(header).has_value());
}

Test(login, a_client_that_presses_enter_is_no_proxy_and_waits_for_nothing) {
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

Test(login, what_was_held_back_is_text_at_the_end) {
    ProtocolDetector detector;
    std::string text = "\xEF\xBB";
    EXPECT_EQ(detector.filter(text), "");
    EXPECT_EQ(text, "");
    EXPECT_EQ(detector.finish(), "\xEF\xBB");
}

Test(login, protocols_are_known_by_their_first_line) {
    EXPECT_EQ(protocol_of("GET / HTTP/1.1"), "HTTP");
    EXPECT_EQ(protocol_of("CONNECT example.org:443 HTTP/1.0"), "HTTP");
    EXPECT_EQ(protocol_of("SSH-2.0-OpenSSH_9.2"), "SSH");
    EXPECT_EQ(protocol_of("PROXY TCP4 192.0.2.1 192.0.2.2 51234 8888"), "PROXY");
    EXPECT_EQ(protocol_of("SSH-1.99-OpenSSH_3.4"), "SSH");
    EXPECT_EQ(protocol_of("PROXY UNKNOWN"), "PROXY");
    EXPECT_EQ(protocol_of("PRI * HTTP/2.0"), "HTTP");
}

Test(login, a_name_is_no_protocol_though_it_begins_like_one) {
    for (const char* name : {"alice", "ssh", "http", "GET", "PROXY", "小明", "", "SSH-fan", "SSH-2",
                             "PROXY fan", "I like HTTP/2 best"}) {
        EXPECT_EQ(protocol_of(name), "");
    }
    Client client;
    client.types("SSH-fan\n");
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach SSH-fan session 0 has 0"});
}
