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
    if (std::exchange(was_in_, true)) {
        stage_ = Stage::Returning;
        history_line_ = send_line("/history " + std::to_string(kMissedAsked));
        // The room answers in order: when this answer ends, the messages have come.
        who_line_ = send_line("/who");
        return;
    }
    if (!settings_.once) view_.event(event);
    stage_ = Stage::Room;
    flush();
}

void Session::catch_up(const Event& event) {
    if (event.type == Type::End && event.line == who_line_) return come_back();
    if (event.past) return missed_.hold(event);
    if (is_asked_secretly(event) || event.type == Type::Past) return;
    if (event.type == Type::Notice || event.type == Type::Error) return handle_room(event);
    missed_.hold(event);
}

void Session::come_back() {
    const Missed::News news = missed_.take(last_seen_);
    view_.note(Word::Back);
    if (!news.missed.empty()) view_.note(Word::WhileAway);
    if (news.dropped != 0) view_.skipped(static_cast<std::int64_t>(news.dropped));
    for (const Event& event : news.missed) {
        if (event.name() == name_) outbox_.found(event.text(), event.type == Type::Emote);
        show(event);
    }
    if (!news.missed.empty()) view_.note(Word::Now);
    stage_ = Stage::Room;
    for (const Event& event : news.live) handle_room(event);
    flush();
}

// A command, as /help, is answered, and then the name is asked for again.
void Session::entered_at_login(const std::string& line) {
    asks_user_ = false;
    if (line.starts_with('/')) {
        (void)send_line(line);
        return;
    }
    name_ = line;
    tell_name();
}

void Session::tell_name() {
    name_refused_ = name_held_ = false;
    tell_at_.reset();
    ++names_told_;
    (void)send_line(name_);
}

}  // namespace chatd
