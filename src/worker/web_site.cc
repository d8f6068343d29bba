#include "worker/web_site.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "text/base64.h"
#include "text/sha1.h"
#include "worker/web_files.h"

namespace chatd {
namespace {

constexpr std::string_view kAllow = "Allow: GET, HEAD\r\n";
constexpr std::string_view kVersion = "13";  // of WebSocket
constexpr std::size_t kNonceBytes = 16;      // RFC 6455, 4.2.1

// RFC 9110, 7.8: a response that demands an upgrade says to what.
constexpr std::string_view kUpgrade =
    "Connection: Upgrade\r\n"
    "Upgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\n";

// The page runs its own script, opens its own WebSocket, and nothing else, whatever somebody
// manages to write into it; and no other page may look into it or press its buttons. For
// connect-src, 'self' covers ws: and wss: to the same host and port (CSP 3, 6.7.2.8), in Chromium,
// in Firefox and in Safari since 15.4 (2022). To name them for older ones, the policy would have to
// repeat what the client has sent as Host.
constexpr std::string_view kSecurity =
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Frame-Options: DENY\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

struct Status {
    int code;
    std::string_view reason;
    std::string_view sentence;
};

constexpr Status kOk = {200, "OK", ""};
constexpr Status kNotModified = {304, "Not Modified", ""};
constexpr Status kBadRequest = {400, "Bad Request", "chatd did not understand this request."};
constexpr Status kForbidden = {403, "Forbidden",
                               "A page of another site may not open a connection to this chat."};
constexpr Status kNotFound = {404, "Not Found", "There is nothing here; the chat is at /."};
constexpr Status kIsOff = {
    404, "Not Found", "This chat has no page for browsers; please come with nc, telnet or ./chat."};
constexpr Status kMethodNotAllowed = {405, "Method Not Allowed",
                                      "Only GET and HEAD are possible here."};
constexpr Status kTooSlow = {408, "Request Timeout", "This request did not come in time."};
constexpr Status kUpgradeRequired = {426, "Upgrade Required",
                                     "Here is only a WebSocket, version 13; the chat is at /."};
constexpr Status kTooLarge = {431, "Request Header Fields Too Large", "This request is too long."};
constexpr Status kUnavailable = {503, "Service Unavailable", ""};
constexpr Status kBadVersion = {505, "HTTP Version Not Supported",
                                "chatd speaks only HTTP/1.1 and HTTP/1.0."};

struct Content {
    std::string_view type;
    std::string_view bytes;
};

struct Page {
    std::string_view path;
    std::string_view type;
    std::string_view (*bytes)();
};

constexpr Page kPages[] = {
    {"/", "text/html; charset=utf-8", index_html},
    {"/chat.js", "text/javascript; charset=utf-8", chat_js},
    {"/chat.css", "text/css; charset=utf-8", chat_css},
};

constexpr std::string_view kWebSocketPath = "/chat";

// --- Responses

// `fields`: those that only some responses have, each with its end. Without its body, a response
// tells how long that would be (RFC 9110, 8.6).
std::string response(const Status& status, const Content& content, bool has_body,
                     std::string_view fields = {}) {
    std::string out = "HTTP/1.1 " + std::to_string(status.code) + ' ';
    out.append(status.reason).append("\r\n");
    out.append("Connection: close\r\n");
    out.append("Content-Type: ").append(content.type).append("\r\n");
    out.append("Content-Length: ").append(std::to_string(content.bytes.size())).append("\r\n");
    out.append("Cache-Control: no-cache\r\n");
    out.append(fields).append(kSecurity).append("\r\n");
    return has_body ? out.append(content.bytes) : out;
}

std::string refusal(const Status& status, bool has_body, std::string_view fields = {}) {
    const std::string sentence = std::string(status.sentence) + '\n';
    return response(status, {"text/plain; charset=utf-8", sentence}, has_body, fields);
}

// --- The page

// RFC 9110, 8.8.3: a strong tag, because the same tag means the same bytes.
std::string tag_of(std::string_view bytes) {
    const Sha1 hash = sha1(bytes);
    return '"' + encode_base64({reinterpret_cast<const char*>(hash.data()), hash.size()}) + '"';
}

// Takes the next tag off a list, without its W/ if it is a weak one; empty at the end of the list,
// or where something else than a tag stands. There may be commas in a tag.
std::string_view take_tag(std::string_view& list) {
    list.remove_prefix(std::min(list.find_first_not_of(" \t,"), list.size()));
    if (list.starts_with("W/")) list.remove_prefix(2);
    const std::size_t end = list.find('"', 1);
    if (!list.starts_with('"') || end == list.npos) return {};
    const std::string_view tag = list.substr(0, end + 1);
    list.remove_prefix(tag.size());
    return tag;
}

// RFC 9110, 13.1.2
bool has_already(const HttpRequest& request, std::string_view tag) {
    std::string_view list = request.field("if-none-match").value_or("");
    if (list == "*") return true;
    for (;;) {
        const std::string_view next = take_tag(list);
        if (next.empty()) return false;
        if (next == tag) return true;
    }
}

std::string page_for(const HttpRequest& request, const Page& page) {
    const std::string_view bytes = page.bytes();
    const std::string tag = tag_of(bytes);
    const bool is_known = has_already(request, tag);
    const bool has_body = !is_known && request.method != "HEAD";
    return response(is_known ? kNotModified : kOk, {page.type, bytes}, has_body,
                    "ETag: " + tag + "\r\n");
}

// --- The WebSocket

// A host without the port that is the scheme's own (RFC 9110, 4.2.1 and 4.2.2).
std::string_view without_default_port(std::string_view host, std::string_view default_port) {
    if (host.ends_with(default_port)) host.remove_suffix(default_port.size());
    return host;
}

bool is_same_host(std::string_view origin, std::string_view host) {
    struct Scheme {
        std::string_view begin;
        std::string_view default_port;
    };
    for (const Scheme& scheme : {Scheme{"http://", ":80"}, Scheme{"https://", ":443"}}) {
        if (!origin.starts_with(scheme.begin)) continue;
        origin.remove_prefix(scheme.begin.size());
        return !origin.empty() && without_default_port(origin, scheme.default_port) ==
                                      without_default_port(host, scheme.default_port);
    }
    return false;
}

// Browsers let any page open a WebSocket to any host, and say which page it is (RFC 6455, 10.2).
bool may_connect(const HttpRequest& request, const WebSettings& settings) {
    const auto origin = request.field("origin");
    if (!origin) return true;
    if (!settings.origins.empty()) return std::ranges::count(settings.origins, *origin) != 0;
    return is_same_host(in_small_letters(*origin), in_small_letters(request.host));
}

// RFC 9110, 7.8: HTTP/1.0 has no upgrades.
bool wants_websocket(const HttpRequest& request) {
    return request.method == "GET" && request.minor_version > 0 &&
           request.has_token("connection", "upgrade") && request.has_token("upgrade", "websocket");
}

// It would be taken for frames.
bool has_content(const HttpRequest& request) {
    return request.field("transfer-encoding") ||
           request.field("content-length").value_or("0") != "0";
}

// RFC 6455, 4.2.2
std::string accept_key(std::string_view key) {
    const Sha1 hash = sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    return encode_base64({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::optional<Language> language_in(std::string_view query) {
    constexpr std::string_view kName = "lang=";
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view part = query.substr(0, end);
        if (part.starts_with(kName)) return language_named(part.substr(kName.size()));
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    return std::nullopt;
}

WebAnswer websocket_for(const HttpRequest& request, const WebSettings& settings) {
    if (!wants_websocket(request) || request.field("sec-websocket-version") != kVersion) {
        return {refusal(kUpgradeRequired, request.method != "HEAD", kUpgrade)};
    }
    const std::string_view key = request.field("sec-websocket-key").value_or("");
    const bool is_good_key = decode_base64(key).value_or("").size() == kNonceBytes;
    if (!is_good_key || has_content(request)) return {refusal(kBadRequest, true)};
    if (!may_connect(request, settings)) return {refusal(kForbidden, true)};
    return {
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
            accept_key(key) + "\r\n\r\n",
        true, language_in(request.query)};
}

}  // namespace

WebAnswer answer(const HttpRequest& request, const WebSettings& settings) {
    const bool has_body = request.method != "HEAD";
    if (!settings.is_on) return {refusal(kIsOff, has_body)};
    const auto* const page = std::ranges::find(kPages, request.path, &Page::path);
    const bool is_page = page != std::end(kPages);
    if (!is_page && request.path != kWebSocketPath) return {refusal(kNotFound, has_body)};
    if (request.method != "GET" && request.method != "HEAD") {
        return {refusal(kMethodNotAllowed, has_body, kAllow)};
    }
    if (is_page) return {page_for(request, *page)};
    return websocket_for(request, settings);
}

std::string answer_unavailable(std::string_view line) {
    const std::string_view words =
        line.empty() ? "The server is busy; please load this page again.\n" : line;
    return response(kUnavailable, {"text/plain; charset=utf-8", words}, true, "Retry-After: 5\r\n");
}

std::string answer_to_bad_request(int error) {
    if (error == kTooSlow.code) return refusal(kTooSlow, true);
    if (error == kTooLarge.code) return refusal(kTooLarge, true);
    if (error == kBadVersion.code) return refusal(kBadVersion, true);
    return refusal(kBadRequest, true);
}

}  // namespace chatd
