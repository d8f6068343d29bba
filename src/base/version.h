// The version. The binary that tests upgrade to says another.
#pragma once

#ifndef CHATD_VERSION
#define CHATD_VERSION "0.3.0"
#endif

namespace chatd {

inline constexpr const char* kVersion = CHATD_VERSION;

}  // namespace chatd
