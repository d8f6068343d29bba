#include "worker/web_renderer.h"

#include "worker/web_site.h"
#include "worker/websocket.h"

namespace chatd {
namespace {

int close_code(WorkerExit exit) {
    switch (exit) {
        case WorkerExit::Goodbye: return kCloseNormal;
        case WorkerExit::Closed: return kCloseGoingAway;
        case WorkerExit::Failed: return kCloseInternalError;
        case WorkerExit::Refused: return kCloseTryLater;
        default: return kClosePolicy;
    }
}

bool is_open(WebInput::State state) {
    return state == WebInput::State::Open || state == WebInput::State::Closing;
}

// RFC 9112, 8: a request that is not whole may be answered. RFC 9110, 15.5.9: why it ends.
std::string answer_to_unfinished_request(WorkerExit exit) {
    if (exit == WorkerExit::Late) return answer_to_bad_request(408);
    if (exit == WorkerExit::Nameless) return answer_to_bad_request(400);
    return answer_unavailable({});
}

}  // namespace

void WebRenderer::send(std::string_view object) {
    if (!is_open(input_.state())) return;
    append_websocket_frame(screen().out, WebSocketOpcode::Text, object);
}

void WebRenderer::end(WorkerExit exit) {
    std::string& out = screen().out;
    switch (input_.state()) {
        case WebInput::State::Request: out += answer_to_unfinished_request(exit); return;
        case WebInput::State::Introduces: out += answer_unavailable({}); return;
        case WebInput::State::Served:
        case WebInput::State::Refused: return;
        case WebInput::State::Open:
        case WebInput::State::Closing: break;
    }
    append_websocket_close(out, input_.close_code(close_code(exit)));
}

}  // namespace chatd
