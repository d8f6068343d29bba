// Modes of the sandbox: what the kernel does when a process makes a system call that is not on the
// list of its role.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace chatd {

enum class SandboxMode : std::uint8_t {
    Off,     // there is no sandbox: the call is made
    On,      // the kernel kills the process
    Report,  // the call fails and the process says so on stderr: to find calls that a list lacks
};

// Whether this build has the address sanitizer. g++ and clang++ say so in different ways.
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

// Report is only in builds for tests (CHATD_SANDBOX_REPORT): the program that ships does not have
// it.
#ifdef CHATD_SANDBOX_REPORT
constexpr bool kSandboxReports = true;
#else
constexpr bool kSandboxReports = false;
#endif

// "off", "on", or "report" where that is built in; none: another text.
[[nodiscard]] constexpr std::optional<SandboxMode> sandbox_mode_named(std::string_view name) {
    if (name == "off") return SandboxMode::Off;
    if (name == "on") return SandboxMode::On;
    if (kSandboxReports && name == "report") return SandboxMode::Report;
    return std::nullopt;
}

}  // namespace chatd
