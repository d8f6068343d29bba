#include "support/http.h"

#include <poll.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "support/escape.h"

namespace chatd::test {

namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

// A line of the head, without its "\r\n"; a bare "\n" is no end of line in a response of ours.
std::string head_line(Client& client, const Where& where) {
    return client.expect("\r\n", where);
}

}  // namespace

std::string HttpResponse::header(const std::string& name) const {
    const auto found = headers.find(lower(name));
    return found == headers.end() ? std::string() : found->second;
}

std::string bytes_of(const HttpRequest& request, std::uint16_t port) {
    HttpHeaders headers = request.headers;
    headers.insert({"Host", "127.0.0.1:" + std::to_string(port)});
    headers.insert({"Connection", "close"});
    if (!request.body.empty()) {
        headers.insert({"Content-Length", std::to_string(request.body.size())});
    }
    std::string bytes = request.method + ' ' + request.target + " HTTP/1.1\r\n";
    for (const auto& [name, value] : headers) {
        bytes += name;
        bytes += ": ";
        bytes += value;
        bytes += "\r\n";
    }
    return bytes + "\r\n" + request.body;
}

HttpResponse read_head(Client& client, Where where) {
    const std::string status = head_line(client, where);
    if (!status.starts_with("HTTP/1.1 ") || status.size() < 13 || status[12] != ' ') {
        throw failure("no status line: " + escaped(status), where);
    }
    HttpResponse response;
    response.status = std::stoi(status.substr(9, 3));
    response.reason = status.substr(13);
    for (std::string line = head_line(client, where); !line.empty();
         line = head_line(client, where)) {
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos) throw failure("no header: " + escaped(line), where);
        const std::size_t value = std::min(line.find_first_not_of(' ', colon + 1), line.size());
        std::string& all = response.headers[lower(line.substr(0, colon))];
        all += (all.empty() ? "" : ", ") + line.substr(value);  // RFC 9110, 5.3
    }
    return response;
}

HttpResponse read_response(Client& client, const std::string& method, Where where) {
    HttpResponse response = read_head(client, where);
    if (method == "HEAD" || response.status == 304) return response;
    const std::string length = response.header("Content-Length");
    response.body = length.empty() ? client.rest(where) : client.bytes(std::stoul(length), where);
    return response;
}

HttpResponse fetch(std::uint16_t port, const HttpRequest& request, std::chrono::seconds patience,
                   Where where) {
    Client client(port);
    client.send(bytes_of(request, port), where);
    (void)wait_for(client.fd(), POLLIN, Clock::now() + patience);
    return read_response(client, request.method, where);
}

}  // namespace chatd::test
