// The reader of the tongue web: HTTP until a WebSocket is open, and then lines out of its messages.
// A request for anything else is answered, and that is all.
//
// This file must never look at what a line says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "text/catalogue.h"
#include "worker/http.h"
#include "worker/input.h"
#include "worker/web_site.h"
#include "worker/websocket.h"

namespace chatd {

class WebInput {
  public:
    // `settings` must outlive this object. is_proxied: a proxy that is believed has connected for
    // the client, and says in each request for whom.
    explicit WebInput(const WebSettings& settings, bool is_proxied = false)
        : settings_(settings), is_proxied_(is_proxied) {}

    // Adds what the client says to `lines`, and appends what it has to be answered to `out`. The
    // bytes may be cut anywhere.
    void add(std::string_view bytes, Moment now, LineReader& lines, std::string& out);

    enum class State : std::uint8_t {
        Request,     // the request is not whole yet
        Introduces,  // it is whole, and the client has to be introduced before it is answered
        Served,      // it was answered, and nothing else is to be said
        Refused,     // the same, and it was no request of HTTP
        Open,        // the WebSocket is
        Closing,     // the client has closed it or broken its rules
    };
    [[nodiscard]] State state() const { return state_; }

    // While it Introduces: the address of the client, as the proxy says. Then either of the other
    // two has to be called; line: what the client is to read.
    [[nodiscard]] std::string_view introduces() const { return address_; }
    void admit(Moment now, LineReader& lines, std::string& out);
    void turn_away(std::string_view line, std::string& out);

    // That the client has asked for.
    [[nodiscard]] std::optional<Language> language() const { return language_; }

    // With which code the WebSocket has to be closed; when it is not Closing, `otherwise`.
    [[nodiscard]] int close_code(int otherwise) const {
        return state_ == State::Closing ? close_code_ : otherwise;
    }

    // A browser that is gone may hide behind a proxy, which the kernel finds well and alive. At
    // wakes_at() turn() asks for a sign of life. False: there was none for too long.
    [[nodiscard]] Deadline wakes_at() const { return asks_at_; }
    // is_read: what the client sends is read now.
    [[nodiscard]] bool turn(Moment now, bool is_read, std::string& out);

  private:
    void read_request(std::string_view& bytes, std::string& out);
    void answer_request(std::string& out);
    void read_frames(std::string_view bytes, Moment now, LineReader& lines, std::string& out);
    void take(const WebSocketEvent& event, LineReader& lines, std::string& out);

    const WebSettings& settings_;
    bool is_proxied_;
    State state_ = State::Request;
    std::string address_;  // empty: nobody is introduced
    std::string behind_;   // what has come behind the request meanwhile
    HttpReader http_;
    WebSocketReader websocket_;
    std::optional<Language> language_;
    int close_code_ = 0;
    bool needs_end_ = true;  // the message does not end with the end of a line
    Moment heard_at_{};
    Deadline asks_at_;  // none: there is no WebSocket
};

}  // namespace chatd
