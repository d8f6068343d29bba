#include "worker/web_renderer.h"

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

}  // namespace

void WebRenderer::send(std::string_view object) {
    if (!is_open(input_.state())) return;
    append_websocket_frame(screen().out, WebSocketOpcode::Text, object);
}

void WebRenderer::end(WorkerExit exit) {
    if (!is_open(input_.state())) return;
    append_websocket_close(screen().out, input_.close_code(close_code(exit)));
}

}  // namespace chatd
