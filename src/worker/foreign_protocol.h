// Protocols that are not spoken here: browsers, scanners and proxies connect to an open port too,
// and what they say must not be taken for a name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd {

// The protocol that a first line belongs to, "HTTP", "SSH" or "PROXY"; empty: none that is known.
[[nodiscard]] std::string_view protocol_of(std::string_view line);

// Looks at the first bytes of a client, which may come one by one.
class ProtocolDetector {
  public:
    // Takes out of `bytes` what is not to be read: a byte order mark at the beginning (Unicode 15,
    // 23.8), and for now what may still become that or a foreign protocol. Returns the protocol
    // that the first bytes show, "TLS" (RFC 8446, 5.1) or "PROXY" (its version 2); empty: none.
    [[nodiscard]] std::string_view filter(std::string& bytes);

    // No more bytes will come. Returns what was held back, which is text now.
    [[nodiscard]] std::string finish();

  private:
    [[nodiscard]] bool is_proxy(std::string_view bytes);

    std::size_t proxy_bytes_ = 0;  // bytes of its signature that have come, one after the other
    std::string held_;
    bool decided_ = false;  // nothing is held back any more
};

}  // namespace chatd
