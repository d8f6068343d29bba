#include "chat/options.h"

#include <getopt.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "base/settings.h"
#include "text/name.h"
#include "text/number.h"

namespace chatd {
namespace {

constexpr std::size_t kMeaningColumn = 25;  // where --help says what an option means
constexpr int kFirstRow = 256;  // the table's first option for getopt_long(3): above all letters

struct Row {
    const char* name;
    char letter;           // 0: the option has no short form
    const char* argument;  // as --help names it; nullptr: there is none
    const char* meaning;
    const char* takes;  // which arguments are good; nullptr: there is none
    // False: the argument is bad. nullptr: --help and --version, which end the reading.
    bool (*take)(ChatOptions& options, const std::string& argument);
};

bool take_name(ChatOptions& options, const std::string& argument) {
    options.name = trim_name(argument);
    return check_name(options.name) == NameFault::None;
}

bool take_language(ChatOptions& options, const std::string& argument) {
    const auto language = language_named(argument);
    options.language = language.value_or(options.language);
    return language.has_value();
}

bool take_plain(ChatOptions& options, const std::string& /*none*/) {
    return options.plain = true;
}

bool take_colour(ChatOptions& options, const std::string& argument) {
    constexpr std::array kWords = {"auto", "always", "never"};
    const auto* const found = std::ranges::find(kWords, argument);
    if (found == kWords.end()) return false;
    options.colour = static_cast<ColourWish>(found - kWords.begin());
    return true;
}

bool take_log(ChatOptions& options, const std::string& argument) {
    options.log_path = argument;
    return !argument.empty();
}

constexpr Row kRows[] = {
    {"name", 'n', "NAME", "come in under this name (asked for)",
     "a name of letters and digits, at most 20", take_name},
    {"lang", 0, "en|zh", "the language (LC_ALL, LC_MESSAGES, LANG)", "en or zh", take_language},
    {"plain", 0, nullptr, "plain lines only, also from a server that knows more", nullptr,
     take_plain},
    {"color", 0, "WHEN", "auto: on a terminal, without NO_COLOR; always, never (auto)",
     "auto, always or never", take_colour},
    {"log", 0, "FILE", "append what is shown to FILE, without colours", "the name of a file",
     take_log},
    {"help", 0, nullptr, "show this", nullptr, nullptr},
    {"version", 0, nullptr, "show the version", nullptr, nullptr},
};
static_assert(kNameCharactersMax == 20, "the table writes it in words");

std::string short_options() {
    std::string letters = ":";  // tell a missing argument from an unknown option
    for (const Row& row : kRows) {
        if (row.letter == 0) continue;
        letters += row.letter;
        if (row.argument != nullptr) letters += ':';
    }
    return letters;
}

std::vector<option> long_options() {
    std::vector<option> options;
    for (int value = kFirstRow; const Row& row : kRows) {
        const int arguments = row.argument == nullptr ? no_argument : required_argument;
        options.push_back({row.name, arguments, nullptr, value++});
    }
    options.push_back({});
    return options;
}

// found: what getopt_long(3) returned for an option of the table.
const Row& row_of(int found) {
    if (found >= kFirstRow) return kRows[found - kFirstRow];
    return *std::ranges::find(kRows, found, &Row::letter);
}

std::string help_line(const Row& row) {
    std::string line = row.letter != 0 ? std::string("  -") + row.letter + ", --" : "      --";
    line += row.name;
    if (row.argument != nullptr) line.append(" ").append(row.argument);
    line.resize(std::max(kMeaningColumn, line.size() + 1), ' ');
    return line + row.meaning + '\n';
}

std::string help_text() {
    std::string text =
        "Usage: chat [OPTION]... [HOST[:PORT]]\n"
        "Chat in the room of a chatd server (localhost:8888).\n\n";
    for (const Row& row : kRows) text += help_line(row);
    return text;
}

ChatAnswer complaint(const std::string& line) {
    return {"chat: " + line + "; see chat --help\n", true};
}

}  // namespace

bool take_server(ChatOptions& options, const std::string& word) {
    const bool is_bracketed = word.starts_with('[');
    const std::size_t host_end = is_bracketed ? word.find(']') : word.find(':');
    if (is_bracketed && host_end == std::string::npos) return false;
    std::string host = word.substr(0, host_end);
    std::string rest = host_end == std::string::npos ? "" : word.substr(host_end);
    if (is_bracketed) {
        host.erase(0, 1);
        rest.erase(0, 1);
    } else if (std::ranges::count(word, ':') > 1) {  // an IPv6 address without a port
        host = word;
        rest.clear();
    }
    if (host.empty() || (!rest.empty() && !rest.starts_with(':'))) return false;
    if (!rest.empty()) {
        if (!parse_number<std::uint16_t>(rest.substr(1), 1)) return false;
        options.port = rest.substr(1);
    }
    options.host = host;
    return true;
}

ParsedChatOptions parse_chat_options(std::span<char*> argv, Language language) {
    const int argc = static_cast<int>(argv.size());
    const std::string letters = short_options();
    const std::vector<option> words = long_options();
    ChatOptions options;
    options.language = language;
    opterr = 0;
    optind = 0;  // begin anew, whoever called getopt before (getopt(3), NOTES)
    for (;;) {
        const int at = optind == 0 ? 1 : optind;
        const int found = ::getopt_long(argc, argv.data(), letters.c_str(), words.data(), nullptr);
        if (found == -1) break;
        if (found == ':' || found == '?') {
            const std::string word = argv[static_cast<std::size_t>(at)];
            return complaint(word + (found == ':' ? " needs a value" : " is no option"));
        }
        const Row& row = row_of(found);
        if (row.name == std::string_view("help")) return ChatAnswer{help_text()};
        if (row.name == std::string_view("version")) {
            return ChatAnswer{std::string("chat ") + kVersion + '\n'};
        }
        if (!row.take(options, optarg == nullptr ? "" : optarg)) {
            return complaint(std::string("--") + row.name + " takes " + row.takes);
        }
    }
    const auto operands = argv.subspan(static_cast<std::size_t>(optind));
    if (operands.size() > 1) return complaint("only one server can be named");
    if (!operands.empty() && !take_server(options, operands.front())) {
        return complaint(std::string(operands.front()) + " is no HOST or HOST:PORT");
    }
    return options;
}

}  // namespace chatd
