#include "worker/http.h"

#include <algorithm>
#include <utility>

#include "base/bounds.h"
#include "text/number.h"

namespace chatd {
namespace {

constexpr int kBadRequest = 400;
constexpr int kFieldsTooLarge = 431;
constexpr int kVersionNotSupported = 505;

constexpr std::string_view kMethods[] = {"GET",     "HEAD",  "POST",    "PUT",   "DELETE",
                                         "OPTIONS", "PATCH", "CONNECT", "TRACE", "PRI"};

// Where each digit stands for any. RFC 9112, 2.3.
constexpr std::string_view kVersion = "HTTP/0.0";

// Fields that mean nothing any more when they are sent twice (RFC 9112, 3.2 and 6.3; RFC 6454, 7.3;
// RFC 6455, 11.3).
constexpr std::string_view kSingleFields[] = {"host", "content-length", "origin",
                                              "sec-websocket-key", "sec-websocket-version"};

bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

bool is_letter(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

bool is_visible(char byte) {
    return byte > ' ' && byte < '\x7F';
}

// RFC 9110, 5.6.2
bool is_token(std::string_view text) {
    constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char byte) {
        return is_digit(byte) || is_letter(byte) || kSigns.find(byte) != kSigns.npos;
    });
}

// RFC 9110, 5.5: bytes above ASCII are allowed, and no control but the tabulator.
bool is_field_value(std::string_view text) {
    return std::ranges::all_of(text, [](char byte) {
        return is_visible(byte) || byte == ' ' || byte == '\t' ||
               static_cast<unsigned char>(byte) >= 0x80;
    });
}

// RFC 9110, 7.2, with RFC 3986, 3.2.2: a name or an address, and a port. It may be empty.
bool is_host(std::string_view text) {
    constexpr std::string_view kSigns = "-._~%!$&'()*+,;=:[]";
    return std::ranges::all_of(text, [&](char byte) {
        return is_digit(byte) || is_letter(byte) || kSigns.find(byte) != kSigns.npos;
    });
}

// May `text` be a version, as far as it goes?
bool begins_version(std::string_view text) {
    if (text.size() > kVersion.size()) return false;
    return std::ranges::equal(text, kVersion.substr(0, text.size()), [](char byte, char due) {
        return due == '0' ? is_digit(byte) : byte == due;
    });
}

bool is_version(std::string_view text) {
    return text.size() == kVersion.size() && begins_version(text);
}

// Takes off `line` what stands before the first space, and the space. None when there is no space.
std::optional<std::string_view> take_until_space(std::string_view& line) {
    const std::size_t space = line.find(' ');
    if (space == line.npos) return std::nullopt;
    const std::string_view word = line.substr(0, space);
    line.remove_prefix(space + 1);
    return word;
}

bool begins_method(std::string_view text) {
    return std::ranges::any_of(kMethods,
                               [&](std::string_view method) { return method.starts_with(text); });
}

// What a first line tells, without its end; or as much of it as has come.
LooksLikeHttp judge(std::string_view line, bool is_whole) {
    const LooksLikeHttp good_so_far = is_whole ? LooksLikeHttp::No : LooksLikeHttp::Maybe;
    const auto method = take_until_space(line);
    if (!method) return begins_method(line) ? good_so_far : LooksLikeHttp::No;
    if (std::ranges::count(kMethods, *method) == 0) return LooksLikeHttp::No;
    const auto target = take_until_space(line);
    if (!std::ranges::all_of(target.value_or(line), is_visible)) return LooksLikeHttp::No;
    if (!target) return good_so_far;
    const bool is_version_whole = is_whole || line.ends_with('\r');
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool is_good = is_version_whole ? is_version(line) : begins_version(line);
    if (target->empty() || !is_good) return LooksLikeHttp::No;
    return is_whole ? LooksLikeHttp::Yes : LooksLikeHttp::Maybe;
}

std::string_view without_spaces_around(std::string_view text) {
    constexpr std::string_view kSpaces = " \t";
    text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
    return text.substr(0, text.find_last_not_of(kSpaces) + 1);
}

// Takes the next element off a comma-separated list.
std::string_view take_element(std::string_view& list) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view element = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    return without_spaces_around(element);
}

}  // namespace

LooksLikeHttp looks_like_http(std::string_view first_bytes) {
    const std::string_view bytes = first_bytes.substr(0, kLineBytesMax);
    const std::size_t end = bytes.find('\n');
    const LooksLikeHttp looks = judge(bytes.substr(0, end), end != bytes.npos);
    const bool is_long = bytes.size() == kLineBytesMax;
    return looks == LooksLikeHttp::Maybe && is_long ? LooksLikeHttp::Yes : looks;
}

std::string in_small_letters(std::string_view text) {
    std::string small(text);
    for (char& byte : small) {
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    }
    return small;
}

// --- The request ---------------------------------------------------------------------------------

std::optional<std::string_view> HttpRequest::field(std::string_view name) const {
    const auto found = std::ranges::find(fields, name, &Field::name);
    if (found == fields.end()) return std::nullopt;
    return found->value;
}

bool HttpRequest::has_token(std::string_view name, std::string_view token) const {
    std::string_view list = field(name).value_or("");
    while (!list.empty()) {
        if (in_small_letters(take_element(list)) == token) return true;
    }
    return false;
}

// --- Reading -------------------------------------------------------------------------------------

namespace {

// RFC 9112, 6.1 and 6.3: is it clear where the content ends, and to everybody?
bool has_clear_end(const HttpRequest& request) {
    const auto length = request.field("content-length");
    const auto coding = request.field("transfer-encoding");
    if (!coding) return !length || parse_number<std::uint64_t>(*length);
    return !length && request.minor_version > 0 && in_small_letters(*coding) == "chunked";
}

}  // namespace

HttpReader::Status HttpReader::add(std::string_view& bytes) {
    while (status_ == Status::Partial && !bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::size_t piece_bytes = std::min(end == bytes.npos ? end : end + 1, bytes.size());
        if (piece_bytes > kHttpHeadBytesMax - head_bytes_) {
            refuse(kFieldsTooLarge);
            break;
        }
        line_.append(bytes.substr(0, piece_bytes));
        bytes.remove_prefix(piece_bytes);
        head_bytes_ += piece_bytes;
        if (!line_.ends_with('\n')) break;
        // RFC 9112, 2.2: LF alone may end a line, and a CR elsewhere is an error.
        line_.pop_back();
        if (line_.ends_with('\r')) line_.pop_back();
        take_line(line_);
        line_.clear();
    }
    return status_;
}

// RFC 9112, 2.2: empty lines may stand before a request.
void HttpReader::take_line(std::string_view line) {
    if (is_in_fields_) {
        if (line.empty()) return finish();
        take_field(line);
    } else if (!line.empty()) {
        take_request_line(line);
    }
}

void HttpReader::take_request_line(std::string_view line) {
    const auto method = take_until_space(line);
    const auto target = take_until_space(line);
    if (!method || !target || !is_token(*method) || !is_version(line)) return refuse(kBadRequest);
    if (target->empty() || !std::ranges::all_of(*target, is_visible)) return refuse(kBadRequest);
    if (!line.starts_with("HTTP/1.")) return refuse(kVersionNotSupported);
    request_.method = *method;
    request_.minor_version = line.back() - '0';
    take_target(*target);
    is_in_fields_ = true;
}

// RFC 9112, 3.2.2: a server must take a whole URL, and the host in it, instead of the field.
void HttpReader::take_target(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (in_small_letters(target.substr(0, scheme.size())) != scheme) continue;
        target.remove_prefix(scheme.size());
        const std::size_t end = std::min(target.find_first_of("/?"), target.size());
        request_.host = target.substr(0, end);
        if (request_.host.empty() || !is_host(request_.host)) return refuse(kBadRequest);
        target.remove_prefix(end);
        break;
    }
    const std::size_t mark = std::min(target.find('?'), target.size());
    request_.path = target.substr(0, mark);
    if (request_.path.empty()) request_.path = '/';
    request_.query = target.substr(std::min(mark + 1, target.size()));
}

// A line that begins with a space has no token for a name. RFC 9112, 5.1 and 5.2, demand that it is
// refused, and a space before the colon too.
void HttpReader::take_field(std::string_view line) {
    if (++field_lines_ > kHttpFieldsMax) return refuse(kFieldsTooLarge);
    const std::size_t colon = line.find(':');
    if (colon == line.npos || !is_token(line.substr(0, colon))) return refuse(kBadRequest);
    if (!is_field_value(line)) return refuse(kBadRequest);
    std::string name = in_small_letters(line.substr(0, colon));
    const std::string_view value = without_spaces_around(line.substr(colon + 1));
    const auto known = std::ranges::find(request_.fields, name, &HttpRequest::Field::name);
    if (known == request_.fields.end()) {
        request_.fields.push_back({std::move(name), std::string(value)});
    } else if (std::ranges::count(kSingleFields, name) != 0) {
        refuse(kBadRequest);
    } else {
        known->value.append(",").append(value);
    }
}

// RFC 9112, 3.2: a request of HTTP/1.1 must have a Host, and none may have a bad one.
void HttpReader::finish() {
    const auto host = request_.field("host");
    if (!host && request_.minor_version > 0) return refuse(kBadRequest);
    if (host && !is_host(*host)) return refuse(kBadRequest);
    if (!has_clear_end(request_)) return refuse(kBadRequest);
    if (host && request_.host.empty()) request_.host = *host;
    status_ = Status::Whole;
}

void HttpReader::refuse(int error) {
    error_ = error;
    status_ = Status::Bad;
}

}  // namespace chatd
