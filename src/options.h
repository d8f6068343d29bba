// The command line. One table, in the .cc file, has all options: what --help says of each, and what
// each takes. chatd.8 explains them. This file must never look whether a file or a user exists.
#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/bounds.h"
#include "base/rate_limiter.h"
#include "base/settings.h"
#include "text/catalogue.h"

namespace chatd {

struct Options {
    std::uint16_t port = 8888;
    std::vector<std::string> addresses;  // empty: all addresses
    Language language = Language::English;
    std::optional<std::uint32_t> clients_max;  // none: as many as possible, up to kClientsMax
    Limits limits{{kLinesPerSecond, kLinesAtOnce}, kTimeToName, {}};
    std::uint32_t per_address_max = kPerAddressMax;  // 0: no limit
    bool penalties = true;
    std::vector<std::string> exempt;                   // networks to which no such limit applies
    Rate address_rate{kUnitsPerSecond, kUnitsAtOnce};  // of all clients of one address
    std::optional<std::uint32_t> logins_max;           // none: half of the clients; 0: no limit
    std::string history_path;                          // empty: the history is kept in memory
    std::optional<std::size_t> history_bytes;  // none: as large as the file, or kHistoryBytes
    bool sync = false;
    std::uint32_t replay = kReplay;
    bool crowds = true;
    std::string run_directory;  // empty: see default_run_directory()
    std::string user;           // empty: see user_to_become()
    Sandbox sandbox;
    std::uint32_t reap_delay_s = 0;
    std::optional<int> niceness;  // of the workers; none: that of the parent
    std::string metrics_path;     // empty: nobody can read the metrics
    Level level = Level::Info;
    std::optional<std::string> trace;  // the name of its file, or empty: stderr
    bool trace_text = false;
    WebSettings web;
    std::vector<std::string> proxies;  // addresses or networks that are believed
    int ready_fd = -1;                 // -1: the port is written nowhere
};

struct HelpWanted {};
struct VersionWanted {};
struct BadUsage {
    std::string line;  // what is wrong with the command line, without a newline
};
using ParsedOptions = std::variant<Options, HelpWanted, VersionWanted, BadUsage>;

// argv: as main() gets it. language: the one clients begin with when --lang names no other.
// The first word that is wrong or asks for help or version decides.
[[nodiscard]] ParsedOptions parse_options(std::span<char*> argv, Language language);

[[nodiscard]] std::string help_text();  // what --help prints

}  // namespace chatd
