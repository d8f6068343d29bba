#include "options.h"

#include <getopt.h>

#include <algorithm>

#include "base/bounds.h"
#include "text/number.h"
#include "text/width.h"

namespace chatd {
namespace {

constexpr std::size_t kMeaningColumn = 25;  // where --help says what an option means
constexpr int kFirstRow = 256;  // the table's first option for getopt_long(3): above all letters

struct Row {
    const char* name;
    char letter;           // 0: the option has no short form
    const char* argument;  // as --help names it, "[=…]": may be left out; nullptr: there is none
    const char* meaning;
    const char* takes;  // which arguments are good; nullptr: all are
    // False: the argument is bad. nullptr: --help and --version, which end the reading.
    bool (*take)(Options& options, const std::string& argument);
};

template <class Target, class Value>
bool assign(Target& target, const std::optional<Value>& value) {
    if (value) target = *value;
    return value.has_value();
}

template <auto kMember>
bool take_flag(Options& options, const std::string& /*none*/) {
    options.*kMember = !(Options{}.*kMember);
    return true;
}

template <auto kMember>
bool take_word(Options& options, const std::string& argument) {
    options.*kMember = argument;
    return !argument.empty();
}

// kNamed: the function that knows the words which the option takes.
template <auto kMember, auto kNamed>
bool take_named(Options& options, const std::string& argument) {
    return assign(options.*kMember, kNamed(argument));
}

template <auto kMember, auto kMin, auto kMax>
bool take_number(Options& options, const std::string& argument) {
    return assign(options.*kMember, parse_number<decltype(kMax)>(argument, kMin, kMax));
}

template <auto kMember>
bool take_seconds(Options& options, const std::string& argument) {
    const auto seconds = parse_number<std::uint32_t>(argument, 0, kTimeoutLimit);
    options.limits.*kMember = std::chrono::seconds(seconds.value_or(0));
    return seconds.has_value();
}

bool take_sandbox(Options& options, const std::string& mode) {
    return assign(options.sandbox.mode, sandbox_mode_named(mode));
}

bool take_inspect(Options& options, const std::string& /*none*/) {
    return options.sandbox.inspect = true;
}

bool take_address(Options& options, const std::string& argument) {
    options.addresses.push_back(argument);
    return true;
}

bool take_proxy(Options& options, const std::string& argument) {
    options.proxies.push_back(argument);
    return true;
}

bool take_no_web(Options& options, const std::string& /*none*/) {
    options.web.is_on = false;
    return true;
}

// RFC 6454, 6.2: a scheme, a host, perhaps a port, and nothing else.
bool take_web_origin(Options& options, const std::string& origin) {
    options.web.origins.push_back(origin);
    const std::size_t host = origin.find("://");
    const bool is_web = origin.starts_with("http://") || origin.starts_with("https://");
    return is_web && host + 3 < origin.size() && origin.find('/', host + 3) == origin.npos;
}

bool take_trace(Options& options, const std::string& path) {
    options.trace = path;
    return true;
}

bool take_exempt(Options& options, const std::string& argument) {
    options.exempt.push_back(argument);
    return true;
}

// "10:20", or "10": then as many at once as there are in two seconds.
bool take_rate(Rate& rate, const std::string& argument) {
    const std::size_t colon = std::min(argument.find(':'), argument.size());
    const auto number = [&](std::size_t at, std::size_t count, std::uint32_t least) {
        return parse_number<std::uint32_t>(argument.substr(at, count), least, kRateLimit);
    };
    if (!assign(rate.per_second, number(0, colon, 0))) return false;
    rate.burst = std::max<std::uint32_t>(1, 2 * rate.per_second);
    return colon == argument.size() || assign(rate.burst, number(colon + 1, SIZE_MAX, 1));
}

bool take_client_rate(Options& options, const std::string& argument) {
    return take_rate(options.limits.rate, argument);
}

bool take_address_rate(Options& options, const std::string& argument) {
    return take_rate(options.address_rate, argument);
}

constexpr Row kRows[] = {
    {"port", 'p', "PORT", "listen on this port; 0 takes a free one (8888)",
     "a port from 0 to 65535", take_number<&Options::port, 0, std::uint16_t{65535}>},
    {"bind", 'b', "ADDRESS", "listen on this numeric address; may be given again (all)", nullptr,
     take_address},
    {"lang", 0, "en|zh", "the language clients begin with (LC_ALL, LC_MESSAGES, LANG)", "en or zh",
     take_named<&Options::language, language_named>},
    {"max-clients", 0, "N", "refuse more than N clients at a time (10000)",
     "a number from 1 to 1048576", take_number<&Options::clients_max, 1, kClientsLimit>},
    {"max-per-ip", 0, "N", "refuse more than N of one address; 0: no limit (256)",
     "a number from 0 to 1048576", take_number<&Options::per_address_max, 0, kClientsLimit>},
    {"no-penalty", 0, "NETWORK",
     "slow no client of this address or network down for what others "
     "of it do; may be given again",
     nullptr, take_exempt},
    {"no-penalties", 0, nullptr, "let an address in whatever its clients have done", nullptr,
     take_flag<&Options::penalties>},
    {"max-logins", 0, "N",
     "with more than N that told no name yet, turn newcomers away at "
     "random, all of them with 2N; 0: nobody (half of all)",
     "a number from 0 to 1048576", take_number<&Options::logins_max, 0, kClientsLimit>},
    {"rate", 0, "N[:BURST]",
     "lines a client may send per second, and at once; more wait, "
     "0: no limit (10:20)",
     "lines per second and lines at once, each at most 1000000: 10 or 10:20", take_client_rate},
    {"rate-per-ip", 0, "N[:BURST]",
     "lines all clients of one address may send per second, and at "
     "once; more wait, 0: no limit (50:600)",
     "lines per second and lines at once, each at most 1000000: 50 or 50:600", take_address_rate},
    {"login-timeout", 0, "S", "seconds to tell a name in; 0: no limit (30)",
     "seconds, at most a week", take_seconds<&Limits::to_name>},
    {"idle-timeout", 0, "S", "seconds to be silent in the room; 0: no limit (0)",
     "seconds, at most a week", take_seconds<&Limits::idle>},
    {"no-web", 0, nullptr, "show browsers no page, and open no WebSocket", nullptr, take_no_web},
    {"web-origin", 0, "ORIGIN",
     "only this page, https://chat.example, may open a WebSocket; may be given again (the page of "
     "the same host)",
     "what a browser calls an origin: https://chat.example", take_web_origin},
    {"trust-proxy", 0, "ADDRESS",
     "believe this address or network from where a browser comes (X-Forwarded-For); may be given "
     "again",
     nullptr, take_proxy},
    {"history", 0, "FILE", "keep what is said in FILE, for the next start (in memory)",
     "the name of a file", take_word<&Options::history_path>},
    {"history-size", 0, "N", "bytes of history to keep (4194304)",
     "a number of bytes from 65536 to 1099511627776",
     take_number<&Options::history_bytes, kHistoryBytesMin, kHistoryBytesMax>},
    {"sync", 0, nullptr, "a line counts as said only once it is on the disk", nullptr,
     take_flag<&Options::sync>},
    {"replay", 0, "N", "messages a newcomer is shown (10)", "a number from 0 to 1000",
     take_number<&Options::replay, 0, kReplayMax>},
    {"no-crowds", 0, nullptr, "a line for each who comes or goes, however many at once", nullptr,
     take_flag<&Options::crowds>},
    {"run-dir", 0, "DIR",
     "where the broker's socket lies ($XDG_RUNTIME_DIR/chatd, "
     "or /tmp/chatd-UID)",
     "the name of a directory", take_word<&Options::run_directory>},
    {"user", 0, "NAME",
     "whom to become, started as root; NAME or UID, or with :GID "
     "behind it (nobody)",
     "NAME, UID, NAME:GID or UID:GID", take_word<&Options::user>},
    {"sandbox", 0, "MODE", "on: a process that does what is none of its business dies; off (on)",
     kSandboxReports ? "on, off or report" : "on or off", take_sandbox},
    {"inspect", 0, nullptr, "let the server's own user look into it with strace and gdb", nullptr,
     take_inspect},
    {"reap-delay", 0, "S", "seconds that an ended worker stays a zombie, to be looked at (0)",
     "seconds, at most 3600", take_number<&Options::reap_delay_s, 0, kReapDelayMax>},
    {"nice", 0, "N",
     "niceness of the workers, -20 to 19; to go below that of the "
     "parent takes root or ulimit -e (that of the parent)",
     "a number from -20 to 19", take_number<&Options::niceness, -20, 19>},
    {"metrics", 0, "SOCKET", "answer who connects to this AF_UNIX socket with what is counted",
     "the name of a socket to be made", take_word<&Options::metrics_path>},
    {"log-level", 0, "L", "error, warning, info or debug (info)", "error, warning, info or debug",
     take_named<&Options::level, level_named>},
    {"trace", 0, "[=FILE]",
     "write each step to FILE as it happens, a line each, without "
     "what people say (stderr)",
     nullptr, take_trace},
    {"trace-text", 0, nullptr, "what people say too", nullptr, take_flag<&Options::trace_text>},
    {"ready-fd", 0, "N", "write the port to descriptor N once clients can come",
     "the number of an open descriptor, at least 3", take_number<&Options::ready_fd, 3, INT32_MAX>},
    {"help", 0, nullptr, "show this", nullptr, nullptr},
    {"version", 0, nullptr, "show the version", nullptr, nullptr},
};
// The table writes these bounds in words.
static_assert(kClientsLimit == 1'048'576 && kHistoryBytesMin == 65'536 &&
              kHistoryBytesMax == 1'099'511'627'776 && kRateLimit == 1'000'000 &&
              kReplayMax == 1000 && kReapDelayMax == 3600 && kTimeoutLimit == 7 * 24 * 60 * 60);

std::string short_options() {
    std::string letters = "+:";  // stop at the first word that is no option; tell ':' from '?'
    for (const Row& row : kRows) {
        if (row.letter == 0) continue;
        letters += row.letter;
        if (row.argument != nullptr) letters += ':';
    }
    return letters;
}

bool may_be_left_out(const Row& row) {
    return row.argument[0] == '[';
}

int arguments_of(const Row& row) {
    if (row.argument == nullptr) return no_argument;
    return may_be_left_out(row) ? optional_argument : required_argument;
}

std::vector<option> long_options() {
    std::vector<option> options;
    for (int value = kFirstRow; const Row& row : kRows) {
        options.push_back({row.name, arguments_of(row), nullptr, value++});
    }
    options.push_back({});
    return options;
}

// found: what getopt_long(3) returned for an option of the table.
const Row& row_of(int found) {
    if (found >= kFirstRow) return kRows[found - kFirstRow];
    return *std::ranges::find(kRows, found, &Row::letter);
}

std::string complaint(const Row& row) {
    const std::string option =
        row.letter != 0 ? std::string{'-', row.letter} : std::string("--") + row.name;
    return option + " takes " + row.takes;
}

std::string help_line(const Row& row) {
    std::string line = row.letter != 0 ? std::string("  -") + row.letter + ", --" : "      --";
    line += row.name;
    if (row.argument != nullptr) line.append(may_be_left_out(row) ? "" : " ").append(row.argument);
    // A name that is too long has a line of its own.
    if (line.size() >= kMeaningColumn) line += '\n' + std::string(kMeaningColumn, ' ');
    if (line.size() < kMeaningColumn) line.resize(kMeaningColumn, ' ');
    for (const char character : wrapped(row.meaning, kRowColumnsMax - kMeaningColumn)) {
        line += character;
        if (character == '\n') line.append(kMeaningColumn, ' ');
    }
    return line + '\n';
}

}  // namespace

std::string help_text() {
    std::string text =
        "Usage: chatd [OPTION]...\n"
        "A chat room, one process per client. Come in with: nc localhost 8888\n\n";
    for (const Row& row : kRows) text += help_line(row);
    return text;
}

ParsedOptions parse_options(std::span<char*> argv, Language language) {
    const int argc = static_cast<int>(argv.size());
    const std::string letters = short_options();
    const std::vector<option> words = long_options();
    Options options;
    options.language = language;
    opterr = 0;
    optind = 0;  // begin anew, whoever called getopt before (getopt(3), NOTES)
    for (;;) {
        const int at = optind == 0 ? 1 : optind;
        const int found = ::getopt_long(argc, argv.data(), letters.c_str(), words.data(), nullptr);
        if (found == -1) break;
        if (found == ':' || found == '?') {
            const std::string word = argv[static_cast<std::size_t>(at)];
            return BadUsage{word + (found == ':' ? " needs a value" : " is no option")};
        }
        const Row& row = row_of(found);
        if (row.name == std::string_view("help")) return HelpWanted{};
        if (row.name == std::string_view("version")) return VersionWanted{};
        if (!row.take(options, optarg == nullptr ? "" : optarg)) return BadUsage{complaint(row)};
    }
    if (optind < argc) {
        return BadUsage{std::string(argv[static_cast<std::size_t>(optind)]) + " is no option"};
    }
    if (options.sync && options.history_path.empty()) return BadUsage{"--sync needs --history"};
    if (options.trace_text && !options.trace) return BadUsage{"--trace-text needs --trace"};
    return options;
}

}  // namespace chatd
