#include "worker/web_input.h"

#include <algorithm>
#include <utility>

#include "base/bounds.h"

namespace chatd {
namespace {

// Each proxy on the way has added the address of who connected to it. Only the last one was added
// by the proxy that is believed.
std::string_view last_element(std::string_view list) {
    list.remove_prefix(list.rfind(',') + 1);  // npos + 1 is 0
    list.remove_prefix(std::min(list.find_first_not_of(" \t"), list.size()));
    return list.substr(0, kPeerBytesMax);
}

}  // namespace

void WebInput::add(std::string_view bytes, Moment now, LineReader& lines, std::string& out) {
    heard_at_ = now;
    if (state_ == State::Request) read_request(bytes, out);
    if (state_ == State::Introduces) behind_.append(bytes);
    if (state_ == State::Open) read_frames(bytes, now, lines, out);
}

void WebInput::read_frames(std::string_view bytes, Moment now, LineReader& lines,
                           std::string& out) {
    asks_at_ = now + kWebSocketSilence;
    while (const auto event = websocket_.next(bytes)) take(*event, lines, out);
}

void WebInput::read_request(std::string_view& bytes, std::string& out) {
    switch (http_.add(bytes)) {
        case HttpReader::Status::Partial: return;
        case HttpReader::Status::Bad:
            out += answer_to_bad_request(http_.error());
            state_ = State::Refused;
            return;
        case HttpReader::Status::Whole: break;
    }
    if (is_proxied_) address_ = last_element(http_.request().field("x-forwarded-for").value_or(""));
    if (address_.empty()) return answer_request(out);
    state_ = State::Introduces;
}

void WebInput::admit(Moment now, LineReader& lines, std::string& out) {
    address_.clear();
    answer_request(out);
    const std::string behind = std::exchange(behind_, {});
    if (state_ == State::Open) read_frames(behind, now, lines, out);
}

void WebInput::turn_away(std::string_view line, std::string& out) {
    address_.clear();
    out += answer_unavailable(line);
    state_ = State::Served;
}

void WebInput::answer_request(std::string& out) {
    const WebAnswer answer = chatd::answer(http_.request(), settings_);
    out += answer.bytes;
    language_ = answer.language;
    state_ = answer.is_websocket ? State::Open : State::Served;
    http_ = {};
}

void WebInput::take(const WebSocketEvent& event, LineReader& lines, std::string& out) {
    using enum WebSocketEvent::Kind;
    switch (event.kind) {
        case Text: needs_end_ = !event.text.ends_with('\n'); return lines.add(event.text);
        case End:
            if (std::exchange(needs_end_, true)) lines.add("\n");
            return;
        case Ping: return append_websocket_frame(out, WebSocketOpcode::Pong, event.text);
        case Pong: return;
        case Close:
        case Error:
            state_ = State::Closing;
            close_code_ = event.code;
            lines.drop_unfinished();  // half a message
            asks_at_.reset();
    }
}

bool WebInput::turn(Moment now, bool is_read, std::string& out) {
    if (!is_due(asks_at_, now)) return true;
    if (!is_read) heard_at_ = now;
    if (now - heard_at_ >= kWebSocketDead) {
        asks_at_.reset();
        return false;
    }
    append_websocket_frame(out, WebSocketOpcode::Ping, {});
    asks_at_ = now + kWebSocketSilence;
    return true;
}

}  // namespace chatd
