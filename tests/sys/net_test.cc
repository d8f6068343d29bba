// Listening, accepting, and how addresses read.
#include "sys/net.h"

#include <criterion/criterion.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <functional>
#include <string>

#include "support/client.h"
#include "support/expect.h"
#include "support/wait.h"
#include "sys/error.h"

using namespace chatd;
using test::Client;
using test::Family;

TestSuite(net, .timeout = 20);

namespace {

using namespace std::chrono_literals;

Accepted accept_one(const Listener& listener) {
    (void)test::wait_for(listener.fd.get(), POLLIN, test::soon());
    return accept_client(listener);
}

ExitStatus refusal(const std::vector<std::string>& addresses, std::uint16_t port) {
    try {
        (void)listen_tcp(addresses, port);
    } catch (const SetupError& error) {
        return error.status();
    }
    return ExitStatus::Ok;
}

}  // namespace

Test(net, port_0_takes_a_free_one_the_same_for_all_addresses) {
    const auto listeners = listen_tcp({"127.0.0.1", "::1"}, 0);
    ASSERT_EQ(listeners.size(), 2U);
    const std::string port = std::to_string(bound_port(listeners[0]));
    EXPECT_NE(port, "0");
    EXPECT_EQ(listeners[0].name, "127.0.0.1:" + port);
    EXPECT_EQ(listeners[1].name, "[::1]:" + port);
}

Test(net, one_socket_serves_both_families_and_shows_each_as_itself) {
    const auto listeners = listen_tcp({}, 0);
    ASSERT_EQ(listeners.size(), 1U);
    const std::uint16_t port = bound_port(listeners[0]);
    const Client four(port);
    EXPECT_EQ(accept_one(listeners[0]).peer, "127.0.0.1:" + std::to_string(four.local_port()));
    const Client six(port, Family::V6);
    EXPECT_EQ(accept_one(listeners[0]).peer, "[::1]:" + std::to_string(six.local_port()));
}

Test(net, without_a_client_accepting_does_not_wait) {
    const auto listeners = listen_tcp({"127.0.0.1"}, 0);
    const Accepted accepted = accept_client(listeners[0]);
    EXPECT_FALSE(accepted.fd.valid());
    EXPECT_EQ(accepted.error, EAGAIN);
}

Test(net, an_address_that_cannot_be_listened_on_is_refused) {
    const auto listeners = listen_tcp({"127.0.0.1"}, 0);
    EXPECT_EQ(refusal({"127.0.0.1"}, bound_port(listeners[0])), ExitStatus::Unavailable);
    EXPECT_EQ(refusal({"192.0.2.1"}, 0), ExitStatus::Unavailable);
    EXPECT_EQ(refusal({"localhost"}, 0), ExitStatus::Usage);
    EXPECT_EQ(refusal({""}, 0), ExitStatus::Usage);
}

Test(net, the_last_line_arrives_because_unread_input_is_thrown_away) {
    const auto listeners = listen_tcp({"127.0.0.1"}, 0);
    Client client(bound_port(listeners[0]));
    client.send("said too early\n");
    {
        const Accepted accepted = accept_one(listeners[0]);
        (void)test::wait_for(accepted.fd.get(), POLLIN, test::soon());
        EXPECT_EQ(send_some(accepted.fd.get(), "no\n").bytes, 3);
        discard_input(accepted.fd.get());
    }
    client.expect_line("no");
    client.expect_eof();
}

Test(net, a_client_that_has_hung_up_is_gone_and_one_that_sends_no_more_may_still_read) {
    const auto listeners = listen_tcp({"127.0.0.1"}, 0);
    const auto presence_after = [&](short event, const std::function<void(Client&)>& act) {
        Client client(bound_port(listeners[0]));
        const Accepted accepted = accept_one(listeners[0]);
        act(client);
        (void)test::wait_for(accepted.fd.get(), event, test::soon());
        return presence_of(accepted.fd.get());
    };
    const auto says = [](Client& client) { client.send("bob\n"); };
    const auto ends = [](Client& client) { client.shutdown_write(); };
    const auto says_and_ends = [&](Client& client) { says(client), ends(client); };
    EXPECT_EQ(presence_after(POLLIN, says), Presence::Here);
    EXPECT_EQ(presence_after(POLLRDHUP, ends), Presence::Gone);
    EXPECT_EQ(presence_after(POLLRDHUP, says_and_ends), Presence::SendsNoMore);
    EXPECT_EQ(presence_after(POLLRDHUP, [](Client& client) { client.reset(); }), Presence::Gone);
}

Test(net, a_connection_is_reset_once_all_is_confirmed) {
    const auto listeners = listen_tcp({"127.0.0.1"}, 0);
    Client client(bound_port(listeners[0]));
    Accepted accepted = accept_one(listeners[0]);
    EXPECT_EQ(send_some(accepted.fd.get(), "bye\n").bytes, 4);
    EXPECT_EQ(shutdown(accepted.fd.get(), SHUT_WR), 0);
    const test::Deadline deadline = test::soon();
    while (!is_all_confirmed(accepted.fd.get())) ASSERT_TRUE(test::Clock::now() < deadline);
    reset_connection(std::move(accepted.fd));
    EXPECT_EQ(client.rest(), "bye\n");
}

namespace {

tcp_info connection(std::chrono::milliseconds last_ack, std::uint32_t unacked,
                    std::uint8_t probes) {
    tcp_info info{};
    info.tcpi_last_ack_recv = static_cast<std::uint32_t>(last_ack.count());
    info.tcpi_unacked = unacked;
    info.tcpi_probes = probes;
    return info;
}

}  // namespace

Test(net, a_client_whose_kernel_has_confirmed_nothing_for_a_minute_is_unreachable) {
    EXPECT_TRUE(is_unreachable(connection(60s, 1, 0), 60s));
    EXPECT_TRUE(is_unreachable(connection(1h, 100, 0), 60s));  // it had been quiet before
    EXPECT_TRUE(is_unreachable(connection(60s, 1, 0), 1h));
    EXPECT_FALSE(is_unreachable(connection(59s, 1, 0), 1h));
    EXPECT_FALSE(is_unreachable(connection(1h, 1, 0), 59s));
    EXPECT_FALSE(is_unreachable(connection(0s, 1, 0), 1h));
}

Test(net, a_client_that_does_not_read_is_reachable_while_its_kernel_answers) {
    EXPECT_FALSE(is_unreachable(connection(120s, 0, 0), 1h));  // older kernels ask no more often
    EXPECT_FALSE(is_unreachable(connection(120s, 0, 2), 1h));
    EXPECT_TRUE(is_unreachable(connection(120s, 0, 3), 1h));
}

Test(net, a_client_that_does_not_read_for_a_moment_is_reachable) {
    const auto listeners = listen_tcp({"127.0.0.1"}, 0);
    Client client(bound_port(listeners[0]));
    const Accepted accepted = accept_one(listeners[0]);
    const std::string much(1 << 20, 'x');
    while (send_some(accepted.fd.get(), much).status == IoStatus::Done) continue;
    EXPECT_FALSE(is_all_confirmed(accepted.fd.get()));
    EXPECT_FALSE(is_unreachable(accepted.fd.get(), 1h));
}

Test(net, a_network_contains_the_addresses_that_begin_like_it) {
    EXPECT_TRUE(contains(parse_network("192.0.2.0/24"), "192.0.2.255"));
    EXPECT_FALSE(contains(parse_network("192.0.2.0/24"), "192.0.3.0"));
    EXPECT_TRUE(contains(parse_network("192.0.2.4/30"), "192.0.2.7"));
    EXPECT_FALSE(contains(parse_network("192.0.2.4/30"), "192.0.2.8"));
    EXPECT_TRUE(contains(parse_network("192.0.2.7"), "192.0.2.7"));
    EXPECT_FALSE(contains(parse_network("192.0.2.7"), "192.0.2.6"));
    EXPECT_TRUE(contains(parse_network("0.0.0.0/0"), "203.0.113.9"));
    EXPECT_FALSE(contains(parse_network("0.0.0.0/0"), "2001:db8::/64"));
    EXPECT_TRUE(contains(parse_network("2001:db8::/32"), "2001:db8:1:2::/64"));
    EXPECT_TRUE(contains(parse_network("::ffff:192.0.2.0/120"), "192.0.2.7"));
    EXPECT_FALSE(contains(parse_network("::ffff:192.0.2.0/120"), "192.0.3.7"));
    for (const char* of_ipv6 : {"::1", "::/0", "::ffff:0:0/90"}) {
        EXPECT_FALSE(contains(parse_network(of_ipv6), "192.0.2.7"));
    }
    // All of a subscriber's network counts as one address.
    EXPECT_TRUE(contains(parse_network("2001:db8:0:1::5"), "2001:db8:0:1::/64"));
    EXPECT_FALSE(contains(parse_network("2001:db8:0:1::5"), "2001:db8:0:2::/64"));
}

Test(net, what_is_no_network_is_refused) {
    for (const char* text : {"", "/8", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8",
                             "::/129", "::/x", "10.0.0/8"}) {
        std::string trouble;
        try {
            (void)parse_network(text, "--no-penalty");
        } catch (const SetupError& error) {
            trouble = error.what();
        }
        EXPECT_CONTAINS(trouble, "--no-penalty takes");
    }
}

Test(net, the_kernel_buffers_little_for_a_client) {
    const auto listeners = listen_tcp({"127.0.0.1"}, 0);
    const Client client(bound_port(listeners[0]));
    const Accepted accepted = accept_one(listeners[0]);
    const std::string much(1024 * 1024, 'x');
    std::size_t sent = 0;
    for (IoResult one{}; one.status == IoStatus::Done; sent += one.bytes) {
        one = send_some(accepted.fd.get(), much);
    }
    EXPECT_LT(sent, much.size());
}
