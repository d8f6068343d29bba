#include "worker/login.h"

#include "base/bounds.h"
#include "text/clean.h"
#include "worker/foreign_protocol.h"

namespace chatd {

Login::Step Login::handle_line(const LineReader::Line& line) {
    if (line.too_long) return refuse_name(Text::NameTooLong);
    // GNU telnet sends Ctrl-D as a byte and keeps the connection open: it is no part of a name.
    std::string_view typed = line.text;
    while (typed.starts_with('\x04')) typed.remove_prefix(1);
    typed = trim(typed);
    const std::string clean = clean_text(typed);
    const Command command = parse_command(clean);
    if (command.verb != Verb::Say && command.verb != Verb::InDoubt) return obey(command);
    const std::string_view protocol = protocol_of(typed);
    if (!protocol.empty()) return refuse_protocol(protocol);
    const std::string_view wanted = trim_name(typed);
    const NameFault fault = check_name(wanted);
    if (fault != NameFault::None) return refuse_name(text_for(fault));
    name_ = wanted;
    return Step::NameGiven;
}

Login::Step Login::obey(const Command& command) {
    if (command.verb == Verb::Quit) {
        screen_->line(Text::Goodbye);
        return Step::Quit;
    }
    if (command.verb == Verb::Json) return Step::WantsJson;
    if (command.verb == Verb::Help) {
        screen_->line(Text::NameHelp);
    } else if (command.verb == Verb::Lang) {
        choose_language(screen_, command.argument);
    } else {
        return refuse_name(Text::NameBadCharacter);
    }
    screen_->prompt();
    return Step::Waits;
}

Login::Step Login::refuse_protocol(std::string_view protocol) {
    screen_->leave_prompt();  // ends the line with the prompt
    screen_->line(Text::NotThat, {protocol});
    return Step::Refused;
}

Login::Step Login::refuse_name(Text reason, std::initializer_list<std::string_view> fillings) {
    screen_->line(reason, fillings);
    if (++attempts_ == kLoginAttemptsMax) {
        screen_->line(Text::TooManyTries);
        return Step::Quit;
    }
    screen_->prompt();
    return Step::NameRefused;
}

}  // namespace chatd
