// Who knocks? Not everybody who connects to an open port means a chat room: browsers, scanners and
// proxies speak first, in their own ways. They are told so instead of being taken for a name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd {

// The protocol that a first line is of, "HTTP", "SSH" or "PROXY"; empty: none that is known.
[[nodiscard]] std::string_view protocol_of(std::string_view line);

// Looks at the first bytes of a client, which may come one by one.
class ForeignProtocol {
  public:
    // Appends to `text` what is to be read of `bytes`: not a byte order mark at the beginning
    // (Unicode 15, 23.8), and what could still become one only later. Returns the protocol that
    // shows in the first bytes, "TLS" (RFC 8446, 5.1) or "PROXY" (its version 2), or nothing.
    [[nodiscard]] std::string_view let_in(std::string_view bytes, std::string& text);

    // No more will come: what was held back, appended to `text`.
    void open(std::string& text);

  private:
    [[nodiscard]] bool is_proxy(std::string_view bytes);

    std::size_t proxy_bytes_ = 0;  // of its signature have come, one after the other
    std::string held_;
    bool open_ = false;
};

}  // namespace chatd
