#include "worker/commands.h"

#include <algorithm>
#include <array>

#include "base/bounds.h"
#include "log/crowd.h"
#include "text/clean.h"
#include "text/number.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace chatd {
namespace {

struct KnownCommand {
    std::string_view word;
    Verb verb;
};

constexpr KnownCommand kCommands[] = {
    {"/help", Verb::Help},       {"/who", Verb::Who},   {"/me", Verb::Me},
    {"/msg", Verb::Msg},         {"/r", Verb::Reply},   {"/nick", Verb::Nick},
    {"/history", Verb::History}, {"/time", Verb::Time}, {"/lang", Verb::Lang},
    {"/quit", Verb::Quit},       {"/exit", Verb::Quit}, {"/bye", Verb::Quit},
    {"/q", Verb::Quit}};

constexpr std::size_t kWordBytesMax = 16;

// The slash, its full-width form, and signs that look like it (UTS #39).
constexpr std::u32string_view kSlashes = U"/\uFF0F\u2044\u2215\u2571\u27CB\u29F8";

// What the key of the slash, or the key beside it, gives with a Chinese or Japanese input method.
constexpr std::u32string_view kSlips = U"\\\uFF3C\u3001\uFF64\u30FB\uFF65";

bool begins_with_one_of(std::u32string_view characters, std::string_view text) {
    return !text.empty() && characters.find(decode_utf8(text).code) != characters.npos;
}

std::string_view without_first(std::string_view text) {
    return text.substr(decode_utf8(text).bytes);
}

// The word as its writer sees it and means it: in small letters, with ASCII for full-width forms,
// one sort of slash, and nothing invisible.
std::string as_meant(std::string_view word) {
    constexpr char32_t kWideFirst = 0xFF01;  // the full-width form of '!'
    constexpr char32_t kWideLast = 0xFF5E;   // of '~'
    std::string meant;
    for (; !word.empty(); word = without_first(word)) {
        char32_t code = decode_utf8(word).code;
        if (is_default_ignorable(code)) continue;
        if (code >= kWideFirst && code <= kWideLast) code -= kWideFirst - U'!';
        if (kSlashes.find(code) != kSlashes.npos) code = U'/';
        append_utf8(meant, fold_case(code));
    }
    return meant;
}

Verb verb_of(std::string_view meant) {
    for (const KnownCommand& known : kCommands) {
        if (known.word == meant) return known.verb;
    }
    return Verb::Unknown;
}

// The same with a slash for what may stand in its place by a slip.
std::string with_slash(std::string_view word) {
    if (!begins_with_one_of(kSlips, word)) return as_meant(word);
    return '/' + as_meant(without_first(word));
}

// The line from its first character on that can be seen. A terminal may have erased a character by
// half: cleaning has made U+FFFD of the rest, and its writer has not seen that.
std::string_view begin_of(std::string_view line) {
    std::string_view begin = trim(line);
    while (begins_with_one_of(U"\uFFFD", begin)) begin = trim(without_first(begin));
    return begin;
}

// Takes off the front of `text` what stands before the first character for which is_end(code).
template <class IsEnd>
std::string_view take_until(std::string_view& text, IsEnd is_end) {
    std::string_view rest = text;
    while (!rest.empty() && !is_end(decode_utf8(rest).code)) rest = without_first(rest);
    const std::string_view taken = text.substr(0, text.size() - rest.size());
    text = rest;
    return taken;
}

// Takes off `text` whom it is for, as people write that: "bob", "@bob", "bob:" or "bob,".
std::string_view take_addressee(std::string_view& text) {
    static constexpr std::u32string_view kColons = U":\uFF1A";
    if (begins_with_one_of(U"@\uFF20", text)) text = without_first(text);
    std::string_view name = take_until(text, [](char32_t code) {
        return is_space_like(code) || kColons.find(code) != kColons.npos;
    });
    if (begins_with_one_of(kColons, text)) text = without_first(text);
    text = trim(text);
    for (const std::string_view comma : {",", "\uFF0C"}) {
        if (name.ends_with(comma)) name.remove_suffix(comma.size());
    }
    return name;
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
    const std::string_view word = take_until(text, is_space_like);
    text = trim(text);
    return word;
}

Command parse_command(std::string_view line) {
    const std::string_view begin = begin_of(line);
    const bool is_slip = begins_with_one_of(kSlips, begin);
    if (!is_slip && !begins_with_one_of(kSlashes, begin)) return {Verb::Say, {}, line};
    std::string_view rest = begin;
    const std::string_view word = take_word(rest);
    const std::string meant = with_slash(word);
    const Verb verb = verb_of(meant);
    if (is_slip) {
        const bool may_be_meant = verb != Verb::Unknown || nearest_command(word).has_value();
        return may_be_meant ? Command{Verb::Unknown, word, rest} : Command{Verb::Say, {}, line};
    }
    if (!meant.starts_with("//")) return {verb, word, rest};
    // Pasted programs have lines like "// a comment" and "///".
    if (meant.find_first_not_of('/') == meant.npos) return {Verb::Say, {}, line};
    return {Verb::SaySlash, word, without_first(begin)};
}

std::optional<std::string_view> nearest_command(std::string_view word) {
    const std::string lowered = with_slash(word);
    if (lowered.size() > kWordBytesMax) return std::nullopt;
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

std::uint32_t units_of(const Command& command) {
    if (command.verb == Verb::Who || command.verb == Verb::History) return kUnitsOfQuestion;
    if (command.verb == Verb::Nick) return kUnitsOfRename;
    return static_cast<std::uint32_t>(command.argument.size() / kBytesPerUnit);
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
        case Verb::History: return ask_history(as_meant(command.argument));
        case Verb::Time: return show_times(command.argument);
        case Verb::Lang: return choose_language(screen_, command.argument);
        case Verb::Help: return screen_.line(Text::Help);
        case Verb::SaySlash:
            screen_.line(Text::SaidWithOneSlash);
            return uplink_.post(EntryKind::Say, {}, command.argument);
        case Verb::Unknown: return explain_unknown(command.word);
        case Verb::Say:
        case Verb::Quit: return;  // The conversation does these.
    }
}

void Commands::send_private(std::string_view argument) {
    const std::string_view to = take_addressee(argument);
    if (to.empty() || is_blank(argument)) return screen_.line(Text::UseMsg);
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

void Commands::ask_history(const std::string& wanted) {
    const auto messages =
        wanted.empty() ? kReplayShown : parse_number<std::uint32_t>(wanted, 1, kReplayMax);
    if (!messages) return screen_.line(Text::UseHistory);
    uplink_.ask(AskReplay{.messages = *messages});
}

void Commands::show_times(std::string_view argument) {
    const std::string wanted = as_meant(argument);
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
    const auto language = language_named(as_meant(code));
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
