#include "options.h"

#include <getopt.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace chatd {
namespace {

enum LongOption : int {
    kBind = 'b',
    kPort = 'p',
    kLang = 256,
    kMaxClients,
    kMaxPerIp,
    kNoPenalties,
    kMaxLogins,
    kRate,
    kLoginTimeout,
    kIdleTimeout,
    kHistory,
    kHistorySize,
    kSync,
    kReplayOption,
    kNoCrowds,
    kRunDir,
    kUser,
    kSandbox,
    kMetrics,
    kLogLevel,
    kReadyFd,
    kHelpOption,
    kVersionOption,
};

constexpr option kLongOptions[] = {
    {"port", required_argument, nullptr, kPort},
    {"bind", required_argument, nullptr, kBind},
    {"lang", required_argument, nullptr, kLang},
    {"max-clients", required_argument, nullptr, kMaxClients},
    {"max-per-ip", required_argument, nullptr, kMaxPerIp},
    {"no-penalties", no_argument, nullptr, kNoPenalties},
    {"max-logins", required_argument, nullptr, kMaxLogins},
    {"rate", required_argument, nullptr, kRate},
    {"login-timeout", required_argument, nullptr, kLoginTimeout},
    {"idle-timeout", required_argument, nullptr, kIdleTimeout},
    {"history", required_argument, nullptr, kHistory},
    {"history-size", required_argument, nullptr, kHistorySize},
    {"sync", no_argument, nullptr, kSync},
    {"replay", required_argument, nullptr, kReplayOption},
    {"no-crowds", no_argument, nullptr, kNoCrowds},
    {"run-dir", required_argument, nullptr, kRunDir},
    {"user", required_argument, nullptr, kUser},
    {"sandbox", required_argument, nullptr, kSandbox},
    {"metrics", required_argument, nullptr, kMetrics},
    {"log-level", required_argument, nullptr, kLogLevel},
    {"ready-fd", required_argument, nullptr, kReadyFd},
    {"help", no_argument, nullptr, kHelpOption},
    {"version", no_argument, nullptr, kVersionOption},
    {},
};

template <class Number>
bool read_number(std::string_view text, Number min, Number max, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= min &&
           number <= max;
}

template <class Number>
bool read_number(std::string_view text, Number min, Number max, std::optional<Number>& number) {
    return read_number(text, min, max, number.emplace());
}

bool read_seconds(std::string_view text, std::chrono::seconds& time) {
    std::uint32_t number = 0;
    if (!read_number<std::uint32_t>(text, 0, kTimeoutLimit, number)) return false;
    time = std::chrono::seconds(number);
    return true;
}

// "10:20", or "10": a burst of as many as there are in two seconds.
bool read_rate(std::string_view text, Rate& rate) {
    const std::size_t colon = text.find(':');
    const std::string_view burst = colon == std::string_view::npos ? "" : text.substr(colon + 1);
    if (!read_number<std::uint32_t>(text.substr(0, colon), 0, kRateLimit, rate.per_second)) {
        return false;
    }
    rate.burst = std::max<std::uint32_t>(1, 2 * rate.per_second);
    return colon == std::string_view::npos ||
           read_number<std::uint32_t>(burst, 1, kRateLimit, rate.burst);
}

template <class Value>
bool assign(std::optional<Value> found, Value& value) {
    if (found) value = *found;
    return found.has_value();
}

// Takes one option's value. Nothing: it is fine. Otherwise what the value should have been.
std::optional<std::string> take(Options& options, int option, const std::string& value) {
    const auto unless = [](bool good, std::string expected) {
        return good ? std::optional<std::string>() : std::move(expected);
    };
    switch (option) {
        case kPort:
            return unless(read_number<std::uint16_t>(value, 0, 65535, options.port),
                          "-p takes a port from 0 to 65535");
        case kBind: options.addresses.push_back(value); return std::nullopt;
        case kLang:
            return unless(assign(language_named(value), options.language), "--lang takes en or zh");
        case kMaxClients:
            return unless(
                read_number<std::uint32_t>(value, 1, kClientsLimit, options.clients_max),
                "--max-clients takes a number from 1 to " + std::to_string(kClientsLimit));
        case kMaxPerIp:
            return unless(
                read_number<std::uint32_t>(value, 0, kClientsLimit, options.per_address_max),
                "--max-per-ip takes a number from 0 to " + std::to_string(kClientsLimit));
        case kNoPenalties: options.penalties = false; return std::nullopt;
        case kMaxLogins:
            return unless(read_number<std::uint32_t>(value, 0, kClientsLimit, options.logins_max),
                          "--max-logins takes a number from 0 to " + std::to_string(kClientsLimit));
        case kRate:
            return unless(read_rate(value, options.limits.rate),
                          "--rate takes lines per second, and how many at once: 10 or 10:20");
        case kLoginTimeout:
            return unless(read_seconds(value, options.limits.to_name),
                          "--login-timeout takes seconds, at most a week");
        case kIdleTimeout:
            return unless(read_seconds(value, options.limits.silent),
                          "--idle-timeout takes seconds, at most a week");
        case kHistory:
            options.history_path = value;
            return unless(!value.empty(), "--history takes the name of a file");
        case kHistorySize:
            return unless(read_number<std::size_t>(value, kHistoryBytesMin, kHistoryBytesMax,
                                                   options.history_bytes),
                          "--history-size takes a number of bytes, at least " +
                              std::to_string(kHistoryBytesMin));
        case kSync: options.sync = true; return std::nullopt;
        case kReplayOption:
            return unless(read_number<std::uint32_t>(value, 0, kReplayMax, options.replay),
                          "--replay takes a number from 0 to " + std::to_string(kReplayMax));
        case kNoCrowds: options.crowds = false; return std::nullopt;
        case kRunDir:
            options.run_directory = value;
            return unless(!value.empty(), "--run-dir takes the name of a directory");
        case kUser:
            options.user = value;
            return unless(!value.empty(), "--user takes NAME, UID, NAME:GID or UID:GID");
        case kSandbox:
            return unless(assign(sandbox_mode_named(value), options.sandbox),
                          kSandboxReports ? "--sandbox takes on, off or report"
                                          : "--sandbox takes on or off");
        case kMetrics:
            options.metrics_path = value;
            return unless(!value.empty(), "--metrics takes the name of a socket to be made");
        case kLogLevel:
            return unless(assign(level_named(value), options.level),
                          "--log-level takes error, warning, info or debug");
        case kReadyFd:
            return unless(read_number<int>(value, 3, INT32_MAX, options.ready_fd),
                          "--ready-fd takes the number of an open descriptor, at least 3");
        default: return "unknown option";
    }
}

}  // namespace

const char* const kHelp =
    "Usage: chatd [OPTION]...\n"
    "A chat room, one process per client. Come in with: nc localhost 8888\n"
    "\n"
    "  -p, --port PORT        listen on this port; 0 takes a free one (8888)\n"
    "  -b, --bind ADDRESS     listen on this numeric address; may be given again (all)\n"
    "      --lang en|zh       the language clients begin with (LC_ALL, LC_MESSAGES, LANG)\n"
    "      --max-clients N    refuse more than N clients at a time (10000)\n"
    "      --max-per-ip N     refuse more than N of one address; 0: no limit (256)\n"
    "      --no-penalties     let an address in whatever its clients have done\n"
    "      --max-logins N     with more than N that told no name yet, turn newcomers away at\n"
    "                         random, all of them with 2N; 0: nobody (half of all)\n"
    "      --rate N[:BURST]   lines a client may send per second, and at once; more wait,\n"
    "                         0: no limit (10:20)\n"
    "      --login-timeout S  seconds to tell a name in; 0: no limit (30)\n"
    "      --idle-timeout S   seconds to be silent in the room; 0: no limit (0)\n"
    "      --history FILE     keep what is said in FILE, for the next start (in memory)\n"
    "      --history-size N   bytes of history to keep (4194304)\n"
    "      --sync             a line counts as said only once it is on the disk\n"
    "      --replay N         messages a newcomer is shown (10)\n"
    "      --no-crowds        a line for each who comes or goes, however many at once\n"
    "      --run-dir DIR      where the broker's socket lies ($XDG_RUNTIME_DIR/chatd,\n"
    "                         or /tmp/chatd-UID)\n"
    "      --user NAME        whom to become, started as root; NAME or UID, or with :GID\n"
    "                         behind it (nobody)\n"
    "      --sandbox MODE     on: a process that does what is none of its business dies; off (on)\n"
    "      --metrics SOCKET   answer who connects to this AF_UNIX socket with what is counted\n"
    "      --log-level L      error, warning, info or debug (info)\n"
    "      --ready-fd N       write the port to descriptor N once clients can come\n"
    "      --help             show this\n"
    "      --version          show the version\n";

ParsedOptions parse_options(std::span<char*> argv, Language language) {
    Options options;
    options.language = language;
    opterr = 0;
    optind = 0;  // begin anew, whoever called getopt before (getopt(3), NOTES)
    for (;;) {
        const int at = optind == 0 ? 1 : optind;
        const int option = ::getopt_long(static_cast<int>(argv.size()), argv.data(),
                                         "+:p:b:", kLongOptions, nullptr);
        if (option == -1) break;
        if (option == kHelpOption) return HelpWanted{};
        if (option == kVersionOption) return VersionWanted{};
        if (option == ':' || option == '?') {
            const std::string word = argv[static_cast<std::size_t>(at)];
            return BadUsage{option == ':' ? word + " needs a value" : word + " is no option"};
        }
        if (const auto trouble = take(options, option, optarg == nullptr ? "" : optarg))
            return BadUsage{*trouble};
    }
    if (optind < static_cast<int>(argv.size())) {
        return BadUsage{std::string(argv[static_cast<std::size_t>(optind)]) + " is no option"};
    }
    if (options.sync && options.history_path.empty()) return BadUsage{"--sync needs --history"};
    return options;
}

}  // namespace chatd
