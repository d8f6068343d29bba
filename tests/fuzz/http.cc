// Fuzz target: requests of HTTP, however they are cut, and what they are answered.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "fuzz/claim.h"
#include "fuzz/script.h"
#include "fuzz/targets.h"
#include "text/number.h"
#include "worker/http.h"
#include "worker/web_site.h"

namespace chatd::fuzz {
namespace {

using Status = HttpReader::Status;

// --- Reading

struct Result {
    Status status = Status::Partial;
    int error = 0;
    std::string rest;   // what stands behind the head
    std::string words;  // the request, when it is whole

    bool operator==(const Result& other) const {
        const bool is_same = status == other.status && error == other.error;
        // Of a bad request, how much was taken makes no difference.
        return is_same && (status == Status::Bad || (rest == other.rest && words == other.words));
    }
};

std::string words_of(const HttpRequest& request) {
    std::string words = request.method + '\n' + request.path + '\n' + request.query + '\n' +
                        request.host + '\n' + std::to_string(request.minor_version);
    for (const HttpRequest::Field& field : request.fields) {
        words += '\n' + field.name + ':' + field.value;
    }
    return words;
}

class Reading {
  public:
    void add(std::string_view bytes) {
        if (result_.status == Status::Partial) result_.status = reader_.add(bytes);
        if (result_.status == Status::Partial) CLAIM(bytes.empty());
        result_.rest += bytes;
    }

    Result finish() {
        if (result_.status == Status::Bad) result_.error = reader_.error();
        if (result_.status == Status::Whole) result_.words = words_of(reader_.request());
        return result_;
    }

    const HttpRequest& request() const { return reader_.request(); }

  private:
    HttpReader reader_;
    Result result_;
};

Result byte_by_byte(std::string_view bytes) {
    Reading reading;
    for (const char& byte : bytes) reading.add({&byte, 1});
    return reading.finish();
}

Result in_pieces(std::string_view bytes, std::uint32_t seed) {
    Reading reading;
    for_each_piece(bytes, seed, [&](std::string_view piece) { reading.add(piece); });
    return reading.finish();
}

// Where the first empty line ends that stands behind a line; npos: nowhere.
std::size_t end_of_head(std::string_view bytes) {
    bool has_begun = false;
    for (std::size_t at = 0;;) {
        const std::size_t end = bytes.find('\n', at);
        if (end == bytes.npos) return end;
        const std::string_view line = bytes.substr(at, end - at);
        const bool is_empty = line.empty() || line == "\r";
        if (is_empty && has_begun) return end + 1;
        has_begun |= !is_empty;
        at = end + 1;
    }
}

void claim_head(const Result& result, std::string_view bytes) {
    CLAIM(result.status == Status::Bad || result.error == 0);
    if (result.status == Status::Bad) {
        CLAIM(result.error == 400 || result.error == 431 || result.error == 505);
        return;
    }
    const std::size_t end = end_of_head(bytes);
    if (result.status == Status::Partial) {
        CLAIM(end == bytes.npos && bytes.size() <= kHttpHeadBytesMax);
        return;
    }
    CLAIM(end <= kHttpHeadBytesMax && result.rest == bytes.substr(end));
}

void claim_request(const HttpRequest& request) {
    const auto is_visible = [](char byte) { return byte > ' ' && byte < '\x7F'; };
    for (const std::string& word : {request.method, request.path, request.query, request.host}) {
        CLAIM(std::ranges::all_of(word, is_visible));
    }
    CLAIM(!request.method.empty() && !request.path.empty());
    CLAIM(request.path.find('?') == std::string::npos);
    CLAIM(request.minor_version == 0 || request.field("host"));
    CLAIM(request.fields.size() <= kHttpFieldsMax);
    for (const HttpRequest::Field& field : request.fields) {
        CLAIM(!field.name.empty() && in_small_letters(field.name) == field.name);
        CLAIM(std::ranges::all_of(field.name, is_visible));
        CLAIM(request.field(field.name) == field.value);
        CLAIM(std::ranges::none_of(field.value, [](char byte) {
            return (byte >= 0 && byte < ' ' && byte != '\t') || byte == '\x7F';
        }));
        CLAIM(!field.value.starts_with(' ') && !field.value.ends_with(' '));
    }
}

// --- First bytes

void claim_detection(std::string_view bytes) {
    LooksLikeHttp known = LooksLikeHttp::Maybe;
    const std::size_t most = std::min<std::size_t>(bytes.size(), kLineBytesMax + 2);
    for (std::size_t size = 0; size <= most; size += size < 200 ? 1 : 97) {
        const LooksLikeHttp looks = looks_like_http(bytes.substr(0, size));
        if (known != LooksLikeHttp::Maybe) CLAIM(looks == known);
        known = looks;
    }
    if (known != LooksLikeHttp::Maybe) CLAIM(looks_like_http(bytes) == known);
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    if (line.size() >= kLineBytesMax) return;
    const bool is_whole = line.size() < bytes.size();
    const LooksLikeHttp looks = looks_like_http(bytes);
    if (is_whole) CLAIM(looks != LooksLikeHttp::Maybe);
    // Whoever is taken for a client of HTTP has sent a line that the reader takes, too, unless
    // there is a bad host in it.
    if (looks == LooksLikeHttp::Yes) {
        HttpReader reader;
        std::string_view first = bytes.substr(0, line.size() + 1);
        const Status status = reader.add(first);
        const bool has_host = line.find("://") != line.npos;
        CLAIM(status == Status::Partial || reader.error() == 505 || has_host);
    }
}

// --- Answers

struct Response {
    int status;
    std::vector<HttpRequest::Field> fields;
    std::string_view body;

    std::size_t count(std::string_view name) const {
        return static_cast<std::size_t>(
            std::ranges::count(fields, name, &HttpRequest::Field::name));
    }

    std::string_view value(std::string_view name) const {
        CLAIM(count(name) == 1);
        return std::ranges::find(fields, name, &HttpRequest::Field::name)->value;
    }
};

Response parse(std::string_view bytes) {
    constexpr std::string_view kBegin = "HTTP/1.1 ";
    const std::size_t end = bytes.find("\r\n\r\n");
    CLAIM(bytes.starts_with(kBegin) && end != bytes.npos);
    Response response{0, {}, bytes.substr(end + 4)};
    std::string_view head = bytes.substr(0, end + 2);
    response.status = parse_number<int>(head.substr(kBegin.size(), 3), 100, 599).value_or(0);
    CLAIM(response.status != 0 && head[kBegin.size() + 3] == ' ');
    for (head.remove_prefix(head.find("\r\n") + 2); !head.empty();) {
        const std::string_view line = head.substr(0, head.find("\r\n"));
        const std::size_t colon = line.find(": ");
        CLAIM(colon != line.npos && line.find_first_of(std::string_view("\r\n\0", 3)) == line.npos);
        response.fields.push_back(
            {in_small_letters(line.substr(0, colon)), std::string(line.substr(colon + 2))});
        head.remove_prefix(line.size() + 2);
    }
    return response;
}

void claim_response(std::string_view bytes, bool is_head) {
    const Response response = parse(bytes);
    for (const std::string_view name :
         {"content-security-policy", "x-content-type-options", "content-type", "referrer-policy"}) {
        CLAIM(!response.value(name).empty());
    }
    const auto length = parse_number<std::size_t>(response.value("content-length"));
    CLAIM(length.has_value());
    const bool has_body = !is_head && response.status != 304;
    CLAIM(response.body.size() == (has_body ? *length : 0));
    CLAIM((response.status == 405) == (response.count("allow") == 1));
    CLAIM((response.status == 426) == (response.count("sec-websocket-version") == 1));
    CLAIM(std::ranges::any_of(response.fields, [](const HttpRequest::Field& field) {
        return field.name == "connection" && field.value == "close";
    }));
}

void claim_answer(const HttpRequest& request, const WebSettings& settings) {
    const WebAnswer answered = answer(request, settings);
    if (!answered.is_websocket) {
        CLAIM(!answered.language);
        return claim_response(answered.bytes, request.method == "HEAD");
    }
    const Response response = parse(answered.bytes);
    CLAIM(response.status == 101 && response.body.empty());
    CLAIM(response.count("content-length") == 0);
    CLAIM(response.value("sec-websocket-accept").size() == 28);
    CLAIM(settings.is_on && request.method == "GET" && request.path == "/chat");
    CLAIM(request.field("sec-websocket-version") == "13");
    const auto origin = request.field("origin");
    if (!origin) return;
    CLAIM(settings.origins.empty() ? in_small_letters(*origin).starts_with("http")
                                   : *origin == settings.origins.front());
}

}  // namespace

void fuzz_http(std::string_view input) {
    Script script(input);
    const std::uint32_t seed = script.byte();
    // Long heads out of short inputs.
    std::string bytes;
    if (seed % 2 == 0) bytes = std::string(script.piece()) + script.repeated(2 * kHttpHeadBytesMax);
    bytes += script.rest();

    Reading reading;
    reading.add(bytes);
    const Result result = reading.finish();
    CLAIM(byte_by_byte(bytes) == result);
    CLAIM(in_pieces(bytes, seed) == result);
    claim_head(result, bytes);
    claim_detection(bytes);

    if (result.status == Status::Bad) claim_response(answer_to_bad_request(result.error), false);
    if (result.status != Status::Whole) return;
    claim_request(reading.request());
    claim_answer(reading.request(), {});
    claim_answer(reading.request(), {.is_on = false, .origins = {}});
    claim_answer(reading.request(), {.is_on = true, .origins = {"https://chat.example"}});
}

}  // namespace chatd::fuzz
