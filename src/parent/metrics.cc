#include "parent/metrics.h"

#include <array>
#include <span>

#include "text/number.h"

namespace chatd {
namespace {

std::array<std::string_view, kWorkerExits> exit_labels() {
    std::array<std::string_view, kWorkerExits> labels;
    for (std::size_t i = 0; i < labels.size(); ++i)
        labels[i] = label_of(static_cast<WorkerExit>(i));
    return labels;
}

// The names of the reasons, in the order of TurnedAway.
constexpr std::array<std::string_view, kTurnedAway> kTurnedAwayNames = {
    "full", "per_ip", "penalised", "resources", "rush", "closing"};

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

// Seconds in decimal. A double would round them.
std::string seconds(std::uint64_t nanoseconds) {
    std::string text = std::to_string(nanoseconds / kNanosecondsPerSecond);
    // With a 1 before the nine digits, zeros at the front stay.
    std::string rest = std::to_string(kNanosecondsPerSecond + nanoseconds % kNanosecondsPerSecond);
    while (rest.back() == '0') rest.pop_back();
    if (rest.size() > 1) text += '.' + rest.substr(1);
    return text;
}

// Writes the text; each metric is its name, its help, its type and its values. A counter has a name
// that ends with _total; any other number is a gauge.
class Metrics {
  public:
    void number(std::string_view name, std::string_view help, std::uint64_t value) {
        head(name, type_of(name), help);
        sample(name, {}, std::to_string(value));
    }

    // One number for each value of a label.
    void numbers(std::string_view name, std::string_view help, std::string_view label,
                 std::span<const std::string_view> names, std::span<const std::uint64_t> values) {
        head(name, type_of(name), help);
        for (std::size_t i = 0; i < names.size(); ++i) {
            sample(name, labelled(label, names[i]), std::to_string(values[i]));
        }
    }

    // Buckets are cumulative.
    void histogram(std::string_view name, std::string_view help, const BrokerCounters& counters) {
        head(name, "histogram", help);
        const std::string bucket = std::string(name) + "_bucket";
        std::uint64_t so_far = 0;
        for (std::size_t i = 0; i < kFanOutBuckets.size(); ++i) {
            so_far += counters.fan_outs[i];
            sample(bucket, labelled("le", seconds(kFanOutBuckets[i])), std::to_string(so_far));
        }
        so_far += counters.fan_outs.back();
        sample(bucket, labelled("le", "+Inf"), std::to_string(so_far));
        sample(std::string(name) + "_sum", {}, seconds(counters.fan_out_ns));
        sample(std::string(name) + "_count", {}, std::to_string(so_far));
    }

    std::string text;

  private:
    static std::string_view type_of(std::string_view name) {
        return name.ends_with("_total") ? "counter" : "gauge";
    }

    static std::string labelled(std::string_view label, std::string_view value) {
        return '{' + std::string(label) + "=\"" + std::string(value) + "\"}";
    }

    void head(std::string_view name, std::string_view type, std::string_view help) {
        text.append("# HELP chatd_").append(name).append(" ").append(help);
        text.append("\n# TYPE chatd_").append(name).append(" ").append(type).append("\n");
    }

    void sample(std::string_view name, const std::string& labels, const std::string& value) {
        text.append("chatd_").append(name).append(labels).append(" ").append(value).append("\n");
    }
};

// "ended: 3 goodbye, 1 killed", without what is 0.
std::string listed(const char* title, std::span<const std::string_view> names,
                   std::span<const std::uint64_t> values) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (values[i] == 0) continue;
        if (!text.empty()) text += ", ";
        text.append(std::to_string(values[i])).append(" ").append(names[i]);
    }
    return std::string(title) + ": " + (text.empty() ? "none" : text);
}

}  // namespace

std::string render_metrics(const Status& status) {
    Metrics out;
    const ParentCounters& parent = status.parent;
    const BrokerCounters& broker = status.broker;
    out.numbers("info", "The program.", "version", std::array{status.version},
                std::array{std::uint64_t{1}});
    out.number("clients", "Clients that are connected.", status.clients);
    out.number("clients_max", "Clients that there may be.", status.clients_max);
    out.number("clients_waiting", "Clients that wait for the turn of their address.",
               status.clients_waiting);
    out.number("members", "People in the room.", broker.members);
    out.number("messages_total", "Messages said to all, those of the history included.",
               broker.messages);
    out.number("deliveries_total",
               "Messages said to all, for each member they went to, its own included.",
               broker.deliveries);
    out.number("skipped_messages_total", "Messages that members who read too slowly missed.",
               broker.skipped);
    out.histogram("fan_out_seconds", "How long it takes to send everybody what is new.", broker);
    out.number("worker_forks_total", "Workers started, one for each client.", parent.forks);
    out.numbers("worker_exits_total", "Workers ended, by cause.", "cause", exit_labels(),
                parent.ended);
    out.number("broker_restarts_total", "Brokers that died and were replaced.",
               parent.broker_restarts);
    out.numbers("clients_refused_total", "Clients turned away, by reason.", "reason",
                kTurnedAwayNames, parent.turned_away);
    out.number("penalties_total", "Ends of clients that cost their address some waiting.",
               parent.penalties);
    out.number("penalised_sources", "Addresses that have to wait now.", status.penalised_addresses);
    return std::move(out.text);
}

std::vector<std::string> render_status(const Status& status) {
    const ParentCounters& parent = status.parent;
    const BrokerCounters& broker = status.broker;
    return {
        "status: " + render_headcount(status.clients, broker.members) + ", " +
            counted(broker.messages, "message", "messages") + ", " +
            counted(broker.deliveries, "delivery", "deliveries") + ", " +
            std::to_string(broker.skipped) + " skipped",
        "status: " + counted(parent.forks, "fork", "forks") + ", " +
            counted(parent.broker_restarts, "broker restart", "broker restarts") + ", " +
            counted(status.penalised_addresses, "penalised address", "penalised addresses") + ", " +
            std::to_string(status.clients_waiting) + " waiting",
        listed("status: workers ended", exit_labels(), parent.ended),
        listed("status: clients refused", kTurnedAwayNames, parent.turned_away),
    };
}

std::string render_headcount(std::uint64_t clients, std::uint64_t members) {
    return counted(clients, "client", "clients") + ", " + counted(members, "member", "members");
}

}  // namespace chatd
