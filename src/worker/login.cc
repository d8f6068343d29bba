#include "worker/login.h"

#include "base/bounds.h"
#include "text/clean.h"
#include "worker/foreign_protocol.h"

namespace chatd {
namespace {

// GNU telnet sends Ctrl-D as a byte and keeps the connection open: it is no part of a name.
std::string_view without_ctrl_d(std::string_view text) {
    while (text.starts_with('\x04')) text.remove_prefix(1);
    return text;
}

}  // namespace

Login::Step Login::handle_line(const LineReader::Line& line) {
    if (line.too_long) return refuse_name(Text::NameTooLong);
    const std::string_view typed = trim(without_ctrl_d(line.text));
    if (typed.starts_with('/')) {
        const std::string command = clean_text(typed);
        return obey(parse_command(command));
    }
    const std::string_view protocol = protocol_of(typed);
    if (!protocol.empty()) return refuse_protocol(protocol);
    const NameFault fault = check_name(typed);
    if (fault != NameFault::None) return refuse_name(text_for(fault));
    name_ = typed;
    return Step::NameTold;
}

Login::Step Login::obey(const Command& command) {
    if (command.verb == Verb::Quit) {
        screen_.line(Text::Goodbye);
        return Step::Quit;
    }
    if (command.verb != Verb::Lang) return refuse_name(Text::NameBadCharacter);
    choose_language(screen_, command.argument);
    screen_.prompt(Text::Prompt);
    return Step::Waits;
}

Login::Step Login::refuse_protocol(std::string_view protocol) {
    screen_.out += '\n';  // ends the line with the prompt
    screen_.line(Text::NotThat, {protocol});
    return Step::Refused;
}

Login::Step Login::refuse_name(Text reason, std::string_view filling) {
    screen_.line(reason, {filling});
    if (++attempts_ == kLoginAttemptsMax) {
        screen_.line(Text::TooManyTries);
        return Step::Refused;
    }
    screen_.prompt(Text::Prompt);
    return Step::NameRefused;
}

}  // namespace chatd
