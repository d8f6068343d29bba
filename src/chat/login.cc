// A session from its greeting until the client is in the room, and has caught up with it.

#include "chat/session.h"

#include <algorithm>
#include <utility>

#include "base/bounds.h"

namespace chatd {
namespace {

using Type = Event::Type;

}  // namespace

void Session::handle_login(const Event& event, Moment now) {
    switch (event.type) {
        case Type::AskName: return asked_for_name(now);
        case Type::Error: return refused(event);
        case Type::Welcome: return welcomed(event);
        case Type::Notice:
            if (!is_asked_secretly(event)) view_.event(event);
            return;
        default: return view_.event(event);
    }
}

void Session::asked_for_name(Moment now) {
    if (!name_refused_ && !name_.empty()) return tell_name();
    if (name_held_) {
        tell_at_ = tell_again_.next(now);
    } else {
        name_.clear();
        asks_user_ = true;
    }
}

// Its own dead connection may hold the name for a while. Any other error is about what the user has
// chosen, and so is this one before the client was ever in.
void Session::refused(const Event& event) {
    name_refused_ = true;
    name_held_ = event.code() == "name-taken" && (was_in_ || settings_.once);
    const bool tries_again =
        name_held_ && !(settings_.once && names_told_ >= kLoginAttemptsMax - 1);
    if (tries_again) return;
    view_.event(event);
    if (settings_.once) end_by(std::string(event.text()));
}

void Session::welcomed(const Event& event) {
    call_me(event.name());
    reconnect_.reset();
    break_told_ = false;
    last_seen_ = std::max(last_seen_, was_in_ ? Happened() : happened(event));
    if (std::exchange(was_in_, true)) return ask_missed();
    if (!settings_.once) view_.event(event);
    stage_ = Stage::Room;
    flush();
}

// The room answers in order: when the answer to /who ends, the messages have come, and whatever was
// sent before is said or refused.
void Session::ask_missed() {
    stage_ = Stage::Returning;
    history_line_ = send_line("/history " + std::to_string(kMissedAsked));
    who_line_ = send_line("/who");
}

void Session::catch_up(const Event& event) {
    if (event.type == Type::End && event.line == who_line_) return caught_up();
    if (event.past) return missed_.hold(event);
    if (is_asked_secretly(event) || event.type == Type::Past) return;
    if (event.type == Type::Notice || event.type == Type::Error) return handle_room(event);
    missed_.hold(event);
}

// What a gap has swallowed is not shown, because the user reads too slowly already. But it tells
// which lines were said; what became of the others that were sent, nothing tells any more.
void Session::caught_up() {
    Missed::News news = missed_.take(last_seen_);
    for (const Event& event : news.missed) {
        outbox_.found(event.name(), event.text(), event.type == Type::Emote);
    }
    for (const Event& event : news.live) {
        if (event.own) outbox_.settled(event.line);
    }
    if (!after_gap_) show_missed(news);
    if (std::exchange(after_gap_, false) || !news.is_all) unsure_of(outbox_.take_unsure());
    stage_ = Stage::Room;
    for (const Event& event : news.live) handle_room(event);
    if (stage_ == Stage::Room) flush();
}

void Session::show_missed(Missed::News& news) {
    view_.note(Word::Back);
    if (!news.missed.empty()) view_.note(Word::WhileAway);
    if (!news.is_all) view_.note(Word::MoreMissed);
    for (Event& event : news.missed) {
        // The user has not seen it: it rings as if it happened now, unless the user has said it.
        event.past = false;
        event.own = event.name() == name_;
        show(event);
    }
    if (!news.missed.empty()) view_.note(Word::Now);
}

// A name that is typed before the server wants it is told then. A command, as /help, is answered,
// and then the name is asked for again.
void Session::entered_name(const std::string& line, Moment now) {
    const bool is_asked = std::exchange(asks_user_, false) || tell_at_;
    if (is_asked && line.starts_with('/')) return (void)send_line(line);
    name_ = line;
    if (is_asked) return tell_name();
    if (stage_ == Stage::Apart) connect_at_ = now;
}

void Session::tell_name() {
    name_refused_ = name_held_ = false;
    tell_at_.reset();
    ++names_told_;
    (void)send_line(name_);
}

}  // namespace chatd
