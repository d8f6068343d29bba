// The second part of Conversation: in which tongue the client wants to be spoken to.
#include "worker/conversation.h"

#include <utility>

#include "base/bounds.h"
#include "worker/json_renderer.h"
#include "worker/web_renderer.h"

namespace chatd {

// Asks for the name.
void Conversation::greet() {
    greeted_ = true;
    input_.expect_lines();
    screen_->prompt();
}

// A client that came together with a browser may be a connection that the browser has to spare.
void Conversation::ask_name(Moment now) {
    const bool is_spare = browsers_.was_given_since(came_at_ - kSpareComesWith);
    prompt_held_ = is_spare ? Duration(kSpareHeld) : prompt_held_;
    if (is_due(asks_at(), now)) greet();
}

// A first line /json costs nothing and waits for nothing: what a program reads is JSON from the
// first byte on.
void Conversation::take_json() {
    if (greeted_ || end_ || !begins_with_json(lines_.buffered())) return;
    (void)lines_.next();
    speak_json();
}

// From now on the client is told objects. If it is already, its lines are counted on.
void Conversation::speak_json() {
    if (state_ == State::Login && greeted_) screen_->leave_prompt();
    if (!std::exchange(numbers_lines_, true)) {
        screen_.speak(std::make_unique<JsonRenderer>(screen_, lines_.count()));
        input_.expect_no_telnet();
    }
    screen_->hello(limits_, name_);
    if (state_ == State::Login) greet();
}

// A browser, as far as it has come: it wants a page, or has opened or closed a WebSocket.
void Conversation::follow_web() {
    const WebInput& web = *input_.web();
    if (!std::exchange(numbers_lines_, true)) {
        screen_.speak(std::make_unique<WebRenderer>(screen_, web));
        // Behind a proxy it would be a sign of everybody.
        if (!is_proxied_) browsers_.give(now_);
    }
    switch (web.state()) {
        case WebInput::State::Request:
        case WebInput::State::Introduces: return;
        case WebInput::State::Served: return finish(WorkerExit::Served);
        case WebInput::State::Refused: return finish(WorkerExit::Refused);
        case WebInput::State::Open:
        case WebInput::State::Closing: break;
    }
    if (!greeted_) {
        if (web.language()) screen_.set_language(*web.language());
        screen_->hello(limits_, {});
        greet();
    }
    if (web.state() == WebInput::State::Closing) client_finished();
}

// The client says no more, or not in time.
void Conversation::give_up_first_line() {
    if (input_.give_up_first_line()) follow_web();
}

void Conversation::introduced(const AddressShare& share) {
    turns_.draw_on(share.budget);
    browsers_ = share.browsers;
    input_.web()->admit(now_, lines_, screen_.out);
    follow_web();
    advance();
}

void Conversation::turned_away(std::string_view line) {
    input_.web()->turn_away(line, screen_.out);
    follow_web();
}

// Silence of a browser counts only while it is read.
bool Conversation::follow_pulse(Moment now) {
    return input_.web() == nullptr || input_.web()->turn(now, wants_input(), screen_.out);
}

// What is shown, and asked of the room, from now on is because of this line of the client.
void Conversation::answer(std::uint64_t line) {
    if (!numbers_lines_) return;
    screen_.answers(line);
    uplink_.made_by(line);
}

}  // namespace chatd
