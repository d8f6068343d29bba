// Specification of worker/http: who speaks HTTP, where the head of a request ends, what it says,
// and what is refused.

#include "worker/http.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/bounds.h"
#include "support/escape.h"
#include "support/expect.h"
#include "support/where.h"

using chatd::HttpReader;
using chatd::HttpRequest;
using chatd::kHttpFieldsMax;
using chatd::kHttpHeadBytesMax;
using chatd::kLineBytesMax;
using chatd::looks_like_http;
using chatd::LooksLikeHttp;
using chatd::test::escaped;
using namespace std::string_literals;
using Status = HttpReader::Status;

TestSuite(http, .timeout = 20);

namespace {

// The request that all of `bytes` is.
HttpRequest request_of(std::string_view bytes,
                       chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    HttpReader reader;
    cr_expect(reader.add(bytes) == Status::Whole, "error %d", reader.error());
    EXPECT_EQ(bytes, "");
    return reader.request();
}

HttpRequest request_with(const std::string& fields,
                         chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    return request_of("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
}

void expect_error(std::string_view bytes, int error,
                  chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    HttpReader reader;
    std::string_view rest = bytes;
    cr_expect(reader.add(rest) == Status::Bad, "%s is not bad", escaped(bytes).c_str());
    cr_expect(reader.error() == error, "%s: error %d", escaped(bytes).c_str(), reader.error());
}

void expect_bad(std::string_view bytes, chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    expect_error(bytes, 400);
}

void expect_bad_field(const std::string& line,
                      chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    expect_bad("GET / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n");
}

}  // namespace

// --- First bytes ---------------------------------------------------------------------------------

namespace {

// `line` may be HTTP up to its end, and with it it is.
void expect_http(const std::string& line, chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    const std::string_view bytes = line;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        cr_expect(looks_like_http(bytes.substr(0, size)) == LooksLikeHttp::Maybe, "%zu bytes",
                  size);
    }
    EXPECT_EQ(looks_like_http(line), LooksLikeHttp::Yes);
    EXPECT_EQ(looks_like_http(line + "whatever"), LooksLikeHttp::Yes);
}

void expect_no_http(const std::string& line,
                    chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    cr_expect(looks_like_http(line) == LooksLikeHttp::No, "%s", escaped(line).c_str());
    EXPECT_EQ(looks_like_http(line + " HTTP/1.1\r\n"), LooksLikeHttp::No);
}

}  // namespace

Test(http, a_whole_first_line_with_a_method_a_target_and_a_version_is_http) {
    for (const char* method :
         {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"}) {
        expect_http(method + " / HTTP/1.1\r\n"s);
    }
    expect_http("GET /chat?lang=zh HTTP/1.0\n");
    expect_http("OPTIONS * HTTP/1.1\r\n");
    expect_http("CONNECT localhost:80 HTTP/1.1\r\n");
    expect_http("GET http://localhost/ HTTP/1.1\r\n");
}

Test(http, the_line_that_opens_HTTP_2_is_http) {
    expect_http("PRI * HTTP/2.0\r\n");
}

Test(http, what_a_person_types_is_not_http) {
    for (const std::string& line :
         {"alice\n"s, "GET a life\n"s, "GET a l"s, "GET\n"s, "GET \n"s, "GET  "s, "GET / \n"s,
          "GET /\n"s, "GET HTTP/1.1\n"s, "get / "s, "GETTING"s, "Peter"s, "POST 小明"s, "\r\n"s,
          "GET / HTTP/1.\n"s, "GET / HTTP/x"s, "GET / HTTP/1.1 "s, "GET / HTTP/1.1\rx"s,
          "GET / HTTP/1\r"s}) {
        expect_no_http(line);
    }
}

Test(http, a_method_that_is_not_well_known_is_not_http) {
    expect_no_http("BREW / ");
}

Test(http, nobody_types_so_long_a_line_as_a_request_may_have) {
    const std::string line = "GET /" + std::string(kLineBytesMax, 'a');
    EXPECT_EQ(looks_like_http(line.substr(0, kLineBytesMax - 1)), LooksLikeHttp::Maybe);
    EXPECT_EQ(looks_like_http(line.substr(0, kLineBytesMax)), LooksLikeHttp::Yes);
    EXPECT_EQ(looks_like_http(line + " a life"), LooksLikeHttp::Yes);
}

// --- Where the head ends -------------------------------------------------------------------------

Test(http, a_request_may_come_in_any_pieces) {
    const std::string bytes =
        "POST /a?b HTTP/1.1\r\nHost: c\r\nOrigin: d\r\n\r\nContent, and another request";
    const std::size_t end = bytes.find("Content");
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
        HttpReader reader;
        std::string_view first = std::string_view(bytes).substr(0, at);
        const Status status = reader.add(first);
        EXPECT_EQ(status, at < end ? Status::Partial : Status::Whole);
        std::string rest = std::string(first) + bytes.substr(at);
        std::string_view left = rest;
        EXPECT_EQ(reader.add(left), Status::Whole);
        EXPECT_EQ(left, bytes.substr(end));
        EXPECT_EQ(reader.request().path, "/a");
        EXPECT_EQ(reader.request().field("origin"), "d");
    }
}

Test(http, a_line_may_end_with_LF_alone) {
    EXPECT_EQ(request_of("GET / HTTP/1.1\nHost: a\n\n").host, "a");
}

Test(http, empty_lines_may_stand_before_a_request) {
    EXPECT_EQ(request_of("\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").host, "a");
}

// --- What a request says -------------------------------------------------------------------------

Test(http, the_request_line_has_method_path_query_and_version) {
    const HttpRequest request = request_of("PURGE /a%20b?c=d?e HTTP/1.0\r\n\r\n");
    EXPECT_EQ(request.method, "PURGE");
    EXPECT_EQ(request.path, "/a%20b");
    EXPECT_EQ(request.query, "c=d?e");
    EXPECT_EQ(request.minor_version, 0);
}

Test(http, a_target_that_is_a_url_tells_the_host) {
    const HttpRequest request = request_of("GET http://b:80/c?d HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(request.host, "b:80");
    EXPECT_EQ(request.path, "/c");
    EXPECT_EQ(request.query, "d");
    EXPECT_EQ(request_of("GET HTTPS://b?d HTTP/1.1\r\nHost: a\r\n\r\n").path, "/");
    expect_bad("GET http:///c HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_bad("GET http://user@b/ HTTP/1.1\r\nHost: a\r\n\r\n");
}

Test(http, names_of_fields_have_no_case_and_values_no_spaces_around_them) {
    const HttpRequest request = request_with("X-aBc:\t d e \t\r\nEmpty: \r\n");
    EXPECT_EQ(request.field("x-abc"), "d e");
    EXPECT_EQ(request.field("empty"), "");
    EXPECT_EQ(request.field("absent"), std::nullopt);
}

Test(http, a_value_may_have_any_bytes_but_controls) {
    EXPECT_EQ(request_with("A: \xE4\xFF\t\"\\\r\n").field("a"), "\xE4\xFF\t\"\\");
}

Test(http, a_field_that_was_sent_twice_is_one_list) {
    EXPECT_EQ(request_with("A: b\r\nC: d\r\na: e, f\r\n").field("a"), "b,e, f");
}

Test(http, a_token_is_looked_for_in_a_list_without_its_case) {
    const HttpRequest request = request_with("Connection: keep-alive ,, UpGrade\r\n");
    EXPECT_TRUE(request.has_token("connection", "upgrade"));
    EXPECT_TRUE(request.has_token("connection", "keep-alive"));
    EXPECT_FALSE(request.has_token("connection", "up"));
    EXPECT_FALSE(request.has_token("connection", "close"));
    EXPECT_FALSE(request.has_token("upgrade", "upgrade"));
}

// --- What is refused -----------------------------------------------------------------------------

Test(http, a_request_line_has_two_spaces_a_method_and_a_visible_target) {
    for (const std::string& line :
         {"GET"s, "GET /"s, "GET / "s, "GET  / HTTP/1.1"s, "GET /  HTTP/1.1"s, "GET  HTTP/1.1"s,
          " GET / HTTP/1.1"s, "GET / HTTP/1.1 "s, "G(T / HTTP/1.1"s, "GET /\t HTTP/1.1"s,
          "GET /\xE4 HTTP/1.1"s, "GET /\x7F HTTP/1.1"s, "GET /\0 HTTP/1.1"s, "GET / HTTP/11"s,
          "GET / http/1.1"s, "GET / HTTP/1.1x"s, "GET /\rHTTP/1.1"s}) {
        expect_bad(line + "\r\n");
    }
}

Test(http, another_version_than_1_x_is_refused) {
    for (const char* version : {"HTTP/2.0", "HTTP/0.9", "HTTP/3.0"}) {
        expect_error("GET / "s + version + "\r\n", 505);
    }
    expect_error("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    EXPECT_EQ(request_of("GET / HTTP/1.9\r\nHost: a\r\n\r\n").minor_version, 9);
}

Test(http, a_field_has_a_token_for_a_name_and_its_colon_behind_it) {
    for (const std::string& line :
         {"A"s, ": b"s, "A : b"s, "A\t: b"s, " A: b"s, "A b: c"s, "A\xE4: b"s, "\"A\": b"s}) {
        expect_bad_field(line);
    }
}

Test(http, a_field_goes_on_no_further_line) {
    expect_bad_field("A: b\r\n c");
    expect_bad_field("A: b\r\n\tc");
    expect_bad("GET / HTTP/1.1\r\n Host: a\r\n\r\n");
}

Test(http, a_field_has_no_controls) {
    for (const std::string& line : {"A: b\rC: d"s, "A: \0"s, "A: \x1F"s, "A: \x7F"s, "A: b\r"s}) {
        expect_bad_field(line);
    }
}

Test(http, a_request_of_HTTP_1_1_has_one_good_host) {
    expect_bad("GET / HTTP/1.1\r\nA: b\r\n\r\n");
    expect_bad_field("Host: a");
    expect_bad("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n");
    expect_bad("GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
    expect_bad("GET / HTTP/1.0\r\nHost: a@b\r\n\r\n");
    EXPECT_EQ(request_of("GET / HTTP/1.1\r\nHost:\r\n\r\n").host, "");
    EXPECT_EQ(request_of("GET / HTTP/1.1\r\nHost: [::1]:8888\r\n\r\n").host, "[::1]:8888");
    EXPECT_EQ(request_of("GET / HTTP/1.0\r\n\r\n").host, "");
}

Test(http, fields_that_mean_one_thing_are_not_sent_twice) {
    for (const char* name :
         {"Origin", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Content-Length"}) {
        expect_bad_field(name + ": 1\r\n"s + name + ": 1");
    }
}

// Where two readers disagree on the end of one request, they disagree on the next one.
Test(http, the_end_of_the_content_is_clear) {
    for (const char* fields : {"Content-Length: 0", "Content-Length: 18446744073709551615",
                               "Transfer-Encoding: Chunked"}) {
        (void)request_with(fields + "\r\n"s);
    }
    for (const char* fields :
         {"Content-Length:", "Content-Length: +5", "Content-Length: -1", "Content-Length: 5, 5",
          "Content-Length: 0x5", "Content-Length: 18446744073709551616", "Transfer-Encoding: gzip",
          "Transfer-Encoding: chunked, gzip",
          "Transfer-Encoding:", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
          "Transfer-Encoding: chunked\r\nContent-Length: 5"}) {
        expect_bad("GET / HTTP/1.1\r\nHost: a\r\n"s + fields + "\r\n\r\n");
    }
    expect_bad("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
}

Test(http, a_head_that_is_too_big_is_refused) {
    const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nB: ";
    const std::string end = "\r\n\r\n";
    const std::string most(kHttpHeadBytesMax - begin.size() - end.size(), 'b');
    EXPECT_EQ(request_of(begin + most + end).field("b"), most);
    expect_error(begin + most + 'b' + end, 431);
    expect_error("GET /" + std::string(kHttpHeadBytesMax, 'a'), 431);
    expect_error(std::string(kHttpHeadBytesMax + 1, '\n'), 431);
}

Test(http, a_head_with_too_many_fields_is_refused) {
    std::string fields;
    for (std::size_t count = 1; count < kHttpFieldsMax; ++count) fields += "a:\r\n";
    EXPECT_EQ(request_with(fields).fields.size(), 2);
    expect_error("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "a:\r\n", 431);
}

Test(http, behind_an_error_nothing_is_read) {
    HttpReader reader;
    std::string_view bad = "\x80\n";
    EXPECT_EQ(reader.add(bad), Status::Bad);
    std::string_view good = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_EQ(reader.add(good), Status::Bad);
    EXPECT_EQ(good.size(), 27);
}
