// The client's side of HTTP/1.1 (RFC 9112), as far as tests need it: one request on a connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "support/client.h"
#include "support/wait.h"
#include "support/where.h"

namespace chatd::test {

using HttpHeaders = std::map<std::string, std::string>;

struct HttpRequest {
    std::string method = "GET";
    std::string target = "/";
    HttpHeaders headers = {};  // added to Host, Connection and Content-Length
    std::string body = {};
};

struct HttpResponse {
    int status = 0;
    std::string reason;
    HttpHeaders headers;  // names in lower case; fields of one name are one list
    std::string body;

    // "" when there is none.
    [[nodiscard]] std::string header(const std::string& name) const;
};

// The bytes of a request to 127.0.0.1:port. A header of `request` takes the place of the usual one.
[[nodiscard]] std::string bytes_of(const HttpRequest& request, std::uint16_t port);

// Reads a status line and headers, and takes nothing that comes after them.
[[nodiscard]] HttpResponse read_head(Client& client, Where where = Where::here());

// Reads a response: its body is as long as Content-Length says, or goes on to the end of the
// connection. `method`: of its request, because no body follows HEAD.
[[nodiscard]] HttpResponse read_response(Client& client, const std::string& method = "GET",
                                         Where where = Where::here());

// One request and its response, on a connection of its own. `patience`: how long the response may
// take to begin.
[[nodiscard]] HttpResponse fetch(std::uint16_t port, const HttpRequest& request = {},
                                 std::chrono::seconds patience = kPatience,
                                 Where where = Where::here());

}  // namespace chatd::test
