// What chatd answers to requests of HTTP: the page for browsers, the handshake of a WebSocket
// (RFC 6455, section 4.2), or why not. Every answer ends the connection, but for that handshake.
//
// This file must never hand out anything of the room: that comes through the WebSocket alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/settings.h"
#include "text/catalogue.h"
#include "worker/http.h"

namespace chatd {

struct WebAnswer {
    std::string bytes;                                // to send, all of it
    bool is_websocket = false;                        // what the client sends next is WebSocket
    std::optional<Language> language = std::nullopt;  // that the client asks for with ?lang=
};

[[nodiscard]] WebAnswer answer(const HttpRequest& request, const WebSettings& settings);

// The whole response to a client that may not come in now. line: why, with its end.
[[nodiscard]] std::string answer_unavailable(std::string_view line);

// The whole response to a request that HttpReader has refused with this error; also 408, to one
// that has not come whole in time.
[[nodiscard]] std::string answer_to_bad_request(int error);

}  // namespace chatd
