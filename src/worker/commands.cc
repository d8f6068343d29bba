#include "worker/commands.h"

#include "base/bounds.h"
#include "log/crowd.h"
#include "text/clean.h"
#include "text/number.h"

namespace chatd {
namespace {

// words: a space between two.
bool has_word(std::string_view words, std::string_view word) {
    return (' ' + std::string(words) + ' ').find(' ' + std::string(word) + ' ') !=
           std::string::npos;
}

}  // namespace

void Commands::obey(const Command& command, std::string_view own_name) {
    switch (command.verb) {
        case Verb::Me: return emote(command.argument);
        case Verb::Msg: return send_private(command.argument);
        case Verb::Reply: return reply(command.argument);
        case Verb::Nick: return rename(command.argument, own_name);
        case Verb::Who: return ask_who(command.argument);
        case Verb::History: return ask_history(command.argument);
        case Verb::Time: return show_times(command.argument);
        case Verb::Lang: return choose_language(screen_, command.argument);
        case Verb::Help: return screen_.line(Text::Help);
        case Verb::Unknown: return explain_unknown(command.word);
        case Verb::Say:
        case Verb::Quit: return;  // The conversation does these.
    }
}

void Commands::emote(std::string_view text) {
    if (is_blank(text)) return screen_.line(Text::UseMe);
    uplink_.post(EntryKind::Emote, {}, text);
}

void Commands::send_private(std::string_view argument) {
    const std::string_view to = take_word(argument);
    if (is_blank(argument)) return screen_.line(Text::UseMsg);
    if (check_name(to) != NameFault::None) return screen_.line(Text::NobodyThere, {to});
    uplink_.post(EntryKind::Tell, to, argument);
}

void Commands::reply(std::string_view text) {
    if (is_blank(text)) return screen_.line(Text::UseReply);
    if (correspondent_.empty()) return screen_.line(Text::NobodyToAnswer);
    uplink_.post(EntryKind::Tell, correspondent_, text);
}

void Commands::rename(std::string_view name, std::string_view own_name) {
    if (name.empty()) return screen_.line(Text::UseNick);
    if (name == own_name) return screen_.line(Text::AlreadyCalled, {name});
    const NameFault fault = check_name(name);
    if (fault != NameFault::None) return screen_.line(text_for(fault));
    uplink_.post(EntryKind::Rename, name, {});
}

void Commands::ask_who(std::string_view prefix) {
    if (prefix.size() > kNameBytesMax) return screen_.line(Text::NameTooLong);
    uplink_.ask(AskWho{}, prefix);
}

void Commands::ask_history(std::string_view argument) {
    const auto messages =
        argument.empty() ? kReplayShown : parse_number<std::uint32_t>(argument, 1, kReplayMax);
    if (!messages) return screen_.line(Text::UseHistory);
    uplink_.ask(AskReplay{.messages = *messages});
}

void Commands::show_times(std::string_view argument) {
    const std::string wanted = fold_name(argument);
    if (wanted != "on" && wanted != "off") return screen_.line(Text::UseTime);
    screen_.show_times(wanted == "on");
    screen_.line(wanted == "on" ? Text::TimeOn : Text::TimeOff);
}

void Commands::explain_unknown(std::string_view word) {
    const auto nearest = nearest_command(word);
    if (nearest) return screen_.line(Text::NoSuchCommandNearest, {word, *nearest});
    screen_.line(Text::NoSuchCommand, {word});
}

void Commands::happened(const Entry& entry, std::string_view name, std::string_view text) {
    if (entry.kind == EntryKind::Tell) correspondent_ = name;
    if (name != correspondent_) return;
    if (entry.kind == EntryKind::Rename) correspondent_ = text;
    if (entry.kind == EntryKind::Leave) correspondent_.clear();
}

void Commands::happened(const Crowd& crowd, std::string_view names) {
    // The client that /r answers may be among those who left unnamed, and the next client of that
    // name is another.
    const bool some_unnamed = crowd.left > named_of(crowd.left);
    if (some_unnamed || has_word(names, correspondent_)) correspondent_.clear();
}

void choose_language(Screen& screen, std::string_view code) {
    const auto language = language_named(fold_name(code));
    if (!language) return screen.line(Text::UseLang);
    screen.set_language(*language);
    screen.line(Text::LanguageIs);
}

Text text_for(NameFault fault) {
    if (fault == NameFault::TooLong) return Text::NameTooLong;
    return fault == NameFault::BadCharacter ? Text::NameBadCharacter : Text::NameEmpty;
}

}  // namespace chatd
