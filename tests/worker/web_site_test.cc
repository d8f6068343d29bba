// Specification of worker/web_site: what a browser is answered, and who may open a WebSocket.

#include "worker/web_site.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "support/expect.h"
#include "support/file.h"
#include "support/where.h"
#include "text/catalogue.h"
#include "worker/http.h"
#include "worker/web_files.h"

using chatd::answer;
using chatd::answer_to_bad_request;
using chatd::HttpReader;
using chatd::HttpRequest;
using chatd::Language;
using chatd::WebAnswer;
using chatd::WebSettings;
using chatd::test::contents;
using namespace std::string_literals;

TestSuite(web_site, .timeout = 20);

namespace {

const WebSettings kOff = {.is_on = false, .origins = {}};

HttpRequest request_of(std::string_view bytes) {
    HttpReader reader;
    EXPECT_EQ(reader.add(bytes), HttpReader::Status::Whole);
    return reader.request();
}

WebAnswer ask(const std::string& line, const std::string& fields = {},
              const WebSettings& settings = {}) {
    return answer(request_of(line + " HTTP/1.1\r\nHost: localhost:8888\r\n" + fields + "\r\n"),
                  settings);
}

int status_of(std::string_view response) {
    return std::stoi(std::string(response.substr(response.find(' ') + 1, 3)));
}

std::string_view head_of(std::string_view response) {
    return response.substr(0, response.find("\r\n\r\n") + 2);
}

std::string_view body_of(std::string_view response) {
    return response.substr(head_of(response).size() + 2);
}

// The value of the field; nothing when it is absent or there twice.
std::optional<std::string_view> field_of(std::string_view response, const std::string& name) {
    const std::string begin = "\r\n" + name + ": ";
    const std::string_view head = head_of(response);
    const std::size_t at = head.find(begin);
    if (at == head.npos || head.find(begin, at + 1) != head.npos) return std::nullopt;
    const std::string_view value = head.substr(at + begin.size());
    return value.substr(0, value.find("\r\n"));
}

void expect_status(const WebAnswer& answered, int status,
                   chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    EXPECT_EQ(status_of(answered.bytes), status);
    EXPECT_EQ(answered.is_websocket, status == 101);
}

// --- The handshake

// The fields of RFC 6455, 1.2, without Origin.
const std::string kConnection = "Connection: Upgrade\r\n";
const std::string kUpgrade = "Upgrade: websocket\r\n";
const std::string kVersion = "Sec-WebSocket-Version: 13\r\n";
const std::string kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string kHandshake = kConnection + kUpgrade + kVersion + kKey;

WebAnswer open(const std::string& fields, const WebSettings& settings = {}) {
    return ask("GET /chat", fields, settings);
}

int status_for(const std::string& host, const std::string& origin) {
    const HttpRequest request = request_of("GET /chat HTTP/1.1\r\nHost: " + host +
                                           "\r\nOrigin: " + origin + "\r\n" + kHandshake + "\r\n");
    return status_of(answer(request, {}).bytes);
}

}  // namespace

// --- The page ------------------------------------------------------------------------------------

Test(web_site, the_files_of_the_page_are_part_of_the_program) {
    const std::filesystem::path root =
        std::filesystem::path(std::getenv("CORPUS")).parent_path().parent_path().parent_path();
    EXPECT_EQ(chatd::index_html(), contents(root / "src/web/index.html"));
    EXPECT_EQ(chatd::chat_js(), contents(root / "src/web/chat.js"));
    EXPECT_EQ(chatd::chat_css(), contents(root / "src/web/chat.css"));
}

Test(web_site, each_file_of_the_page_has_its_path_and_its_type) {
    const std::string page = ask("GET /?any=thing").bytes;
    EXPECT_EQ(status_of(page), 200);
    EXPECT_EQ(field_of(page, "Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(body_of(page), chatd::index_html());

    const std::string script = ask("GET /chat.js").bytes;
    EXPECT_EQ(field_of(script, "Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(body_of(script), chatd::chat_js());

    const std::string style = ask("GET /chat.css").bytes;
    EXPECT_EQ(field_of(style, "Content-Type"), "text/css; charset=utf-8");
    EXPECT_EQ(body_of(style), chatd::chat_css());
}

Test(web_site, HEAD_is_answered_like_GET_without_the_body) {
    for (const std::string& path : {"/"s, "/chat.js"s, "/chat.css"s, "/chat"s, "/nothing"s}) {
        const std::string whole = ask("GET " + path).bytes;
        EXPECT_EQ(ask("HEAD " + path).bytes, std::string(head_of(whole)) + "\r\n");
    }
}

Test(web_site, nothing_else_is_there) {
    for (const char* path : {"/index.html", "/favicon.ico", "//", "/chat/", "/CHAT", "/%63hat",
                             "/../chat", "*", "localhost:80"}) {
        expect_status(ask("GET "s + path), 404);
    }
}

Test(web_site, other_methods_are_not_allowed) {
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get", "BREW"}) {
        for (const char* path : {"/", "/chat.js", "/chat"}) {
            const WebAnswer answered = ask(method + " "s + path, kHandshake);
            expect_status(answered, 405);
            EXPECT_EQ(field_of(answered.bytes, "Allow"), "GET, HEAD");
        }
    }
}

Test(web_site, every_response_is_safe_has_its_length_and_ends_the_connection) {
    for (const std::string& response :
         {ask("GET /").bytes, ask("GET /chat.js").bytes, ask("GET /chat.css").bytes,
          ask("GET /nothing").bytes, ask("POST /").bytes, ask("GET /", "", kOff).bytes,
          open(kHandshake + "Origin: null\r\n").bytes, answer_to_bad_request(400),
          answer_to_bad_request(408), answer_to_bad_request(431), answer_to_bad_request(505)}) {
        EXPECT_EQ(field_of(response, "Content-Length"), std::to_string(body_of(response).size()));
        EXPECT_EQ(field_of(response, "Connection"), "close");
        EXPECT_EQ(field_of(response, "Cache-Control"), "no-cache");
        EXPECT_EQ(field_of(response, "X-Content-Type-Options"), "nosniff");
        EXPECT_EQ(field_of(response, "Referrer-Policy"), "no-referrer");
        EXPECT_EQ(field_of(response, "X-Frame-Options"), "DENY");
        EXPECT_EQ(field_of(response, "Cross-Origin-Opener-Policy"), "same-origin");
        EXPECT_EQ(field_of(response, "Cross-Origin-Resource-Policy"), "same-origin");
        EXPECT_EQ(field_of(response, "Content-Security-Policy"),
                  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                  "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    }
}

Test(web_site, a_refusal_says_why_in_one_plain_sentence) {
    for (const int error : {400, 408, 431, 505}) {
        const std::string response = answer_to_bad_request(error);
        EXPECT_EQ(status_of(response), error);
        EXPECT_EQ(field_of(response, "Content-Type"), "text/plain; charset=utf-8");
        EXPECT_TRUE(body_of(response).ends_with(".\n"));
    }
}

Test(web_site, when_the_web_is_off_there_is_nothing_but_a_polite_line) {
    for (const char* line : {"GET /", "GET /chat", "GET /nothing", "POST /"}) {
        const WebAnswer answered = ask(line, kHandshake, kOff);
        expect_status(answered, 404);
        EXPECT_EQ(body_of(answered.bytes),
                  "This chat has no page for browsers; please come with nc, telnet or ./chat.\n");
    }
}

// --- What the browser has already ----------------------------------------------------------------

Test(web_site, each_file_has_a_strong_tag_of_its_own) {
    const std::string page = ask("GET /").bytes;
    const std::string tag(field_of(page, "ETag").value_or("none"));
    EXPECT_TRUE(tag.starts_with('"') && tag.ends_with('"'));
    EXPECT_NE(field_of(ask("GET /chat.js").bytes, "ETag"), tag);
    EXPECT_EQ(field_of(ask("GET /").bytes, "ETag"), tag);
    EXPECT_EQ(field_of(ask("GET /nothing").bytes, "ETag"), std::nullopt);
}

Test(web_site, what_the_browser_has_already_is_not_sent_again) {
    const std::string tag(field_of(ask("GET /").bytes, "ETag").value_or("none"));
    for (const std::string& tags : {tag, "W/" + tag, "\"other\", " + tag, "\"a,b\",," + tag, "*"s,
                                    "\"\" , W/\"x\",W/" + tag + ", \"y\""}) {
        const std::string response = ask("GET /", "If-None-Match: " + tags + "\r\n").bytes;
        EXPECT_EQ(status_of(response), 304);
        EXPECT_EQ(field_of(response, "ETag"), tag);
        EXPECT_EQ(body_of(response), "");
    }
    EXPECT_EQ(status_of(ask("HEAD /", "If-None-Match: " + tag + "\r\n").bytes), 304);
}

Test(web_site, what_the_browser_has_in_another_version_is_sent_again) {
    const std::string tag(field_of(ask("GET /").bytes, "ETag").value_or("none"));
    for (const std::string& tags :
         {"\"other\""s, ""s, tag.substr(1), "w/" + tag, "\"" + tag + "\"", "x, " + tag, "**"s}) {
        expect_status(ask("GET /", "If-None-Match: " + tags + "\r\n"), 200);
    }
}

// --- The WebSocket -------------------------------------------------------------------------------

Test(web_site, the_handshake_of_RFC_6455_section_1_3_is_accepted) {
    const WebAnswer answered = open(kHandshake);
    EXPECT_TRUE(answered.is_websocket);
    EXPECT_EQ(answered.language, std::nullopt);
    EXPECT_EQ(answered.bytes,
              "HTTP/1.1 101 Switching Protocols\r\n"
              "Upgrade: websocket\r\n"
              "Connection: Upgrade\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

Test(web_site, the_tokens_of_a_handshake_have_no_case_and_may_stand_in_lists) {
    expect_status(
        open("Connection: keep-alive, UPGRADE\r\nUpgrade: h2c, WebSocket\r\n" + kVersion + kKey),
        101);
}

Test(web_site, a_client_that_opens_a_websocket_may_choose_its_language) {
    EXPECT_EQ(ask("GET /chat?lang=zh", kHandshake).language, Language::Chinese);
    EXPECT_EQ(ask("GET /chat?a=b&lang=en&lang=zh", kHandshake).language, Language::English);
    for (const char* query : {"lang=xx", "lang=", "lang", "xlang=zh", "", "&&"}) {
        const WebAnswer answered = ask("GET /chat?"s + query, kHandshake);
        EXPECT_TRUE(answered.is_websocket);
        EXPECT_EQ(answered.language, std::nullopt);
    }
}

Test(web_site, without_an_upgrade_to_version_13_the_client_is_told_what_is_needed) {
    for (const std::string& fields :
         {""s, kUpgrade + kVersion + kKey, kConnection + kVersion + kKey,
          kConnection + kUpgrade + kKey, kConnection + "Upgrade: h2c\r\n" + kVersion + kKey,
          kConnection + kUpgrade + "Sec-WebSocket-Version: 8\r\n" + kKey}) {
        const WebAnswer answered = open(fields);
        expect_status(answered, 426);
        EXPECT_EQ(field_of(answered.bytes, "Upgrade"), "websocket");
        EXPECT_EQ(field_of(answered.bytes, "Sec-WebSocket-Version"), "13");
        EXPECT_CONTAINS(answered.bytes, "\r\nConnection: close\r\n");
        EXPECT_CONTAINS(answered.bytes, "\r\nConnection: Upgrade\r\n");
    }
    expect_status(ask("HEAD /chat", kHandshake), 426);
}

Test(web_site, HTTP_1_0_has_no_upgrades) {
    const HttpRequest old = request_of("GET /chat HTTP/1.0\r\nHost: a\r\n" + kHandshake + "\r\n");
    expect_status(answer(old, {}), 426);
}

Test(web_site, the_key_of_a_handshake_has_16_bytes) {
    const std::string begin = kConnection + kUpgrade + kVersion;
    for (const char* key : {"", "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZWU=",
                            "dGhlIHNhbXBsZSBub25jZQ", "not base64 at all, sir.."}) {
        expect_status(open(begin + "Sec-WebSocket-Key: " + key + "\r\n"), 400);
    }
    expect_status(open(begin), 400);
}

Test(web_site, a_handshake_has_no_body) {
    expect_status(open(kHandshake + "Content-Length: 0\r\n"), 101);
    expect_status(open(kHandshake + "Content-Length: 5\r\n"), 400);
    expect_status(open(kHandshake + "Transfer-Encoding: chunked\r\n"), 400);
}

// --- Whose page may open it ----------------------------------------------------------------------

Test(web_site, a_page_of_the_host_itself_may_open_a_websocket) {
    EXPECT_EQ(status_for("localhost:8888", "http://localhost:8888"), 101);
    EXPECT_EQ(status_for("[::1]:8888", "http://[::1]:8888"), 101);
    EXPECT_EQ(status_for("Chat.Example", "https://chat.example"), 101);
    EXPECT_EQ(status_for("chat.example", "HTTP://CHAT.example"), 101);
}

Test(web_site, the_default_port_of_a_scheme_may_be_left_out) {
    EXPECT_EQ(status_for("chat.example:80", "http://chat.example"), 101);
    EXPECT_EQ(status_for("chat.example", "http://chat.example:80"), 101);
    EXPECT_EQ(status_for("chat.example:443", "https://chat.example"), 101);
    EXPECT_EQ(status_for("chat.example:443", "http://chat.example"), 403);
    EXPECT_EQ(status_for("chat.example:80", "https://chat.example"), 403);
    EXPECT_EQ(status_for("chat.example:8080", "http://chat.example"), 403);
}

Test(web_site, a_page_of_another_site_may_not_open_a_websocket) {
    for (const char* origin :
         {"http://evil.example", "http://localhost", "http://localhost:8889", "null", "",
          "localhost:8888", "ftp://localhost:8888", "http://localhost:8888/",
          "http://localhost:8888.evil.example", "http://user@localhost:8888", "file://"}) {
        EXPECT_EQ(status_for("localhost:8888", origin), 403);
    }
    EXPECT_EQ(status_for("", "http://"), 403);
}

Test(web_site, when_origins_are_named_only_these_may_open_a_websocket) {
    const WebSettings settings = {.is_on = true,
                                  .origins = {"https://a.example", "http://localhost:1"}};
    for (const char* origin : {"https://a.example", "http://localhost:1"}) {
        expect_status(open(kHandshake + "Origin: " + origin + "\r\n", settings), 101);
    }
    for (const char* origin : {"http://localhost:8888", "http://a.example", "https://a.example:443",
                               "https://A.example", "null"}) {
        expect_status(open(kHandshake + "Origin: " + origin + "\r\n", settings), 403);
    }
}

Test(web_site, who_names_no_origin_is_no_browser_and_may_open_a_websocket) {
    expect_status(open(kHandshake), 101);
    expect_status(open(kHandshake, {.is_on = true, .origins = {"https://a.example"}}), 101);
}
