// The command line.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/bounds.h"
#include "base/level.h"
#include "base/rate_limiter.h"
#include "base/sandbox_mode.h"
#include "text/language.h"

namespace chatd {

struct Options {
    std::uint16_t port = 8888;
    std::vector<std::string> addresses;  // none: all
    Language language = Language::English;
    std::optional<std::uint32_t> clients_max;  // none: as many as there may be, to kClientsMax
    Limits limits{{kLinesPerSecond, kLinesAtOnce}, kTimeToName, {}};
    std::uint32_t per_address_max = kPerAddressMax;  // 0: no limit
    bool penalties = true;
    std::optional<std::uint32_t> logins_max;   // see Rush; none: half of all that there may be
    std::string history_path;                  // empty: in memory
    std::optional<std::size_t> history_bytes;  // none: kHistoryBytes, or as large as the file is
    bool sync = false;
    std::uint32_t replay = kReplay;
    bool crowds = true;
    std::string run_directory;  // empty: see default_run_directory()
    std::string user;           // empty: see user_to_become()
    SandboxMode sandbox = kSandboxMode;
    std::string metrics_path;  // empty: nobody may read them
    Level level = Level::Info;
    int ready_fd = -1;
};

struct HelpWanted {};
struct VersionWanted {};
struct BadUsage {
    std::string line;
};

using ParsedOptions = std::variant<Options, HelpWanted, VersionWanted, BadUsage>;

// argv as main(3) has it, in `language` unless it says otherwise.
[[nodiscard]] ParsedOptions parse_options(std::span<char*> argv, Language language);

extern const char* const kHelp;

}  // namespace chatd
