#include "chat/session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/bounds.h"
#include "text/catalogue.h"
#include "text/clean.h"
#include "text/command_parser.h"

namespace chatd {
namespace {

using Type = Event::Type;

std::int64_t seconds_until(Moment moment, Moment now) {
    return std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::seconds>(moment - now).count());
}

// Errors after which the server does not want the client back at once.
bool throws_out(std::string_view code) {
    return code == "operator-removes" || code == "idle-too-long";
}

}  // namespace

Session::Session(Settings settings, MessageView& view, Moment now)
    : settings_(std::move(settings)),
      view_(view),
      name_(settings_.name),
      reconnect_(kReconnectPause, kReconnectPauseMax, settings_.seed),
      connect_at_(now),
      tell_again_(kNamePause, kReconnectPauseMax, settings_.seed) {}

// --- The connection ------------------------------------------------------------------------------

bool Session::wants_connection(Moment now) const {
    return stage_ == Stage::Apart && is_due(connect_at_, now);
}

void Session::connected(Moment now) {
    stage_ = Stage::Greeting;
    input_.clear();
    output.clear();
    lines_sent_ = history_line_ = who_line_ = language_line_ = 0;
    asks_user_ = name_refused_ = name_held_ = thrown_out_ = after_gap_ = false;
    names_told_ = 0;
    tell_again_.reset();
    if (settings_.plain) return go_plain({});
    give_up_at_ = now + kGreetingTime;
    output += "/json\n";
}

void Session::received(std::string_view bytes, Moment now) {
    input_ += bytes;
    handle_lines(now);
    // A plain line may be longer than any object, and is shown in pieces then.
    if (input_.size() > kJsonBytesMax) {
        view_.line(clean_text(input_));
        input_.clear();
    }
}

void Session::handle_lines(Moment now) {
    std::size_t begin = 0;
    for (;;) {
        const std::size_t end = input_.find('\n', begin);
        if (end == std::string::npos || !has_connection()) break;
        std::string_view line = std::string_view(input_).substr(begin, end - begin);
        if (line.ends_with('\r')) line.remove_suffix(1);
        begin = end + 1;
        if (stage_ == Stage::Greeting) {
            greeted(line, now);
        } else if (const auto event = stage_ == Stage::Plain ? std::nullopt : Event::parse(line)) {
            handle(*event, now);
        } else {
            view_.line(clean_text(line));
        }
    }
    input_.erase(0, begin);
}

// A prompt without an end may stand before the first object.
void Session::greeted(std::string_view line, Moment now) {
    give_up_at_.reset();
    const auto hello = Event::parse(line.substr(std::min(line.find('{'), line.size())));
    if (!hello || hello->type != Type::Hello) return go_plain(line);
    stage_ = Stage::Login;
    if (hello->string("language") != code_of(view_.language())) {
        language_line_ = send_line("/lang " + std::string(code_of(view_.language())));
    }
    if (leaving_) leave(now);
}

void Session::go_plain(std::string_view line) {
    // A program has to know what was said, and plain lines do not tell; or this line turns it away.
    if (settings_.once && !settings_.plain) return end_by(clean_text(line));
    stage_ = Stage::Plain;
    if (!line.empty()) view_.line(clean_text(line));
    if (view_.language() != Language::English) (void)send_line("/lang zh");
    if (!name_.empty()) (void)send_line(name_);
    // Nothing will tell what becomes of a line, so none is kept here.
    unsure_of(outbox_.take_unsure());
    flush();
    outbox_ = {};
}

void Session::lost(const std::string& why, Moment now) {
    if (!input_.empty() && stage_ == Stage::Plain) view_.line(clean_text(input_));
    input_.clear();
    output.clear();
    missed_.clear();
    give_up_at_.reset();
    tell_at_.reset();
    unsure_of(outbox_.cut_off());
    if (leaving_ && settings_.once) unsure_of(outbox_.take_unsure());
    if (leaving_) return end_by({});
    if (settings_.once) return end_by(why);
    if (!std::exchange(break_told_, true)) view_.note(Word::Lost, {clean_text(why)});
    stage_ = Stage::Apart;
    connect_at_ = thrown_out_ ? Deadline() : reconnect_.next(now);
}

// --- What the server tells -----------------------------------------------------------------------

void Session::handle(const Event& event, Moment now) {
    names_.follow(event);
    if (event.type == Type::Error && throws_out(event.code())) thrown_out_ = true;
    if (stage_ == Stage::Login) return handle_login(event, now);
    if (stage_ == Stage::Returning) return catch_up(event);
    handle_room(event);
}

void Session::handle_room(const Event& event) {
    if (is_asked_secretly(event)) return;
    follow_own(event);
    show(event);
    // Among what was lost may be the answers to the user's lines.
    if (event.type != Type::Gap || outbox_.waiting() == 0 || stage_ != Stage::Room) return;
    after_gap_ = true;
    ask_missed();
}

void Session::show(const Event& event) {
    if (event.seq != 0) last_seen_ = std::max(last_seen_, happened(event));
    view_.event(event);
}

void Session::follow_own(const Event& event) {
    outbox_.answered(event.line);
    if (event.own) outbox_.settled(event.line);
    if (event.type == Type::Error) {
        outbox_.settled(event.line);
        if (settings_.once && trouble_.empty()) trouble_ = event.text();
    }
    if (event.type == Type::Leave && event.own) leaving_ = true;
    if (event.type == Type::Rename && !event.past && event.own) call_me(event.string("to"));
    // Among what was lost may be that the user has another name.
    if (event.type == Type::Gap && !event.name().empty()) call_me(event.name());
}

void Session::call_me(std::string_view name) {
    name_ = name;
    view_.set_own_name(name_);
}

// Answers to lines that the user has not typed.
bool Session::is_asked_secretly(const Event& event) const {
    return event.line != 0 && !event.own &&
           (event.line == history_line_ || event.line == who_line_ || event.line == language_line_);
}

// --- What the user types -------------------------------------------------------------------------

void Session::entered(const std::string& line, Moment now) {
    if (line.empty()) {
        if (stage_ == Stage::Apart) connect_at_ = now;
        if (tell_at_) tell_at_ = now;
        return;
    }
    if (stage_ == Stage::Plain) return entered_plain(line);
    const std::string clean = clean_text(line);
    const Command command = parse_command(clean);
    const LineKind kind = kind_of(line);
    if (kind == LineKind::Quit && stage_ != Stage::Room && !asks_user_) return leave(now);
    if (command.verb == Verb::Json) return;  // it is spoken already
    if (command.verb == Verb::Lang) {
        view_.set_language(language_named(as_meant(command.argument)).value_or(view_.language()));
    }
    if (takes_name() && (asks_user_ || kind != LineKind::Command)) return entered_name(line, now);
    if (stage_ == Stage::Login && tell_at_ && command.verb == Verb::Nick &&
        !command.argument.empty()) {
        return entered_name(std::string(command.argument), now);
    }
    if (!outbox_.add(line)) return view_.note(Word::OutboxFull, {clean_text(line)});
    if (kind == LineKind::Quit) {
        leaving_ = true;
        if (!settings_.once) give_up_at_ = now + kQuitTime;
    }
    if (stage_ == Stage::Apart) connect_at_ = now;
    if (stage_ == Stage::Room) flush();
}

void Session::entered_plain(const std::string& line) {
    if (name_.empty()) name_ = line;
    if (kind_of(line) == LineKind::Quit) leaving_ = true;
    (void)send_line(line);
}

std::uint64_t Session::send_line(std::string_view line) {
    output.append(line) += '\n';
    return ++lines_sent_;
}

void Session::flush() {
    while (const auto line = outbox_.take_next(lines_sent_ + 1, name_)) (void)send_line(*line);
}

// Nobody knows whether these were said: the user decides. A program has failed to say them.
void Session::unsure_of(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        const std::string clean = clean_text(line);
        view_.note(Word::Unsure, {clean});
        if (settings_.once && trouble_.empty()) {
            trouble_ = words_of(Word::Unsure, view_.language(), {clean});
        }
    }
}

void Session::leave(Moment now) {
    leaving_ = true;
    if (stage_ == Stage::Apart || stage_ == Stage::Connecting) return end_by({});
    if (stage_ == Stage::Room) flush();
    (void)send_line("/quit");
    // A program's lines may wait for their turn, and so may the answers to its commands.
    if (!settings_.once) give_up_at_ = now + kQuitTime;
}

void Session::end_by(const std::string& trouble) {
    if (trouble_.empty()) trouble_ = trouble;
    stage_ = Stage::Over;
}

// --- Time ----------------------------------------------------------------------------------------

// The moment up to which the prompt counts down.
Deadline Session::awaited() const {
    if (stage_ == Stage::Apart) return connect_at_;
    return stage_ == Stage::Login ? tell_at_ : Deadline();
}

Deadline Session::deadline(Moment now) const {
    Deadline next_second;
    if (const Deadline until = awaited(); until && *until > now) {
        next_second = *until - std::chrono::seconds(seconds_until(*until, now) - 1);
    }
    return earliest({awaited(), next_second, give_up_at_});
}

void Session::tick(Moment now) {
    if (stage_ == Stage::Login && is_due(tell_at_, now)) tell_name();
    if (!is_due(give_up_at_, now)) return;
    give_up_at_.reset();
    if (leaving_) return end_by({});
    if (stage_ == Stage::Greeting) lost(words_of(Word::ServerSilent, view_.language()), now);
}

std::string Session::prompt(Moment now) const {
    const Language language = view_.language();
    const Deadline until = awaited();
    const std::string seconds = std::to_string(until ? seconds_until(*until, now) : 0);
    std::string prompt = name_ + "> ";
    if (takes_name()) prompt = text_of(Text::Prompt, language);
    if (const std::size_t lines = outbox_.waiting(); lines != 0) {
        prompt = words_of(Word::OnTheWay, language, {name_, std::to_string(lines)});
    }
    if (leaving_) return words_of(Word::Leaving, language) + prompt;
    switch (stage_) {
        case Stage::Apart:
            return words_of(until ? Word::CutOff : Word::CutOffForGood, language, {seconds}) +
                   prompt;
        case Stage::Connecting:
        case Stage::Greeting: return words_of(Word::Connecting, language) + prompt;
        case Stage::Returning:
            return after_gap_ ? prompt : words_of(Word::Connecting, language) + prompt;
        case Stage::Login:
            if (until) return words_of(Word::NameHeld, language, {name_, seconds}) + prompt;
            if (asks_user_) return prompt;
            return words_of(Word::Connecting, language) + prompt;
        // The server may have asked something without a line end.
        case Stage::Plain: return input_.empty() ? prompt : clean_text(input_);
        default: return prompt;
    }
}

}  // namespace chatd
