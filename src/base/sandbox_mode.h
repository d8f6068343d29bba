// What becomes of a process that asks the kernel for something its role has no business with.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace chatd {

enum class SandboxMode : std::uint8_t {
    Off,     // nothing: there is no sandbox
    On,      // the kernel kills it
    Report,  // it says so on stderr and is refused: to find out what is missing on a list
};

// Is this build one with the address sanitizer? g++ and clang++ say so in ways of their own.
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// Sanitizers make calls of their own, which are on no list.
inline constexpr SandboxMode kSandboxMode = kSanitized ? SandboxMode::Off : SandboxMode::On;

// "off", "on" or "report".
[[nodiscard]] constexpr std::optional<SandboxMode> sandbox_mode_named(std::string_view name) {
    if (name == "off") return SandboxMode::Off;
    if (name == "on") return SandboxMode::On;
    if (name == "report") return SandboxMode::Report;
    return std::nullopt;
}

}  // namespace chatd
