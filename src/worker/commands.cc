#include "worker/commands.h"

#include <algorithm>
#include <array>

#include "base/bounds.h"
#include "log/crowd.h"
#include "text/clean.h"
#include "text/number.h"

namespace chatd {
namespace {

struct KnownCommand {
    std::string_view word;
    Verb verb;
};

constexpr KnownCommand kCommands[] = {{"/help", Verb::Help},       {"/who", Verb::Who},
                                      {"/me", Verb::Me},           {"/msg", Verb::Msg},
                                      {"/r", Verb::Reply},         {"/nick", Verb::Nick},
                                      {"/history", Verb::History}, {"/time", Verb::Time},
                                      {"/lang", Verb::Lang},       {"/quit", Verb::Quit}};

constexpr std::size_t kWordBytesMax = 16;

std::string lower(std::string_view word) {
    std::string result(word);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

// The number of insertions, deletions, substitutions and swaps of neighbours between two words of
// at most kWordBytesMax bytes (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    std::array<std::array<std::size_t, kWordBytesMax + 1>, kWordBytesMax + 1> cost{};
    for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            cost[i][j] =
                std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
            }
        }
    }
    return cost[a.size()][b.size()];
}

}  // namespace

std::string_view take_word(std::string_view& text) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text = trim(text.substr(end));
    return word;
}

Command parse_command(std::string_view line) {
    if (!line.starts_with('/')) return {Verb::Say, {}, line};
    if (line.starts_with("//")) return {Verb::Say, {}, line.substr(1)};
    std::string_view rest = line;
    const std::string_view word = take_word(rest);
    const std::string lowered = lower(word);
    for (const KnownCommand& known : kCommands) {
        if (known.word == lowered) return {known.verb, word, rest};
    }
    return {Verb::Unknown, word, rest};
}

std::optional<std::string_view> nearest_command(std::string_view word) {
    if (word.size() > kWordBytesMax) return std::nullopt;
    const std::string lowered = lower(word);
    // A short word may have one typing error, a longer one two; a guess further off would confuse.
    std::size_t best = (word.size() <= 5 ? 1 : 2) + 1;
    std::optional<std::string_view> nearest;
    for (const KnownCommand& known : kCommands) {
        // The beginning of a command is an abbreviation, not an error.
        const bool begun = lowered.size() > 1 && known.word.starts_with(lowered);
        const std::size_t away = begun ? 0 : distance(lowered, known.word);
        if (away < best && away + 1 < lowered.size()) {
            best = away;
            nearest = known.word;
        }
    }
    return nearest;
}

void Commands::obey(const Command& command, std::string_view own_name) {
    switch (command.verb) {
        case Verb::Me:
            if (is_blank(command.argument)) return screen_.line(Text::UseMe);
            return uplink_.post(EntryKind::Emote, {}, command.argument);
        case Verb::Who:
            if (command.argument.size() > kNameBytesMax) return screen_.line(Text::NameTooLong);
            return uplink_.ask(AskWho{}, command.argument);
        case Verb::Msg: return send_private(command.argument);
        case Verb::Reply: return reply(command.argument);
        case Verb::Nick: return rename(command.argument, own_name);
        case Verb::History: return ask_history(command.argument);
        case Verb::Time: return show_times(command.argument);
        case Verb::Lang: return choose_language(screen_, command.argument);
        case Verb::Help: return screen_.line(Text::Help);
        case Verb::Unknown: return explain_unknown(command.word);
        case Verb::Say:
        case Verb::Quit: return;  // The conversation does these.
    }
}

void Commands::send_private(std::string_view argument) {
    const std::string_view to = take_word(argument);
    if (is_blank(argument)) return screen_.line(Text::UseMsg);
    if (!may_be_name(to)) return screen_.line(Text::NobodyThere, {to});
    uplink_.post(EntryKind::Tell, to, argument);
}

void Commands::reply(std::string_view text) {
    if (is_blank(text)) return screen_.line(Text::UseReply);
    if (correspondent_.empty()) return screen_.line(Text::NobodyToAnswer);
    uplink_.post(EntryKind::Tell, correspondent_, text);
}

void Commands::rename(std::string_view argument, std::string_view own_name) {
    const std::string_view name = trim_name(argument);
    if (name.empty()) return screen_.line(Text::UseNick);
    if (name == own_name) return screen_.line(Text::AlreadyCalled, {name});
    const NameFault fault = check_name(name);
    if (fault != NameFault::None) return screen_.line(text_for(fault));
    uplink_.post(EntryKind::Rename, name, {});
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
    const auto language = language_named(fold_name(code));
    if (!language) return screen.line(Text::UseLang);
    screen.set_language(*language);
    screen.line(Text::LanguageIs);
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
