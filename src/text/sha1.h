// SHA-1 (FIPS 180-4, section 6.1), for what the web asks it for: the handshake of a WebSocket, and
// names for versions of a file. It must never guard a secret: collisions are known.
#pragma once

#include <array>
#include <string_view>

namespace chatd {

using Sha1 = std::array<unsigned char, 20>;

[[nodiscard]] Sha1 sha1(std::string_view message);

}  // namespace chatd
