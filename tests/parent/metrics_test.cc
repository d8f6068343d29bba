// Specification of parent/metrics: what monitoring systems and operators read.
#include "parent/metrics.h"

#include <criterion/criterion.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/expect.h"

using namespace chatd;

TestSuite(metrics, .timeout = 20);

namespace {

Status example() {
    Status status{"1.2.3", 5, 10'000, 2, 6, {}, {}};
    status.parent.forks = 40;
    status.parent.broker_restarts = 3;
    status.parent.penalties = 7;
    status.parent.ended = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
    status.parent.turned_away = {21, 22, 23, 24, 25, 26};
    status.broker = {4, 1000, 4000, 30, 12'345'678'901, {1, 2, 3, 0, 0, 0, 4}, 0};
    return status;
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        ASSERT_NE(end, std::string_view::npos);
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    return lines;
}

}  // namespace

Test(metrics, the_whole_text_reads_like_this) {
    EXPECT_EQ(render_metrics(example()), R"(# HELP chatd_info The program.
# TYPE chatd_info gauge
chatd_info{version="1.2.3"} 1
# HELP chatd_clients Clients that are connected.
# TYPE chatd_clients gauge
chatd_clients 5
# HELP chatd_clients_max Clients that there may be.
# TYPE chatd_clients_max gauge
chatd_clients_max 10000
# HELP chatd_clients_waiting Clients that wait for the turn of their address.
# TYPE chatd_clients_waiting gauge
chatd_clients_waiting 6
# HELP chatd_members People in the room.
# TYPE chatd_members gauge
chatd_members 4
# HELP chatd_messages_total Messages said to all, those of the history included.
# TYPE chatd_messages_total counter
chatd_messages_total 1000
# HELP chatd_deliveries_total Messages said to all, for each member they went to, its own included.
# TYPE chatd_deliveries_total counter
chatd_deliveries_total 4000
# HELP chatd_skipped_messages_total Messages that members who read too slowly missed.
# TYPE chatd_skipped_messages_total counter
chatd_skipped_messages_total 30
# HELP chatd_fan_out_seconds How long it takes to send everybody what is new.
# TYPE chatd_fan_out_seconds histogram
chatd_fan_out_seconds_bucket{le="0.0001"} 1
chatd_fan_out_seconds_bucket{le="0.001"} 3
chatd_fan_out_seconds_bucket{le="0.01"} 6
chatd_fan_out_seconds_bucket{le="0.1"} 6
chatd_fan_out_seconds_bucket{le="1"} 6
chatd_fan_out_seconds_bucket{le="10"} 6
chatd_fan_out_seconds_bucket{le="+Inf"} 10
chatd_fan_out_seconds_sum 12.345678901
chatd_fan_out_seconds_count 10
# HELP chatd_worker_forks_total Workers started, one for each client.
# TYPE chatd_worker_forks_total counter
chatd_worker_forks_total 40
# HELP chatd_worker_exits_total Workers ended, by cause.
# TYPE chatd_worker_exits_total counter
chatd_worker_exits_total{cause="goodbye"} 10
chatd_worker_exits_total{cause="lost"} 11
chatd_worker_exits_total{cause="refused"} 12
chatd_worker_exits_total{cause="removed"} 13
chatd_worker_exits_total{cause="closed"} 14
chatd_worker_exits_total{cause="failed"} 15
chatd_worker_exits_total{cause="late"} 16
chatd_worker_exits_total{cause="silent"} 17
chatd_worker_exits_total{cause="killed"} 18
chatd_worker_exits_total{cause="nameless"} 19
chatd_worker_exits_total{cause="served"} 0
# HELP chatd_broker_restarts_total Brokers that died and were replaced.
# TYPE chatd_broker_restarts_total counter
chatd_broker_restarts_total 3
# HELP chatd_clients_refused_total Clients turned away, by reason.
# TYPE chatd_clients_refused_total counter
chatd_clients_refused_total{reason="full"} 21
chatd_clients_refused_total{reason="per_ip"} 22
chatd_clients_refused_total{reason="penalised"} 23
chatd_clients_refused_total{reason="resources"} 24
chatd_clients_refused_total{reason="rush"} 25
chatd_clients_refused_total{reason="closing"} 26
# HELP chatd_penalties_total Ends of clients that cost their address some waiting.
# TYPE chatd_penalties_total counter
chatd_penalties_total 7
# HELP chatd_penalised_sources Addresses that have to wait now.
# TYPE chatd_penalised_sources gauge
chatd_penalised_sources 2
)");
}

Test(metrics, each_name_is_explained_once_before_its_values) {
    std::set<std::string> explained;
    std::string name;
    for (const std::string& line : lines_of(render_metrics(example()))) {
        if (line.starts_with("# HELP ")) {
            name = line.substr(7, line.find(' ', 7) - 7);
            EXPECT_TRUE(explained.insert(name).second);
        } else if (line.starts_with("# TYPE ")) {
            EXPECT_TRUE(line.starts_with("# TYPE " + name + ' '));
            EXPECT_EQ(line.ends_with(" counter"), name.ends_with("_total"));
        } else {
            EXPECT_TRUE(line.starts_with(name));
        }
    }
}

Test(metrics, the_time_of_fan_outs_keeps_its_nanoseconds) {
    const auto sum_of = [](std::uint64_t fan_out_ns) {
        Status status{};
        status.broker.fan_out_ns = fan_out_ns;
        const std::string text = render_metrics(status);
        const std::string_view name = "chatd_fan_out_seconds_sum ";
        const std::size_t at = text.find(name) + name.size();
        return text.substr(at, text.find('\n', at) - at);
    };
    EXPECT_EQ(sum_of(0), "0");
    EXPECT_EQ(sum_of(1), "0.000000001");
    EXPECT_EQ(sum_of(500'000'000), "0.5");
    EXPECT_EQ(sum_of(1'000'000'000), "1");
    EXPECT_EQ(sum_of(1'000'000'010), "1.00000001");
    EXPECT_EQ(sum_of(UINT64_MAX), "18446744073.709551615");
}

Test(metrics, a_fan_out_counts_where_its_time_belongs) {
    BrokerCounters counters{};
    for (const std::uint64_t bound : kFanOutBuckets) {
        count_fan_out(counters, bound);
        count_fan_out(counters, bound + 1);
    }
    count_fan_out(counters, 0);
    const decltype(counters.fan_outs) expected = {2, 2, 2, 2, 2, 2, 1};
    EXPECT_TRUE(counters.fan_outs == expected);
    EXPECT_EQ(counters.fan_out_ns, 2 * 11'111'100'000 + 6);
}

Test(metrics, the_status_is_a_few_short_lines) {
    const std::vector<std::string> lines = render_status(example());
    ASSERT_EQ(lines.size(), 4U);
    EXPECT_EQ(lines[0], "status: 5 clients, 4 members, 1000 messages, 4000 deliveries, 30 skipped");
    EXPECT_EQ(lines[1], "status: 40 forks, 3 broker restarts, 2 penalised addresses, 6 waiting");
    EXPECT_EQ(lines[2],
              "status: workers ended: 10 goodbye, 11 lost, 12 refused, 13 removed, 14 closed, "
              "15 failed, 16 late, 17 silent, 18 killed, 19 nameless");
    EXPECT_EQ(lines[3],
              "status: clients refused: 21 full, 22 per_ip, 23 penalised, 24 resources, 25 rush, "
              "26 closing");
}

Test(metrics, the_status_of_a_new_server_says_none) {
    const std::vector<std::string> lines = render_status({"1", 1, 2, 1, 0, {}, {}});
    EXPECT_EQ(lines[0], "status: 1 client, 0 members, 0 messages, 0 deliveries, 0 skipped");
    EXPECT_EQ(lines[1], "status: 0 forks, 0 broker restarts, 1 penalised address, 0 waiting");
    EXPECT_EQ(lines[2], "status: workers ended: none");
    EXPECT_EQ(lines[3], "status: clients refused: none");
}

Test(metrics, one_is_singular) {
    EXPECT_EQ(render_headcount(1, 1), "1 client, 1 member");
    EXPECT_EQ(render_headcount(2, 0), "2 clients, 0 members");
}
