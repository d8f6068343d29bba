#include "text/command_parser.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "text/clean.h"
#include "text/name.h"
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
    {"/q", Verb::Quit},          {"/ps", Verb::Ps},     {"/tree", Verb::Tree},
    {"/json", Verb::Json}};

// Words for these commands that people bring along from other chats; and what becomes of /msg and
// /r while the keyboard is set to Russian, Ukrainian, Greek, Hebrew, Arabic, Thai, Japanese kana,
// Korean or Zhuyin.
struct OtherWord {
    std::string_view word;
    std::string_view command;
};

constexpr OtherWord kOtherWords[] = {
    {"/whisper", "/msg"}, {"/w", "/msg"},      {"/tell", "/msg"},    {"/pm", "/msg"},
    {"/dm", "/msg"},      {"/query", "/msg"},  {"/privmsg", "/msg"}, {"/reply", "/r"},
    {"/ьып", "/msg"},     {"/к", "/r"},        {"/ьіп", "/msg"},     {"/μσγ", "/msg"},
    {"/צדע", "/msg"},     {"/ר", "/r"},        {"/ةسل", "/msg"},     {"/ทหเ", "/msg"},
    {"/もとき", "/msg"},  {"/ㅡㄴㅎ", "/msg"}, {"/ㄩㄋㄕ", "/msg"},  {"/names", "/who"},
    {"/users", "/who"},   {"/list", "/who"},   {"/name", "/nick"},   {"/leave", "/quit"},
    {"/part", "/quit"},   {"/?", "/help"},     {"r", "/r"}};

// Bytes of a command with typing errors; and of a word that may be one, before each of its
// characters counts as a byte.
constexpr std::size_t kWordBytesMax = 16;
constexpr std::size_t kTypedBytesMax = 4 * kWordBytesMax;

// The slash, its full-width form, and the signs that look like it (UTS #39, confusables.txt 15.0).
constexpr std::u32string_view kSlashes =
    U"/\uFF0F\u1735\u2041\u2044\u2215\u2571\u27CB\u29F8\u2F03\u31D3\U0001D23A\U0001F67C";

// What is rarely the beginning of anything else. The letters and the sign for a division look like
// a slash; the others are the backslash and what looks like it; the comma and the dot that a key
// beside or below them gives in China and Japan; the money that stands on the key of the backslash
// in Japan and Korea; and the letters on the key of the slash: Zhuyin, kana, Arabic and Thai.
constexpr std::u32string_view kSlips =
    U"\u2CC6\u3033\u30CE\uFF89\u4E3F\u2AFD\u00F7"
    U"\\\uFF3C\uFE68\u2216\u2572\u27CD\u29F5\u29F9\u2F02\u31D4\u4E36"
    U"\U0001D20F\U0001D23B\U0001F67D"
    U"\u3001\uFE11\uFE51\uFF64\u30FB\uFF65\u00B7"
    U"\u00A5\uFFE5\u20A9\uFFE6"
    U"\u3125\u3081\uFF92\u0638\u0E1D";

// What the keys beside the slash give, and the key of the slash with Shift or in Russian, Hebrew,
// French or German (Shift-7). These begin other lines too. Full-width ones are among them.
constexpr std::u32string_view kKeys = U".,;:!?&7|\u3002\uFF61";

constexpr std::u32string_view kQuotes = U"\"\u201C\u201D\u201E\u00AB\u300C\u300E";

bool begins_with_one_of(std::u32string_view characters, std::string_view text) {
    return !text.empty() && characters.find(decode_utf8(text).code) != characters.npos;
}

std::string_view without_first(std::string_view text) {
    return text.substr(decode_utf8(text).bytes);
}

// As much of a word as may be a command with what is glued on. Without spaces, a whole line in
// Chinese is one word.
std::string_view beginning(std::string_view word) {
    std::string_view rest = word;
    while (!rest.empty() && word.size() - rest.size() < kTypedBytesMax) rest = without_first(rest);
    return word.substr(0, word.size() - rest.size());
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

Verb verb_of(std::string_view meant) {
    const auto* const known = std::ranges::find(kCommands, meant, &KnownCommand::word);
    return known == std::end(kCommands) ? Verb::Unknown : known->verb;
}

// The command for a word of another chat or keyboard; empty: none.
std::string_view command_for_other(std::string_view meant) {
    const auto* const other = std::ranges::find(kOtherWords, meant, &OtherWord::word);
    return other == std::end(kOtherWords) ? std::string_view() : other->command;
}

// With one byte for each character, so that bytes can be counted as typing errors.
std::string in_single_bytes(std::string_view text) {
    constexpr char kOther = '\x7F';
    std::string bytes;
    for (; !text.empty(); text = without_first(text)) {
        const char32_t code = decode_utf8(text).code;
        bytes += code < 0x80 ? static_cast<char>(code) : kOther;
    }
    return bytes;
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

std::string without_spaces(std::string_view text) {
    std::string rest;
    while (!text.empty()) rest.append(take_word(text));
    return rest;
}

// --- Doubt

// What stands in the place of the slash.
enum class Lead : std::uint8_t { None, Slash, Slashes, Slip, Key };

struct Front {
    Lead lead;
    std::string name;  // the command: one slash instead of the lead, and the word as it is meant
};

Front front_of(std::string_view word) {
    std::string meant = as_meant(word);
    if (meant.starts_with('/')) {
        const std::size_t slashes = std::min(meant.find_first_not_of('/'), meant.size());
        return {slashes == 1 ? Lead::Slash : Lead::Slashes, meant.erase(0, slashes - 1)};
    }
    if (begins_with_one_of(kSlips, word)) {
        (void)take_until(word, [](char32_t code) { return kSlips.find(code) == kSlips.npos; });
        return {Lead::Slip, '/' + as_meant(word)};
    }
    if (!begins_with_one_of(kKeys, meant)) return {Lead::None, std::move(meant)};
    return {Lead::Key, meant.replace(0, decode_utf8(meant).bytes, "/")};
}

// The command's name without the addressee or the words that may be glued on, because Chinese has
// no spaces: "、msg：bob", "、w小明", "、r我爱你".
std::string without_glued_on(std::string_view name) {
    constexpr std::string_view kMsg = "/msg";
    if (name.starts_with(kMsg)) return std::string(kMsg);
    const auto is_ascii_letter = [](char byte) { return byte >= 'a' && byte <= 'z'; };
    std::size_t end = std::min<std::size_t>(name.size(), 1);
    while (end < name.size() && is_ascii_letter(name[end])) ++end;
    const bool is_glued_on = end > 1 && end < name.size() &&
                             (decode_utf8(name.substr(end)).code >= 0x80 || name[end] == '@');
    return std::string(name.substr(0, is_glued_on ? end : name.find_first_of(":,")));
}

// Is it likely enough that a command was meant? Lines of programs begin with two slashes, and other
// lines with a full stop or the like, so there it has to be a command's own word, or like /msg.
bool is_like_command(const Front& front) {
    if (front.lead == Lead::None || front.lead == Lead::Slash) return false;
    const std::string name = without_glued_on(front.name);
    const auto nearest = nearest_command(name);
    if (front.lead == Lead::Slip) return nearest.has_value();
    return nearest == "/msg" || verb_of(name) != Verb::Unknown || command_for_other(name) == "/r";
}

// Is it /msg but for one typing error, wherever that is, with somebody and words behind it?
bool is_like_private_words(std::string_view meant, std::string_view rest) {
    const std::string word = in_single_bytes(meant);
    if (word.size() > kWordBytesMax || distance(word, "/msg") > 1) return false;
    const std::string_view to = take_addressee(rest);
    return may_be_name(to) && !rest.empty();
}

// The command for private words behind a few stray characters, as keys or a terminal in another
// encoding send them: "PP/msg bob psst", ">> /msg bob psst". More letters are a word of somebody
// who explains the command.
std::optional<Command> behind_strays(std::string_view begin, bool may_answer) {
    constexpr int kStraysMax = 6;
    constexpr int kLettersMax = 2;
    int letters = 0;
    for (int strays = 0; !begins_with_one_of(kSlashes, begin); ++strays) {
        if (begin.empty() || strays == kStraysMax) return std::nullopt;
        if (is_letter(decode_utf8(begin).code) && ++letters > kLettersMax) return std::nullopt;
        begin = without_first(begin);
    }
    std::string_view rest = begin;
    const std::string_view word = take_word(rest);
    const auto command = nearest_command(beginning(word));
    std::string_view words = rest;
    const bool has_addressee = may_be_name(take_addressee(words)) && !words.empty();
    const bool is_private = (command == "/msg" && has_addressee) ||
                            (command == "/r" && may_answer && letters == 0 && !rest.empty());
    return is_private ? std::optional(Command{Verb::InDoubt, word, rest}) : std::nullopt;
}

// The command when a sign stands alone, and the command's name is the next word: "/ who", "/ msg".
std::optional<Command> behind_a_space(const Front& front, std::string_view word,
                                      std::string_view rest) {
    const Decoded first = decode_utf8(word);
    const bool is_sign =
        first.bytes == word.size() && !is_letter(first.code) && !is_digit(first.code);
    if (front.name != "/" && !is_sign) return std::nullopt;
    const std::string_view name = take_word(rest);
    const std::string_view both = name.empty() ? word : std::string_view(word.begin(), name.end());
    if (front.lead == Lead::Slash) return Command{Verb::Unknown, both, rest};
    if (!is_like_private_words(as_meant(word) + as_meant(name), rest)) return std::nullopt;
    return Command{Verb::InDoubt, both, rest};
}

}  // namespace

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

std::string_view take_word(std::string_view& text) {
    const std::string_view word = take_until(text, is_space_like);
    text = trim(text);
    return word;
}

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

Command parse_command(std::string_view line, bool may_answer) {
    const std::string_view begin = begin_of(line);
    if (begin.empty() || begins_with_one_of(kQuotes, begin)) return {Verb::Say, {}, line};
    std::string_view rest = begin;
    const std::string_view word = take_word(rest);
    const bool has_slash = begins_with_one_of(kSlashes, begin);
    const std::string_view typed = has_slash ? word : beginning(word);
    const Front front = front_of(typed);
    if (front.lead == Lead::Slash && front.name != "/") return {verb_of(front.name), word, rest};
    const bool is_like_answer = may_answer && front.name == "r" && !rest.empty();
    if (is_like_command(front) || is_like_private_words(as_meant(typed), rest) || is_like_answer) {
        return {Verb::InDoubt, typed, rest};
    }
    if (const auto command = behind_a_space(front, word, rest)) return *command;
    if (const auto command = behind_strays(begin, may_answer)) return *command;
    // Pasted programs have lines like "// a comment" and "///".
    if (front.lead != Lead::Slashes || front.name == "/") return {Verb::Say, {}, line};
    return {Verb::SaySlash, word, without_first(begin)};
}

bool begins_with_json(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    return end != bytes.npos && parse_command(clean_text(bytes.substr(0, end))).verb == Verb::Json;
}

std::optional<std::string_view> nearest_command(std::string_view word) {
    const std::string name = without_glued_on(front_of(without_spaces(word)).name);
    const std::string_view other = command_for_other(name);
    if (!other.empty()) return other;
    const std::string typed = in_single_bytes(name);
    if (typed.size() > kWordBytesMax) return std::nullopt;
    // A short word may have one typing error, a longer one two; a guess further off would confuse.
    std::size_t best = (typed.size() <= 5 ? 1 : 2) + 1;
    std::optional<std::string_view> nearest;
    for (const KnownCommand& known : kCommands) {
        // The beginning of a command is an abbreviation, not an error.
        const bool begun = typed.size() > 1 && known.word.starts_with(typed);
        const std::size_t away = begun ? 0 : distance(typed, known.word);
        if (away < best && away + 1 < typed.size()) {
            best = away;
            nearest = known.word;
        }
    }
    return nearest;
}

}  // namespace chatd
