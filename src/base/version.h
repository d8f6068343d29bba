// The version of chatd. The binary to which tests upgrade has another one.
#pragma once

#ifndef CHATD_VERSION
#define CHATD_VERSION "0.3.0"
#endif

namespace chatd {

inline constexpr const char* kVersion = CHATD_VERSION;

}  // namespace chatd
