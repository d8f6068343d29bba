// TCP: listening, accepting, and addresses as text.
#pragma once

#include <array>
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

// Listens on each of `addresses`, which are numeric IPv4 or IPv6. Without any: on all addresses of
// both families by one socket, or of IPv4 where there is no IPv6. Port 0 takes a free port, the
// same for all. Throws SetupError.
[[nodiscard]] std::vector<Listener> listen_tcp(const std::vector<std::string>& addresses,
                                               std::uint16_t port);

// A socket that a service manager has made and passed to this program; the result owns it. Throws
// SetupError unless it listens for TCP clients.
[[nodiscard]] Listener adopt_listener(int fd);

// The port that the listener is bound to. Throws SetupError.
[[nodiscard]] std::uint16_t bound_port(const Listener& listener);

struct Accepted {
    UniqueFd fd;          // invalid: see error
    std::string peer;     // "192.0.2.7:51234", also of an IPv4 client on an IPv6 socket
    std::string address;  // "192.0.2.7", "2001:db8:0:1::/64": its clients count as one person
    int error;            // an errno; EAGAIN: no client waits
};

// A block of addresses, "192.0.2.0/24", "2001:db8::/32" or one address (RFC 4632; RFC 4291, 2.3).
struct Network {
    bool is_v4;                          // "::ffff:192.0.2.7" is of IPv4
    std::array<std::uint8_t, 16> bytes;  // of the address; of IPv4 as IPv6 writes it, ::ffff:0:0/96
    unsigned bits;                       // which count, from the first on; 64 at most of IPv6
};

// Throws SetupError when the text is no such block, which tells the operator what `option` takes.
// to_the_bit: all bits of IPv6 count.
[[nodiscard]] Network parse_network(const std::string& text, const char* option = "a network",
                                    bool to_the_bit = false);

// address: see Accepted.
[[nodiscard]] bool contains(const Network& network, const std::string& address);

// The address alone of a peer: see Accepted. Without a port, with one, or in brackets.
[[nodiscard]] std::string address_of_peer(std::string_view peer);

// A client that a proxy has accepted: who it is, without a descriptor and a port. None: the text is
// no numeric address, with or without a port.
[[nodiscard]] std::optional<Accepted> client_of_proxy(const std::string& text);

// Accepts a client, if one waits. Never waits for one.
[[nodiscard]] Accepted accept_client(const Listener& listener);

// Is the client still there? Gone: its connection was reset, or it has closed and sent nothing. One
// that has closed after it sent something may still read. This reads nothing.
enum class Presence : std::uint8_t { Here, SendsNoMore, Gone };
[[nodiscard]] Presence presence_of(int client);

// The bytes that were sent, with the end of it, and that the client's kernel has not confirmed
// (SIOCOUTQ in tcp(7)); none: that is not known.
[[nodiscard]] std::optional<int> unconfirmed_bytes(int client);
[[nodiscard]] inline bool is_all_confirmed(int client) {
    return unconfirmed_bytes(client) == 0;
}

// Has the client's kernel stopped answering while something was on its way to the client? (The
// kernel of a client that only does not read still answers.) `since`: how long something has been
// on its way, at least. False when our kernel cannot say. `info`: what it knows (tcp(7), TCP_INFO).
[[nodiscard]] bool is_unreachable(int client, Duration since);
[[nodiscard]] bool is_unreachable(const tcp_info& info, Duration since);

// Closes the connection at once and in both directions (RST): for a client that does not close.
void reset_connection(UniqueFd client);

// Throws away what the client has sent so far. If it were still unread at the close, the client
// would lose the last lines that were sent to it (RFC 1122, 4.2.2.13).
void discard_input(int client);

}  // namespace chatd
