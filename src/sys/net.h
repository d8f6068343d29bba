// TCP: listening, accepting, and addresses as text.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.h"

struct tcp_info;

namespace chatd {

struct Listener {
    UniqueFd fd;
    std::string name;  // "[::]:8888", as bound
};

// Listens on each of `addresses`, numeric IPv4 or IPv6; on none of them: on all addresses of both
// families by one socket, or of IPv4 where there is no IPv6. Port 0 takes a free one, the same for
// all. Throws SetupError.
[[nodiscard]] std::vector<Listener> listen_tcp(const std::vector<std::string>& addresses,
                                               std::uint16_t port);

// A socket that somebody else has made and passed to this program. Throws SetupError unless it
// listens for TCP clients.
[[nodiscard]] Listener adopt_listener(int fd);

[[nodiscard]] std::uint16_t bound_port(const Listener& listener);

struct Accepted {
    UniqueFd fd;       // invalid: see error
    std::string peer;  // "192.0.2.7:51234"; an IPv4 client of an IPv6 socket reads like this too
    // Who may be one and the same: "192.0.2.7", and of IPv6 the network, "2001:db8:0:1::/64".
    std::string address;
    int error;  // an errno
};

[[nodiscard]] Accepted accept_client(const Listener& listener);

// Has the client's kernel confirmed all that was sent, the end included?
[[nodiscard]] bool is_all_confirmed(int client);

// With something on its way to the client: does its kernel not answer any more? A client that does
// not read is still answered for. `since`: for how long something has been on its way, at least.
[[nodiscard]] bool is_unreachable(int client, std::chrono::nanoseconds since);

// The same, of what the kernel knows of a connection (tcp(7), TCP_INFO).
[[nodiscard]] bool is_unreachable(const tcp_info& info, std::chrono::nanoseconds since);

// Closes at once and both ways (RST): for a client that has had everything and does not close.
void reset_connection(UniqueFd client);

// Throws away what the client has sent so far, unread: closing over it would cost the client the
// last lines sent to it (RFC 1122, 4.2.2.13).
void discard_input(int client);

}  // namespace chatd
