#include "sys/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/trace.h"
#include "text/number.h"

namespace chatd {
namespace {

// All IPv6 addresses of such a network are those of one subscriber (RFC 6177).
constexpr unsigned kNetworkBits = 64;

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t bytes = sizeof(sockaddr_storage);

    sockaddr* generic() { return reinterpret_cast<sockaddr*>(&storage); }
    sockaddr_in& v4() { return reinterpret_cast<sockaddr_in&>(storage); }
    sockaddr_in6& v6() { return reinterpret_cast<sockaddr_in6&>(storage); }
    in_port_t& port() { return v4().sin_port; }  // sin6_port lies at the same offset
};

std::optional<SocketAddress> parse_address(const std::string& text, std::uint16_t port) {
    SocketAddress address;
    address.port() = htons(port);
    if (::inet_pton(AF_INET, text.c_str(), &address.v4().sin_addr) == 1) {
        address.storage.ss_family = AF_INET;
        address.bytes = sizeof(sockaddr_in);
        return address;
    }
    if (::inet_pton(AF_INET6, text.c_str(), &address.v6().sin6_addr) == 1) {
        address.storage.ss_family = AF_INET6;
        address.bytes = sizeof(sockaddr_in6);
        return address;
    }
    return std::nullopt;
}

SocketAddress bound_address(int fd) {
    SocketAddress address;
    const bool is_known = ::getsockname(fd, address.generic(), &address.bytes) == 0;
    if (!is_known) throw system_error("getsockname");
    return address;
}

// The address alone, "192.0.2.7" or "2001:db8::1"; of an IPv4 client also on an IPv6 socket.
std::string ip_of(SocketAddress& address) {
    char buffer[INET6_ADDRSTRLEN] = "?";
    if (address.storage.ss_family == AF_INET) {
        (void)::inet_ntop(AF_INET, &address.v4().sin_addr, buffer, sizeof buffer);
    } else if (const in6_addr& v6 = address.v6().sin6_addr; IN6_IS_ADDR_V4MAPPED(&v6)) {
        (void)::inet_ntop(AF_INET, &v6.s6_addr[12], buffer, sizeof buffer);
    } else {
        (void)::inet_ntop(AF_INET6, &v6, buffer, sizeof buffer);
    }
    return buffer;
}

bool is_ipv6(const std::string& ip) {
    return ip.find(':') != std::string::npos;
}

std::string text_of(SocketAddress address) {
    const std::string ip = ip_of(address);
    const std::string port = ':' + std::to_string(ntohs(address.port()));
    return is_ipv6(ip) ? '[' + ip + ']' + port : ip + port;
}

std::string address_without_port(SocketAddress address) {
    const std::string ip = ip_of(address);
    if (!is_ipv6(ip)) return ip;
    auto& bytes = address.v6().sin6_addr.s6_addr;
    std::fill(std::begin(bytes) + kNetworkBits / 8, std::end(bytes), std::uint8_t{0});
    return ip_of(address) + '/' + std::to_string(kNetworkBits);
}

bool set_option(int fd, int level, int option, int value) {
    return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

std::string bind_error(const SocketAddress& address) {
    const std::string at = "cannot listen on " + text_of(address) + ": ";
    if (errno == EADDRINUSE)
        return at + "it is in use; end what listens there, or choose another -p";
    if (errno == EACCES) return at + "ports below 1024 need root; choose another -p";
    if (errno == EADDRNOTAVAIL) return at + "this machine has no such address; choose another -b";
    return at + std::strerror(errno);
}

enum class Family : bool { Only, Both };

// Each of these options is only an improvement: when one fails, the client is served all the same.
void set_client_options(int client) {
    // A worker sends all the screen text that it has at once, so there is nothing to wait for.
    (void)set_option(client, IPPROTO_TCP, TCP_NODELAY, 1);
    (void)set_option(client, SOL_SOCKET, SO_SNDBUF, kSendBufferBytes);
    (void)set_option(client, SOL_SOCKET, SO_RCVBUF, kReceiveBufferBytes);
    (void)set_option(client, SOL_SOCKET, SO_KEEPALIVE, 1);
    (void)set_option(client, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(kKeepaliveIdle / 1s));
    (void)set_option(client, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(kKeepaliveInterval / 1s));
    (void)set_option(client, IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveProbes);
    constexpr int kTcpRtoMaxMs = 44;  // TCP_RTO_MAX_MS, which older headers do not have
    (void)set_option(client, IPPROTO_TCP, kTcpRtoMaxMs, static_cast<int>(kRetryPauseMax / 1ms));
}

Listener listen_on(SocketAddress address, Family family) {
    Listener listener;
    listener.fd.reset(
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!listener.fd.valid()) throw system_error("socket", ExitStatus::Unavailable);
    const int fd = listener.fd.get();
    // Connections of an earlier server linger for a minute. This server need not wait for them.
    const bool is_set = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
                        (address.storage.ss_family == AF_INET ||
                         set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, family == Family::Only ? 1 : 0));
    if (!is_set) throw system_error("setsockopt");
    if (::bind(fd, address.generic(), address.bytes) != 0 || ::listen(fd, SOMAXCONN) != 0) {
        throw SetupError(ExitStatus::Unavailable, bind_error(address));
    }
    listener.name = text_of(bound_address(fd));
    return listener;
}

Listener listen_everywhere(std::uint16_t port) {
    const UniqueFd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return probe.valid() ? listen_on(*parse_address("::", port), Family::Both)
                         : listen_on(*parse_address("0.0.0.0", port), Family::Only);
}

}  // namespace

std::vector<Listener> listen_tcp(const std::vector<std::string>& addresses, std::uint16_t port) {
    std::vector<Listener> listeners;
    if (addresses.empty()) listeners.push_back(listen_everywhere(port));
    for (const std::string& text : addresses) {
        const auto address = parse_address(text, port);
        if (!address) {
            throw SetupError(ExitStatus::Usage,
                             "-b takes a numeric address such as 127.0.0.1 or ::1, not " + text);
        }
        listeners.push_back(listen_on(*address, Family::Only));
        port = bound_port(listeners.front());
    }
    return listeners;
}

Listener adopt_listener(int fd) {
    const auto option = [fd](int name) {
        int value = -1;
        socklen_t bytes = sizeof value;
        return ::getsockopt(fd, SOL_SOCKET, name, &value, &bytes) == 0 ? value : -1;
    };
    const int family = option(SO_DOMAIN);
    if ((family != AF_INET && family != AF_INET6) || option(SO_TYPE) != SOCK_STREAM ||
        option(SO_ACCEPTCONN) != 1) {
        throw SetupError(ExitStatus::Usage,
                         "descriptor " + std::to_string(fd) +
                             ", passed by LISTEN_FDS, is no listening TCP socket; in a socket "
                             "unit, set ListenStream= to a port");
    }
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) throw system_error("fcntl");
    set_inheritable(fd, false);
    return {UniqueFd(fd), text_of(bound_address(fd))};
}

Network parse_network(const std::string& text, const char* option, bool to_the_bit) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    auto address = parse_address(text.substr(0, slash), 0);
    const bool is_v4 = address && address->storage.ss_family == AF_INET;
    const unsigned most = is_v4 ? 32 : 128;
    const auto bits = slash == text.size() ? most : parse_number(text.substr(slash + 1), 0U, most);
    if (!address || !bits) {
        throw SetupError(ExitStatus::Usage,
                         std::string(option) +
                             " takes a numeric address or network such as 192.0.2.0/24, "
                             "not " +
                             text);
    }
    Network network = {true, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96 + *bits};
    if (is_v4) {
        std::memcpy(&network.bytes[12], &address->v4().sin_addr, 4);
        return network;
    }
    const in6_addr& v6 = address->v6().sin6_addr;
    network.is_v4 = IN6_IS_ADDR_V4MAPPED(&v6) && *bits >= 96;
    const bool is_whole = network.is_v4 || to_the_bit;
    network.bits = is_whole ? *bits : std::min(*bits, kNetworkBits);
    std::memcpy(network.bytes.data(), &v6, sizeof v6);
    return network;
}

bool contains(const Network& network, const std::string& address) {
    const Network other = parse_network(address);
    if (network.is_v4 != other.is_v4) return false;
    const auto begin = network.bytes.begin();
    const std::size_t whole = network.bits / 8;
    if (!std::equal(begin, begin + whole, other.bytes.begin())) return false;
    const unsigned rest = network.bits % 8;
    return rest == 0 || ((network.bytes[whole] ^ other.bytes[whole]) >> (8 - rest)) == 0;
}

std::uint16_t bound_port(const Listener& listener) {
    return ntohs(bound_address(listener.fd.get()).port());
}

std::string address_of_peer(std::string_view peer) {
    if (peer.starts_with('[')) return std::string(peer.substr(1, peer.find(']') - 1));
    const std::size_t colon = peer.find(':');
    const bool has_port = colon != peer.npos && peer.find(':', colon + 1) == peer.npos;
    return std::string(peer.substr(0, has_port ? colon : peer.npos));
}

std::optional<Accepted> client_of_proxy(const std::string& text) {
    auto address = parse_address(address_of_peer(text), 0);
    if (!address) return std::nullopt;
    return Accepted{UniqueFd(), ip_of(*address), address_without_port(*address), 0};
}

Accepted accept_client(const Listener& listener) {
    SocketAddress address;
    UniqueFd fd(::accept4(listener.fd.get(), address.generic(), &address.bytes,
                          SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) return {UniqueFd(), {}, {}, errno};
    set_client_options(fd.get());
    Accepted client{std::move(fd), text_of(address), address_without_port(address), 0};
    CHATD_TRACE("accepts %s", client.peer.c_str());
    return client;
}

Presence presence_of(int client) {
    pollfd end{client, POLLRDHUP, 0};
    if (::poll(&end, 1, 0) <= 0) return Presence::Here;
    int unread = 0;
    const bool has_sent = ::ioctl(client, SIOCINQ, &unread) == 0 && unread != 0;
    const bool is_reset = (end.revents & (POLLHUP | POLLERR)) != 0;
    return is_reset || !has_sent ? Presence::Gone : Presence::SendsNoMore;
}

std::optional<int> unconfirmed_bytes(int client) {
    int bytes = 0;
    return ::ioctl(client, SIOCOUTQ, &bytes) == 0 ? std::optional(bytes) : std::nullopt;
}

bool is_unreachable(const tcp_info& info, Duration since) {
    const std::chrono::milliseconds silent(info.tcpi_last_ack_recv);
    if (since < kUnconfirmedMax || silent < kUnconfirmedMax) return false;
    // While the client's window is full only probes are on their way, at growing intervals.
    return info.tcpi_unacked != 0 || info.tcpi_probes >= kWindowProbesMax;
}

bool is_unreachable(int client, Duration since) {
    tcp_info info{};
    socklen_t bytes = sizeof info;
    return ::getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &bytes) == 0 &&
           is_unreachable(info, since);
}

void reset_connection(UniqueFd client) {
    const linger at_once{1, 0};
    (void)::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void discard_input(int client) {
    constexpr std::size_t kBytes = std::size_t{1} << 20;
    // MSG_TRUNC does not even copy (tcp(7)).
    (void)::recv(client, nullptr, kBytes, MSG_TRUNC | MSG_DONTWAIT);
}

}  // namespace chatd
