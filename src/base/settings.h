// Options that several folders must know, and what was chosen when this program was built.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// The binary to which tests upgrade has another version. This constant and kSandboxReports are not
// inline, because programs for tests are linked from objects of two builds.
#ifndef CHATD_VERSION
#define CHATD_VERSION "0.3.0"
#endif
constexpr const char* kVersion = CHATD_VERSION;

// The level of the journal: the operator reads lines of this level and of all levels before it.
enum class Level : std::uint8_t { Error, Warning, Info, Debug };

// The level that --log-level calls "error", "warning", "info" or "debug"; none for any other name.
[[nodiscard]] constexpr std::optional<Level> level_named(std::string_view name) {
    if (name == "error") return Level::Error;
    if (name == "warning") return Level::Warning;
    if (name == "info") return Level::Info;
    if (name == "debug") return Level::Debug;
    return std::nullopt;
}

// The sandbox's answer when a process makes a system call that is not on the list of its role.
enum class SandboxMode : std::uint8_t {
    Off,     // there is no sandbox: the call is made
    On,      // the kernel kills the process
    Report,  // the call fails and the process says so on stderr: to find calls that a list lacks
};

// True in a build with the address sanitizer. g++ and clang++ say so in different ways.
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// The default of --sandbox. Sanitizers make system calls that are on no list.
inline constexpr SandboxMode kSandboxMode = kSanitized ? SandboxMode::Off : SandboxMode::On;

// Report is only in builds for tests; the program that ships does not have it.
#ifdef CHATD_SANDBOX_REPORT
constexpr bool kSandboxReports = true;
#else
constexpr bool kSandboxReports = false;
#endif

// The mode that --sandbox calls "off", "on", or "report" (where that is built in); none for any
// other name.
[[nodiscard]] constexpr std::optional<SandboxMode> sandbox_mode_named(std::string_view name) {
    if (name == "off") return SandboxMode::Off;
    if (name == "on") return SandboxMode::On;
    if (kSandboxReports && name == "report") return SandboxMode::Report;
    return std::nullopt;
}

// What the processes of a server give up before they read what a stranger sent.
struct Sandbox {
    SandboxMode mode = kSandboxMode;
    bool inspect = false;  // the server's own user may look into them all the same
};

// What browsers may do.
struct WebSettings {
    bool is_on = true;

    // The pages that may open a WebSocket, as browsers name their origins (RFC 6454, 7):
    // "https://chat.example". Empty: the page of the host that the request is for. Whoever is no
    // browser may always open one.
    std::vector<std::string> origins;
};
inline const WebSettings kWebByDefault;

}  // namespace chatd
