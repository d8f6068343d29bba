#include "worker/conversation.h"

#include <charconv>
#include <utility>

#include "base/bounds.h"
#include "log/crowd.h"
#include "text/clean.h"
#include "text/name.h"

namespace chatd {
namespace {

Text text_for(NameFault fault) {
    switch (fault) {
        case NameFault::TooLong: return Text::NameTooLong;
        case NameFault::BadCharacter: return Text::NameBadCharacter;
        case NameFault::Empty:
        case NameFault::None: break;
    }
    return Text::NameEmpty;
}

std::optional<std::uint32_t> number_in(std::string_view text, std::uint32_t max) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (number < 1 || number > max) return std::nullopt;
    return number;
}

// GNU telnet sends Ctrl-D as it is, and keeps the line open: it is no part of a name.
std::string_view without_ctrl_d(std::string_view text) {
    while (text.starts_with('\x04')) text.remove_prefix(1);
    return text;
}

// A new name goes back to the broker, of its bearer or of whom one answers: as a name, not a text.
bool can_be_said_back(const Frame& entry) {
    return entry.as<Entry>().kind != EntryKind::Rename || entry.text.size() <= kNameBytesMax;
}

bool has_word(std::string_view words, std::string_view word) {
    return (' ' + std::string(words) + ' ').find(' ' + std::string(word) + ' ') !=
           std::string::npos;
}

}  // namespace

Conversation::Conversation(Settings settings)
    : settings_(std::move(settings)),
      screen_(settings_.language, settings_.utc_offset),
      rate_limiter_(settings_.limits.rate) {
    screen_.prompt(Text::Prompt);
}

// --- The client's side ---------------------------------------------------------------------------

void Conversation::client_sent(std::string_view bytes) {
    active_at_ = now_;
    std::string filtered;
    telnet_.filter(bytes, filtered, screen_.out);
    std::string text;
    const std::string_view protocol = foreign_protocol_.let_in(filtered, text);
    if (!protocol.empty()) return turn_away(protocol);
    lines_.add(text);
    advance();
}

void Conversation::client_finished() {
    std::string text;
    foreign_protocol_.open(text);
    lines_.add(text);
    lines_.finish();
    finished_ = true;
    advance();
}

// Half a line may be any part of one: only whole ones still count.
void Conversation::client_lost() {
    lost_ = true;
    finished_ = true;
    advance();
}

void Conversation::give_back_memory() {
    frames_.shrink_to_fit();
    screen_.out.shrink_to_fit();
    answer_.shrink_to_fit();
}

bool Conversation::wants_input() const {
    return !finished_ && !end_ && lines_.buffered_bytes() < kInputBytesMax &&
           screen_.out.size() < kScreenBytesMax;
}

// Handles what the client has sent as far as the state of things allows.
void Conversation::advance() {
    while (takes_lines()) {
        if (is_paced()) return tell_pace();
        const auto line = lines_.next();
        if (!line) {
            if (finished_) handle_end_of_input();
            return;
        }
        if (state_ == State::Talking) spend_pace();
        handle_line(*line);
    }
}

// One thing at a time: a line after a question waits for the answer, so that a client who sends
// /who and /quit in one go reads who was there. And who does not read what he asked for gets no
// more of it.
bool Conversation::takes_lines() const {
    if (end_ || screen_.out.size() >= kScreenBytesMax) return false;
    if (state_ == State::Naming) return true;
    return state_ == State::Talking && !waits_for_answer();
}

bool Conversation::waits_for_answer() const {
    return !question_.empty() || unacked_bytes_ >= kUnackedBytesMax;
}

void Conversation::handle_end_of_input() {
    if (state_ == State::Naming) return finish(lost_ ? WorkerExit::Lost : WorkerExit::Goodbye);
    leave(lost_ ? LeaveReason::Lost : LeaveReason::Quit);
}

void Conversation::handle_line(const LineReader::Line& line) {
    if (state_ == State::Naming) return offer_name(line);
    if (line.too_long) return screen_.line(Text::LineTooLong);
    const std::string text = clean_text(line.text);
    if (is_blank(text)) return;
    // A space typed by accident before a command must not tell it to the room.
    const std::string_view trimmed = trim(text);
    obey(parse_command(trimmed.starts_with('/') ? trimmed : text));
}

// --- Time ----------------------------------------------------------------------------------------

void Conversation::time_is(Moment now) {
    if (came_at_ == Moment()) came_at_ = active_at_ = now;
    now_ = now;
    const auto ends = patience_ends();
    if (ends && now >= *ends) return lose_patience();
    advance();
}

Deadline Conversation::wake_at() const {
    if (takes_lines() && is_paced()) return rate_limiter_.next();
    return patience_ends();
}

// What it has sent waits for its time: half a line may too, for it is late already.
bool Conversation::is_paced() const {
    return state_ == State::Talking && lines_.buffered_bytes() != 0 && !rate_limiter_.allows(now_);
}

void Conversation::spend_pace() {
    if (rate_limiter_.rested(now_)) pace_told_ = false;
    rate_limiter_.spend(now_);
}

// Once for all that comes too fast together.
void Conversation::tell_pace() {
    if (std::exchange(pace_told_, true)) return;
    screen_.line(Text::TooFast, {std::to_string(settings_.limits.rate.per_second)});
}

Deadline Conversation::patience_ends() const {
    const auto after = [](Moment begin, std::chrono::seconds time) {
        return time.count() == 0 ? std::nullopt : std::optional(begin + time);
    };
    if (end_) return std::nullopt;
    if (state_ == State::Naming) return after(came_at_, settings_.limits.to_name);
    // What waits for its turn is not silence; half a line that stays one is.
    const bool waits = is_paced() || (lines_.buffered_bytes() != 0 && waits_for_answer());
    const bool silent = state_ == State::Talking && !waits;
    return silent ? after(active_at_, settings_.limits.silent) : std::nullopt;
}

void Conversation::lose_patience() {
    if (state_ == State::Naming) {
        screen_.out += '\n';  // leave the line with the prompt
        screen_.line(Text::NoNameInTime, {std::to_string(settings_.limits.to_name.count())});
        return finish(WorkerExit::Late);
    }
    const bool reads = screen_.out.empty();
    screen_.line(Text::IdleTooLong, {std::to_string(settings_.limits.silent.count())});
    // Who does not read would never come to its own Leave.
    if (!reads) return finish(WorkerExit::Idle);
    leave(LeaveReason::Idle);
}

// --- At the door ---------------------------------------------------------------------------------

void Conversation::offer_name(const LineReader::Line& line) {
    if (line.too_long) return name_failed(Text::NameTooLong);
    const std::string_view offered = trim(without_ctrl_d(line.text));
    if (offered.starts_with('/')) {
        const std::string command = clean_text(offered);
        return obey_at_the_door(parse_command(command));
    }
    const std::string_view protocol = protocol_of(offered);
    if (!protocol.empty()) return turn_away(protocol);
    const NameFault fault = check_name(offered);
    if (fault != NameFault::None) return name_failed(text_for(fault));
    offered_name_ = offered;
    state_ = State::Entering;
    if (linked_) attach();
}

void Conversation::turn_away(std::string_view protocol) {
    screen_.out += '\n';  // leave the line with the prompt
    screen_.line(Text::NotThat, {protocol});
    finish(WorkerExit::Refused);
}

// What was sent behind a name that will not do was meant for the room: it must not become a name.
void Conversation::name_failed(Text reason, std::string_view filling) {
    screen_.line(reason, {filling});
    state_ = State::Naming;
    lines_.clear();
    if (++attempts_ == kLoginAttemptsMax) {
        screen_.line(Text::TooManyTries);
        return finish(WorkerExit::Refused);
    }
    screen_.prompt(Text::Prompt);
}

void Conversation::obey_at_the_door(const Command& command) {
    if (command.verb == Verb::Quit) {
        screen_.line(Text::Goodbye);
        return finish(WorkerExit::Goodbye);
    }
    if (command.verb == Verb::Lang) {
        set_language(command.argument);
        return screen_.prompt(Text::Prompt);
    }
    name_failed(Text::NameBadCharacter);
}

// --- Commands ------------------------------------------------------------------------------------

void Conversation::obey(const Command& command) {
    switch (command.verb) {
        case Verb::Say: return post(EntryKind::Say, {}, command.argument);
        case Verb::Me:
            if (is_blank(command.argument)) return screen_.line(Text::UseMe);
            return post(EntryKind::Emote, {}, command.argument);
        case Verb::Msg: return tell(command.argument);
        case Verb::Reply: return reply(command.argument);
        case Verb::Nick: return rename(command.argument);
        case Verb::Who: return ask_who(command.argument);
        case Verb::History: return ask_history(command.argument);
        case Verb::Time: return set_times(command.argument);
        case Verb::Lang: return set_language(command.argument);
        case Verb::Help: return screen_.line(Text::Help);
        case Verb::Quit:
            return leave(LeaveReason::Quit,
                         is_blank(command.argument) ? std::string_view() : command.argument);
        case Verb::Unknown: return explain_unknown(command.word);
    }
}

void Conversation::tell(std::string_view argument) {
    const std::string_view to = take_word(argument);
    if (is_blank(argument)) return screen_.line(Text::UseMsg);
    if (check_name(to) != NameFault::None) return screen_.line(Text::NobodyThere, {to});
    post(EntryKind::Tell, to, argument);
}

void Conversation::reply(std::string_view text) {
    if (is_blank(text)) return screen_.line(Text::UseReply);
    if (correspondent_.empty()) return screen_.line(Text::NobodyToAnswer);
    post(EntryKind::Tell, correspondent_, text);
}

void Conversation::rename(std::string_view name) {
    if (name.empty()) return screen_.line(Text::UseNick);
    if (name == name_) return screen_.line(Text::AlreadyCalled, {name_});
    const NameFault fault = check_name(name);
    if (fault != NameFault::None) return screen_.line(text_for(fault));
    post(EntryKind::Rename, name, {});
}

void Conversation::ask_who(std::string_view prefix) {
    if (prefix.size() > kNameBytesMax) return screen_.line(Text::NameTooLong);
    std::string frame;
    append_frame(frame, AskWho{}, prefix);
    ask(std::move(frame));
}

void Conversation::ask_history(std::string_view argument) {
    const auto messages = argument.empty() ? kReplayShown : number_in(argument, kReplayMax);
    if (!messages) return screen_.line(Text::UseHistory);
    std::string frame;
    append_frame(frame, AskReplay{*messages});
    ask(std::move(frame));
}

void Conversation::set_times(std::string_view argument) {
    const std::string wanted = fold_name(argument);
    if (wanted != "on" && wanted != "off") return screen_.line(Text::UseTime);
    screen_.show_times(wanted == "on");
    screen_.line(wanted == "on" ? Text::TimeOn : Text::TimeOff);
}

void Conversation::set_language(std::string_view argument) {
    const auto language = language_named(fold_name(argument));
    if (!language) return screen_.line(Text::UseLang);
    screen_.set_language(*language);
    screen_.line(Text::LanguageIs);
}

void Conversation::explain_unknown(std::string_view word) {
    const auto nearest = nearest_command(word);
    if (nearest) return screen_.line(Text::NoSuchCommandNearest, {word, *nearest});
    screen_.line(Text::NoSuchCommand, {word});
}

// --- To the broker -------------------------------------------------------------------------------

// Keeps the request until its entry comes back: a broker may die with it.
void Conversation::post(EntryKind kind, std::string_view name, std::string_view text,
                        LeaveReason reason) {
    Unacked request{++counter_, {}};
    append_frame(request.frame, Post{counter_, kind, reason, {}}, name, text);
    if (welcomed_) frames_.append(request.frame);
    unacked_bytes_ += request.frame.size();
    unacked_.push_back(std::move(request));
}

void Conversation::leave(LeaveReason reason, std::string_view words) {
    if (reason == LeaveReason::Lost) end_after_leaving_ = WorkerExit::Lost;
    if (reason == LeaveReason::Removed) end_after_leaving_ = WorkerExit::Removed;
    if (reason == LeaveReason::Idle) end_after_leaving_ = WorkerExit::Idle;
    post(EntryKind::Leave, {}, words, reason);
    state_ = State::Leaving;
}

void Conversation::ask(std::string frame) {
    question_ = std::move(frame);
    if (welcomed_) frames_.append(question_);
}

void Conversation::attach() {
    const std::string& name = name_.empty() ? offered_name_ : name_;
    append_frame(frames_,
                 Attach{settings_.birth_ns, session_, last_seq_, last_messages_,
                        newcomer_ ? std::uint32_t{1} : 0, 1},
                 name, settings_.peer);
}

void Conversation::acknowledge(std::uint64_t counter) {
    while (!unacked_.empty() && unacked_.front().counter <= counter) {
        unacked_bytes_ -= unacked_.front().frame.size();
        unacked_.pop_front();
    }
}

void Conversation::finish(WorkerExit end) {
    end_ = end;
    frames_.clear();
}

// --- From the broker -----------------------------------------------------------------------------

void Conversation::link_opened() {
    linked_ = true;
    welcomed_ = false;
    frames_.clear();
    attach();
}

void Conversation::link_closed() {
    linked_ = false;
    welcomed_ = false;
    frames_.clear();
    answer_.clear();
    if (closing_) tell_closing();  // No other broker will come.
}

bool Conversation::waits_for_broker() const {
    if (!wants_link()) return false;
    return !welcomed_ || newcomer_ || !unacked_.empty() || !question_.empty();
}

void Conversation::broker_is_silent() {
    if (!std::exchange(silence_told_, true)) screen_.line(Text::RoomRecovers);
}

bool Conversation::broker_sent(const Frame& frame) {
    if (end_) return true;  // what is under way when all is over
    if (std::exchange(silence_told_, false)) screen_.line(Text::RoomIsBack);
    switch (frame.type) {
        case FrameType::Welcome:
            if (welcomed_) return false;  // all that waits would be sent once more each time
            broker_version_ = frame.name;
            welcomed(frame.as<Welcome>(), frame.text);
            break;
        case FrameType::Denied: denied(frame.as<Denied>().reason); break;
        case FrameType::Entry:
            if (!can_be_said_back(frame)) return false;
            happened(frame.as<Entry>(), frame.name, frame.text);
            break;
        case FrameType::Gap: overtaken(frame.as<Gap>(), frame.name); break;
        case FrameType::Replay:
            screen_.set_now(frame.as<Replay>().now_ms);
            answer_.append(frame.bytes);
            break;
        case FrameType::People:
        case FrameType::Person: answer_.append(frame.bytes); break;
        case FrameType::Crowd: crowd_moved(frame.as<Crowd>(), frame.text); break;
        case FrameType::Done: show_answer(frame.as<Done>()); break;
        default: return false;
    }
    advance();
    return true;
}

// Not before it is whole: a broker that dies in the middle is asked once more. But what happened
// before is shown as it comes, for it may be long, and what has been shown is known.
void Conversation::show_answer(const Done& done) {
    std::string_view frames = answer_;
    for (Frame frame{}; take_frame(frames, frame) == FrameStatus::Whole;) {
        if (frame.type == FrameType::People) {
            screen_.set_now(frame.as<People>().now_ms);
            screen_.who_heading(frame.as<People>(), frame.name);
        } else if (frame.type == FrameType::Person) {
            screen_.who_row(frame.as<Person>(), frame.name, frame.text);
        } else if (frame.as<Replay>().messages == 0) {
            screen_.line(Text::NoHistory);
        }
    }
    if (done.left_out != 0) screen_.line(Text::WhoMore, {std::to_string(done.left_out)});
    answer_.clear();
    replay_seq_ = 0;
    // A newcomer is shown the past before any question is answered.
    if (!std::exchange(newcomer_, false)) question_.clear();
}

// The room has let us in, or back in after the link broke.
void Conversation::welcomed(const Welcome& welcome, std::string_view names) {
    welcomed_ = true;
    screen_.set_now(welcome.now_ms);
    if (session_ == 0) {
        session_ = welcome.session;
        last_seq_ = welcome.session;  // of our own Join
        last_messages_ = welcome.messages;
        name_ = offered_name_;
        state_ = State::Talking;
        screen_.welcome(name_, welcome.members, names);
    }
    acknowledge(welcome.acked);
    for (const Unacked& request : unacked_) frames_.append(request.frame);
    frames_.append(question_);
}

void Conversation::denied(Refusal reason) {
    if (reason == Refusal::NameTaken) return name_failed(Text::NameTaken, offered_name_);
    if (reason == Refusal::RoomFull) {
        screen_.line(Text::RoomFull);
        return finish(WorkerExit::Refused);
    }
    // Not a member any more: as it should be when we were leaving and only the news of it was lost.
    if (state_ == State::Leaving) return finish(end_after_leaving_);
    expelled();
}

void Conversation::expelled() {
    screen_.line(Text::WorkerFails);
    finish(WorkerExit::Failed);
}

void Conversation::overtaken(const Gap& gap, std::string_view name) {
    if (gap.messages != 0) screen_.skipped(gap.messages);
    last_messages_ += gap.messages;
    acknowledge(gap.acked);
    if (!name.empty()) name_ = name;
    // Our own Leave may be among what is lost; nothing else would end us then.
    if (state_ == State::Leaving && unacked_.empty()) return finish(end_after_leaving_);
    if (gap.acked == kNoLongerMember) expelled();
}

void Conversation::happened(const Entry& entry, std::string_view name, std::string_view text) {
    if (entry.seq <= last_seq_) return happened_before(entry, name, text);
    last_seq_ = entry.seq;
    last_messages_ = entry.messages;
    if (entry.from == session_) return happened_to_me(entry, name, text);

    follow_correspondent(entry, name, text);
    screen_.event(entry, name, text, false);
    if (entry.kind == EntryKind::Closing) finish(WorkerExit::Closed);
}

// Asked once more after a broken link, a broker begins the answer anew.
void Conversation::happened_before(const Entry& entry, std::string_view name,
                                   std::string_view text) {
    if (entry.seq <= replay_seq_) return;
    replay_seq_ = entry.seq;
    screen_.event(entry, name, text, true);
}

void Conversation::crowd_moved(const Crowd& crowd, std::string_view names) {
    last_seq_ = crowd.last_seq;
    // Whom /r answers may be among those who left unnamed, and the next of that name is another.
    const bool some_unnamed = crowd.left > named_of(crowd.left);
    if (some_unnamed || has_word(names, correspondent_)) correspondent_.clear();
    screen_.crowd(crowd, names);
}

// /r answers a person, under whatever name, and nobody else who takes it later.
void Conversation::follow_correspondent(const Entry& entry, std::string_view name,
                                        std::string_view text) {
    if (entry.kind == EntryKind::Tell) correspondent_ = name;
    if (name != correspondent_) return;
    if (entry.kind == EntryKind::Rename) correspondent_ = text;
    if (entry.kind == EntryKind::Leave) correspondent_.clear();
}

// One's own words are on the screen already; their entry says that the log has them.
void Conversation::happened_to_me(const Entry& entry, std::string_view name,
                                  std::string_view text) {
    acknowledge(entry.counter);
    if (entry.kind == EntryKind::Refused) {
        refused(entry, text);
    } else if (entry.kind == EntryKind::Rename) {
        follow_correspondent(entry, name, text);
        name_ = text;
        screen_.line(Text::YouAreNowCalled, {name_});
    } else if (entry.kind == EntryKind::Tell && entry.to == session_) {
        follow_correspondent(entry, name, text);
        screen_.event(entry, name, text, false);
    } else if (entry.kind == EntryKind::Leave) {
        left(entry);
    }
}

void Conversation::refused(const Entry& entry, std::string_view wanted) {
    // Brokers died of our leaving; then they have to notice when we are gone.
    if (state_ == State::Leaving && entry.counter == counter_) return finish(end_after_leaving_);
    switch (static_cast<Refusal>(entry.reason)) {
        case Refusal::NameTaken: return screen_.line(Text::NameTaken, {wanted});
        case Refusal::NobodyThere: return screen_.line(Text::NobodyThere, {wanted});
        default: return screen_.line(Text::Poison);
    }
}

// Everything that happened before our own Leave is on the screen now.
void Conversation::left(const Entry& entry) {
    if (state_ != State::Leaving) return expelled();
    const bool said_so = static_cast<LeaveReason>(entry.reason) == LeaveReason::Quit && !finished_;
    if (said_so) screen_.line(Text::Goodbye);
    finish(end_after_leaving_);
}

// --- The server's side ---------------------------------------------------------------------------

void Conversation::operator_removes() {
    if (end_) return;
    if (state_ == State::Naming) screen_.out += '\n';  // leave the line with the prompt
    if (end_after_leaving_ != WorkerExit::Removed) screen_.line(Text::OperatorRemoves);
    // Once is asking; a second time, and whoever was going already, ends at once.
    if (state_ != State::Talking) return finish(WorkerExit::Removed);
    leave(LeaveReason::Removed);
}

void Conversation::server_closes() {
    closing_ = true;
    const bool in_the_room = state_ == State::Talking || state_ == State::Leaving;
    if (!in_the_room || !linked_) tell_closing();
}

void Conversation::tell_closing() {
    if (end_) return;
    if (state_ == State::Naming) screen_.out += '\n';
    screen_.line(Text::ServerCloses);
    finish(WorkerExit::Closed);
}

}  // namespace chatd
