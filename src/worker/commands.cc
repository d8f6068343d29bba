#include "worker/commands.h"

#include "base/bounds.h"
#include "log/crowd.h"
#include "text/clean.h"
#include "text/number.h"

namespace chatd {

std::uint32_t units_of(const Command& command) {
    switch (command.verb) {
        case Verb::Who:
        case Verb::History:
        case Verb::Ps:
        case Verb::Tree: return kUnitsOfQuestion;
        case Verb::Nick: return kUnitsOfRename;
        default: return static_cast<std::uint32_t>(command.argument.size() / kBytesPerUnit);
    }
}

void Commands::obey(const Command& command, std::string_view own_name) {
    switch (command.verb) {
        case Verb::Me:
            if (is_blank(command.argument)) return screen_->line(Text::UseMe);
            return uplink_.post(EntryKind::Emote, {}, command.argument);
        case Verb::Who:
            if (command.argument.size() > kNameBytesMax) return screen_->line(Text::NameTooLong);
            return uplink_.ask(AskWho{}, command.argument);
        case Verb::Msg: return send_private(command.argument);
        case Verb::Reply: return reply(command.argument);
        case Verb::Nick: return rename(command.argument, own_name);
        case Verb::History: return ask_history(as_meant(command.argument));
        case Verb::Time: return show_times(command.argument);
        case Verb::Ps: return ask_lookout(Inquiry::Form::Table, command.argument);
        case Verb::Tree: return ask_lookout(Inquiry::Form::Tree, command.argument);
        case Verb::Lang: return choose_language(screen_, command.argument);
        case Verb::Help: return screen_->line(Text::Help);
        case Verb::SaySlash:
            screen_->line(Text::SaidWithOneSlash);
            return uplink_.post(EntryKind::Say, {}, command.argument);
        case Verb::Unknown:
        case Verb::InDoubt: return explain(command);
        case Verb::Say:
        case Verb::Json:
        case Verb::Quit: return;  // The conversation does these.
    }
}

void Commands::send_private(std::string_view argument) {
    const std::string_view to = take_addressee(argument);
    if (to.empty() || is_blank(argument)) return screen_->line(Text::UseMsg);
    if (!may_be_name(to)) return screen_->line(Text::NobodyThere, {to});
    uplink_.post(EntryKind::Tell, to, argument);
}

void Commands::reply(std::string_view text) {
    if (is_blank(text)) return screen_->line(Text::UseReply);
    if (correspondent_.empty()) return screen_->line(Text::NobodyToAnswer);
    uplink_.post(EntryKind::Tell, correspondent_, text);
}

void Commands::rename(std::string_view argument, std::string_view own_name) {
    const std::string_view name = trim_name(argument);
    if (name.empty()) return screen_->line(Text::UseNick);
    if (name == own_name) return screen_->line(Text::AlreadyCalled, {name});
    const NameFault fault = check_name(name);
    if (fault != NameFault::None) return screen_->line(text_for(fault));
    uplink_.post(EntryKind::Rename, name, {});
}

void Commands::ask_history(const std::string& wanted) {
    const auto messages =
        wanted.empty() ? kReplayShown : parse_number<std::uint32_t>(wanted, 1, kReplayMax);
    if (!messages) return screen_->line(Text::UseHistory);
    uplink_.ask(AskReplay{.messages = *messages});
}

void Commands::ask_lookout(Inquiry::Form form, std::string_view prefix) {
    if (prefix.size() > kNameBytesMax) return screen_->line(Text::NameTooLong);
    inquiry_.ask(form, prefix);
}

void Commands::show_times(std::string_view argument) {
    const std::string wanted = as_meant(argument);
    if (wanted != "on" && wanted != "off") return screen_->line(Text::UseTime);
    screen_.show_times(wanted == "on");
    screen_->line(wanted == "on" ? Text::TimeOn : Text::TimeOff);
}

void Commands::explain(const Command& command) {
    const auto nearest = nearest_command(command.word);
    if (!nearest) return screen_->line(Text::NoSuchCommand, {command.word});
    const bool in_doubt = command.verb == Verb::InDoubt;
    screen_->line(in_doubt ? Text::NotSaid : Text::NoSuchCommandNearest, {command.word, *nearest});
}

void Commands::follow(const Entry& entry, std::string_view name, std::string_view text) {
    if (entry.kind == EntryKind::Tell) correspondent_ = name;
    if (name != correspondent_) return;
    if (entry.kind == EntryKind::Rename) correspondent_ = text;
    if (entry.kind == EntryKind::Leave) correspondent_.clear();
}

void Commands::follow(const Crowd& crowd, std::string_view names) {
    // The client that /r answers may be among those who left unnamed; the next client of that name
    // is another.
    const bool some_unnamed = crowd.left > named_of(crowd.left);
    const std::string spaced = ' ' + std::string(names) + ' ';
    const bool is_named = spaced.find(' ' + correspondent_ + ' ') != std::string::npos;
    if (some_unnamed || is_named) correspondent_.clear();
}

void choose_language(Screen& screen, std::string_view code) {
    const auto language = language_named(as_meant(code));
    if (!language) return screen->line(Text::UseLang);
    screen.set_language(*language);
    screen->line(Text::LanguageIs);
}

Text text_for(NameFault fault) {
    switch (fault) {
        case NameFault::TooLong: return Text::NameTooLong;
        case NameFault::BadCharacter: return Text::NameBadCharacter;
        case NameFault::Mixture: return Text::NameMixture;
        default: return Text::NameEmpty;
    }
}

}  // namespace chatd
