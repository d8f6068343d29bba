#include "worker/conversation.h"

#include <utility>

#include "base/bounds.h"
#include "text/clean.h"
#include "text/edit.h"

namespace chatd {

// --- From the client to the broker ---------------------------------------------------------------

void Conversation::client_sent(std::string_view bytes) {
    const std::size_t before = lines_.buffered().size();
    const std::string_view foreign = input_.add(bytes, now_, screen_.out);
    if (lines_.buffered().size() != before) active_at_ = now_;
    if (!foreign.empty()) {
        if (!greeted_) greet();
        return log_in(login_.refuse_protocol(foreign));
    }
    if (input_.web() != nullptr) follow_web();
    advance();
}

// Handles what the client has sent, as far as it may be handled now.
void Conversation::advance() {
    take_json();
    while (takes_lines()) {
        if (lines_.buffered_bytes() != 0 && !turns_.has_come(now_)) {
            if (client_ != Client::Lost) return say_too_fast();
            lines_.drop();  // The room must not hear for minutes from a client that is gone.
        }
        const auto line = lines_.next();
        if (!line) return handle_end_of_input();
        const std::string text = edited(line->text);
        if (!greeted_) greet();
        answer(lines_.count());
        screen_.explain_encoding(line->text);
        handle_line({text, line->too_long});
        answer(0);
    }
}

// A line after a question waits for the answer, so that a client that sends /who and /quit in one
// go reads who was there. A client that does not read what it asked for gets no more of it.
bool Conversation::takes_lines() const {
    if (end_ || screen_.out.size() >= kScreenBytesMax) return false;
    return state_ == State::Login || (state_ == State::Talking && !is_busy());
}

void Conversation::handle_line(const LineReader::Line& line) {
    turns_.line_handled(now_);
    active_at_ = now_;  // The line may have waited for long.
    if (state_ == State::Login) return log_in(login_.handle_line(line));
    if (line.too_long) return screen_->line(Text::LineTooLong);
    const std::string text = clean_text(line.text);
    if (is_blank(text)) return;
    const Command command = parse_command(text, commands_.may_answer());
    if (command.verb == Verb::Json) return speak_json();
    turns_.charge(units_of(command), now_);
    if (command.verb == Verb::Say) return uplink_.post(EntryKind::Say, {}, command.argument);
    if (command.verb == Verb::Quit) {
        return leave(LeaveReason::Quit, WorkerExit::Goodbye, command.argument);
    }
    commands_.obey(command, name_);
}

void Conversation::log_in(Login::Step step) {
    switch (step) {
        case Login::Step::Waits: return;
        case Login::Step::WantsJson: return speak_json();
        case Login::Step::NameRefused:
            state_ = State::Login;
            return lines_.drop();  // The lines behind a refused name were meant for the room.
        case Login::Step::NameGiven:
            turns_.charge(kUnitsOfLogin, now_);
            turns_.restart();
            state_ = State::Entering;
            return uplink_.attach(login_.name());
        case Login::Step::Quit: return finish(WorkerExit::Nameless);
        case Login::Step::Refused:
            if (!is_proxied_) browsers_.give(now_ + kSlowBrowserReturns);
            return finish(WorkerExit::Refused);
    }
}

// Finishes at once when the client is outside the room, or is leaving already.
void Conversation::leave(LeaveReason reason, WorkerExit end, std::string_view words) {
    if (state_ != State::Talking) return finish(end);
    uplink_.post(EntryKind::Leave, {}, is_blank(words) ? std::string_view() : words, reason);
    end_after_leaving_ = end;
    state_ = State::Leaving;
}

void Conversation::finish(WorkerExit end, std::optional<Text> why) {
    if (why) interrupt(*why);
    screen_->end(end);
    end_ = end;
    uplink_.frames.clear();
}

// Says something that the client does not expect, on a line of its own.
void Conversation::interrupt(Text text, std::initializer_list<std::string_view> fillings) {
    if (state_ == State::Login && greeted_) screen_->leave_prompt();
    screen_->line(text, fillings);
}

void Conversation::handle_end_of_input() {
    if (client_ == Client::Sends) return;
    if (state_ == State::Login) return finish(WorkerExit::Nameless);
    if (client_ == Client::Lost) return leave(LeaveReason::Lost, WorkerExit::Lost);
    leave(LeaveReason::Quit, WorkerExit::Goodbye);
}

bool Conversation::wants_input() const {
    return client_ == Client::Sends && !end_ && lines_.buffered_bytes() < kInputBytesMax &&
           screen_.out.size() < kScreenBytesMax && introduces().empty();
}

// --- From the broker to the client ---------------------------------------------------------------

bool Conversation::broker_sent(const Frame& frame) {
    trace_frames("takes from the broker", frame.bytes);
    if (end_) return true;  // Frames may still be on their way when the conversation is over.
    if (std::exchange(silence_said_, false)) screen_->line(Text::RoomIsBack);
    bool is_known = true;
    switch (frame.type) {
        case FrameType::Welcome: is_known = handle_welcome(frame); break;
        case FrameType::Denied: handle_denial(frame.as<Denied>().reason); break;
        case FrameType::Entry: is_known = handle_entry(frame); break;
        case FrameType::Crowd: handle_crowd(frame.as<Crowd>(), frame.text); break;
        case FrameType::Gap: handle_gap(frame.as<Gap>(), frame.name); break;
        case FrameType::Replay: screen_.set_now(frame.as<Replay>().now_ms); [[fallthrough]];
        case FrameType::People:
        case FrameType::Person: uplink_.add_to_answer(frame); break;
        case FrameType::Done: show_answer(frame.as<Done>()); break;
        default: is_known = false;
    }
    if (is_known) advance();
    return is_known;
}

bool Conversation::handle_welcome(const Frame& frame) {
    const auto welcome = frame.as<Welcome>();
    const bool is_first = uplink_.session() == 0;
    if (!uplink_.welcomed(welcome)) return false;
    broker_version_ = frame.name;
    screen_.set_now(welcome.now_ms);
    if (!is_first) return true;
    name_ = login_.name();
    state_ = State::Talking;
    answer(lines_.count());  // the line with the name
    screen_->welcome(welcome, name_, frame.text);
    answer(0);
    return true;
}

void Conversation::handle_denial(Refusal reason) {
    if (reason == Refusal::NameTaken) {
        answer(lines_.count());  // the line with the name
        log_in(login_.refuse_taken_name());
        return answer(0);
    }
    if (reason == Refusal::RoomFull) return finish(WorkerExit::Refused, Text::RoomFull);
    finish_outside();
}

// Ends because the client is no member any more. After the client's own Leave that is right, even
// if the worker never read that Leave. Otherwise the worker has failed.
void Conversation::finish_outside() {
    if (state_ == State::Leaving) return finish(end_after_leaving_);
    finish(WorkerExit::Failed, Text::WorkerFails);
}

bool Conversation::handle_entry(const Frame& frame) {
    const auto entry = frame.as<Entry>();
    // A new name goes back to the broker as a name: in Attach, or with private words.
    if (entry.kind == EntryKind::Rename && frame.text.size() > kNameBytesMax) return false;
    const Uplink::Age age = uplink_.read(entry);
    if (age == Uplink::Age::Seen) return true;
    if (age == Uplink::Age::Replayed) {
        if (uplink_.has_question()) answer(lines_.count());
        screen_->event(entry, frame.name, frame.text, true);
        answer(0);
    } else if (entry.from == uplink_.session()) {
        handle_own_entry(entry, frame);
    } else {
        commands_.follow(entry, frame.name, frame.text);
        screen_->event(entry, frame.name, frame.text, false);
        if (entry.kind == EntryKind::Closing) finish(WorkerExit::Closed);
    }
    return true;
}

void Conversation::handle_own_entry(const Entry& entry, const Frame& frame) {
    const Uplink::Made made = uplink_.take_made(entry.counter);
    answer(made.line);
    const bool concerns_reply = entry.kind == EntryKind::Rename || entry.to == entry.from;
    if (concerns_reply) commands_.follow(entry, frame.name, frame.text);
    if (entry.kind == EntryKind::Rename) name_ = frame.text;
    screen_->own(entry, frame.name, frame.text, made.name);
    if (entry.kind == EntryKind::Refused) handle_refusal(entry, frame.text);
    if (entry.kind == EntryKind::Leave) handle_own_leave(entry);
    answer(0);
}

void Conversation::handle_refusal(const Entry& entry, std::string_view wanted) {
    // A Leave is refused only when brokers died of it. The worker's end tells the room then.
    const bool is_leave = state_ == State::Leaving && entry.counter == uplink_.last_counter();
    if (is_leave) return finish(end_after_leaving_);
    const auto reason = static_cast<Refusal>(entry.reason);
    if (reason == Refusal::NameTaken) return screen_->line(Text::NameTaken, {wanted});
    if (reason == Refusal::NobodyThere) return screen_->line(Text::NobodyThere, {wanted});
    screen_->line(Text::Poison);
}

void Conversation::handle_own_leave(const Entry& entry) {
    const bool has_quit =
        state_ == State::Leaving && static_cast<LeaveReason>(entry.reason) == LeaveReason::Quit;
    if (has_quit && client_ == Client::Sends) screen_->line(Text::Goodbye);
    finish_outside();
}

void Conversation::handle_crowd(const Crowd& crowd, std::string_view names) {
    uplink_.read(crowd);
    commands_.follow(crowd, names);
    screen_->crowd(crowd, names);
}

void Conversation::handle_gap(const Gap& gap, std::string_view name) {
    uplink_.read(gap);
    commands_.forget_correspondent();
    if (!name.empty()) name_ = name;
    screen_->gap(gap, name_);
    // The client's own Leave may be among the lost entries. Nothing else would end the worker then.
    const bool may_have_left = state_ == State::Leaving && uplink_.is_all_acknowledged();
    if (may_have_left || gap.acked == kNoLongerMember) finish_outside();
}

// An answer is shown once it is whole, because a broker that dies in the middle is asked again.
// Replayed entries are shown as they come: they may be many, and the uplink knows which were.
void Conversation::show_answer(const Done& done) {
    if (uplink_.has_question()) answer(lines_.count());
    screen_->answer(uplink_.answer(), done.left_out);
    uplink_.answer_is_done();
    answer(0);
}

// --- Time: clients that are too fast or too slow -------------------------------------------------

void Conversation::time_is(Moment now) {
    if (end_) return;
    if (came_at_ == Moment()) came_at_ = active_at_ = now;
    if (!follow_pulse(now)) return client_lost();
    const Deadline gives_up = gives_up_at();  // A line whose turn has come now is still handled.
    now_ = now;
    if (is_due(gives_up, now)) return give_up();
    advance();
}

bool Conversation::waits_for_turn() const {
    return lines_.buffered_bytes() != 0 && turns_.waits_until(now_);
}

void Conversation::say_too_fast() {
    const Turns::News news = turns_.news(now_);
    if (news == Turns::News::AddressTooFast) interrupt(Text::AddressTooFast);
    if (news == Turns::News::TooFast) {
        interrupt(Text::TooFast, {std::to_string(limits_.rate.per_second)});
    }
}

Deadline Conversation::gives_up_at() const {
    const auto after = [](Moment begin, std::chrono::seconds time) {  // 0: no limit
        return time.count() == 0 ? std::nullopt : Deadline(begin + time);
    };
    if (end_) return std::nullopt;
    // A client whose lines wait for their turn is not idle; one that never ends its line is.
    const bool waits = waits_for_turn() || (lines_.buffered_bytes() != 0 && uplink_.is_busy());
    if (state_ == State::Login) return waits ? std::nullopt : after(came_at_, limits_.to_name);
    const bool may_be_idle = state_ == State::Talking && !waits;
    return may_be_idle ? after(active_at_, limits_.idle) : std::nullopt;
}

void Conversation::give_up() {
    if (state_ == State::Login) {
        give_up_first_line();
        interrupt(Text::NoNameInTime, {std::to_string(limits_.to_name.count())});
        return finish(WorkerExit::Late);
    }
    const bool reads = screen_.out.empty();
    screen_->line(Text::IdleTooLong, {std::to_string(limits_.idle.count())});
    // A client that does not read would never come to its own Leave.
    if (!reads) return finish(WorkerExit::Idle);
    leave(LeaveReason::Idle, WorkerExit::Idle);
}

// --- The operator and the server -----------------------------------------------------------------

void Conversation::operator_removes() {
    if (end_ || server_closes_) return;
    if (end_after_leaving_ != WorkerExit::Removed) interrupt(Text::OperatorRemoves);
    leave(LeaveReason::Removed, WorkerExit::Removed);
}

void Conversation::server_closes() {
    server_closes_ = true;
    const bool in_the_room = state_ == State::Talking || state_ == State::Leaving;
    const bool log_will_say_it = in_the_room && uplink_.is_linked();
    if (!end_ && !log_will_say_it) finish(WorkerExit::Closed, Text::ServerCloses);
}

}  // namespace chatd
