#include "parent/resources.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>
#include <utility>

#include "base/bounds.h"
#include "broker/room.h"
#include "log/log.h"
#include "parent/history.h"
#include "protocol/frame.h"
#include "sys/error.h"
#include "sys/memory.h"
#include "sys/privilege.h"
#include "sys/process.h"
#include "sys/program.h"
#include "sys/systemd.h"
#include "sys/wakeup.h"

namespace chatd {
namespace {

std::uint32_t clients_max(const Options& options) {
    const std::size_t descriptors = raise_descriptor_limit();
    const std::size_t possible = descriptors > kSpareFds ? descriptors - kSpareFds : 0;
    const std::size_t wanted = options.clients_max.value_or(kClientsMax);
    if (possible == 0) {
        throw SetupError(ExitStatus::System, "the limit of open files is " +
                                                 std::to_string(descriptors) +
                                                 ", too low; raise it with ulimit -n");
    }
    if (options.clients_max && wanted > possible) {
        throw SetupError(ExitStatus::System,
                         std::to_string(wanted) + " clients need " +
                             std::to_string(wanted + kSpareFds) + " open files, the limit is " +
                             std::to_string(descriptors) +
                             "; raise it with ulimit -n, or lower --max-clients");
    }
    return static_cast<std::uint32_t>(std::min(wanted, possible));
}

std::string run_directory(const Options& options, const std::optional<User>& becomes) {
    return options.run_directory.empty() ? default_run_directory(becomes) : options.run_directory;
}

// As whom this process becomes: that one has to be able to repair it while it is in use.
UniqueFd open_log(const Options& options, const std::optional<User>& becomes, Journal& journal) {
    if (options.history_path.empty()) {
        return make_log_memory(options.history_bytes.value_or(kHistoryBytes));
    }
    const ActingAs user(becomes);
    History history = open_history(options.history_path, options.history_bytes);
    if (!history.news.empty()) journal.warning("%s", history.news.c_str());
    return std::move(history.fd);
}

UniqueFd taken(int fd) {
    set_inheritable(fd, false);
    return UniqueFd(fd);
}

UniqueFd make_counters() {
    return make_shared_memory("chatd-counters", sizeof(BrokerCounters));
}

std::unique_ptr<MetricsSocket> open_metrics(const Options& options,
                                            const std::optional<User>& becomes) {
    if (options.metrics_path.empty()) return nullptr;
    return std::make_unique<MetricsSocket>(options.metrics_path, becomes);
}

// As they go over.
using Numbers = std::array<std::uint64_t, sizeof(ParentCounters) / sizeof(std::uint64_t)>;

bool knows_counters(const Handover& handover) {
    return handover.counters_version == kCountersVersion && handover.broker_counters >= 0 &&
           handover.parent_counters.size() == std::tuple_size_v<Numbers>;
}

UniqueFd inherit_broker_counters(const Handover& handover) {
    if (handover.broker_counters < 0) return make_counters();
    UniqueFd fd = taken(handover.broker_counters);
    return knows_counters(handover) ? std::move(fd) : make_counters();
}

ParentCounters inherit_parent_counters(const Handover& handover) {
    if (!knows_counters(handover)) return {};
    Numbers numbers;
    std::copy_n(handover.parent_counters.begin(), numbers.size(), numbers.begin());
    return std::bit_cast<ParentCounters>(numbers);
}

std::unique_ptr<MetricsSocket> inherit_metrics(const Handover& handover) {
    if (handover.metrics < 0) return nullptr;
    return std::make_unique<MetricsSocket>(
        taken(handover.metrics), taken(handover.metrics_directory), handover.metrics_name);
}

void expect_format(const char* what, bool known) {
    if (known) return;
    throw SetupError(ExitStatus::System, std::string("this version does not know the format of ") +
                                             what + "; stop the server and start it anew");
}

}  // namespace

Resources acquire_resources(const Options& options, const char* argv0, Journal& journal) {
    const std::optional<User> becomes = user_to_become(options.user);
    const DeathWish wish;
    const std::uint32_t most = clients_max(options);
    std::vector<Listener> listeners = take_passed_listeners();
    if (listeners.empty()) listeners = listen_tcp(options.addresses, options.port);
    std::unique_ptr<MetricsSocket> metrics = open_metrics(options, becomes);
    const std::string name = "broker-" + std::to_string(bound_port(listeners.front())) + ".sock";
    LocalDirectory directory(run_directory(options, becomes), becomes);
    UniqueFd log = open_log(options, becomes, journal);
    UniqueFd program_directory = directory_of_program(argv0);
    const int oom_score = be_killed_last();
    give_up_privileges(becomes);
    wish.renew();
    return {
        .clients_max = most,
        .has_terminal = has_terminal(),
        .listeners = std::move(listeners),
        .broker_listener = LocalListener(std::move(directory), name),
        .log_memory = std::move(log),
        .members_memory = make_shared_memory("chatd-members", Room::memory_bytes(most)),
        .broker_counters = make_counters(),
        .control = make_socket_pair(),
        .wakeup = make_wakeup(),
        .program_directory = std::move(program_directory),
        .oom_score = oom_score,
        .metrics = std::move(metrics),
    };
}

BrokerCounters read_counters(const Resources& resources) {
    BrokerCounters counters{};
    // Not a mapping: whoever touches one that was cut short dies.
    const ssize_t bytes = ::pread(resources.broker_counters.get(), &counters, sizeof counters, 0);
    if (bytes != static_cast<ssize_t>(sizeof counters)) counters = {};
    counters.members = std::min<std::uint64_t>(counters.members, resources.clients_max);
    return counters;
}

Handover describe_resources(const Resources& resources) {
    Handover handover;
    handover.frame_version = kFrameVersion;
    handover.log_version = kLogVersion;
    handover.table_version = kTableVersion;
    handover.clients_max = resources.clients_max;
    handover.has_terminal = resources.has_terminal;
    for (const Listener& listener : resources.listeners) {
        handover.listeners.push_back({listener.fd.get(), listener.name});
    }
    handover.run_directory = resources.broker_listener.directory().path();
    handover.made_run_directory = resources.broker_listener.directory().made();
    handover.socket_path = resources.broker_listener.path();
    handover.broker_listener = resources.broker_listener.fd();
    handover.broker_place = resources.broker_listener.place();
    handover.log_memory = resources.log_memory.get();
    handover.members_memory = resources.members_memory.get();
    handover.control_first = resources.control.first.get();
    handover.control_second = resources.control.second.get();
    handover.wakeup = resources.wakeup.get();
    handover.program_directory = resources.program_directory.get();
    handover.broker = resources.broker;
    for (const auto& [pid, worker] : resources.workers) {
        handover.workers.push_back({pid, worker.birth_ns, worker.address});
    }
    handover.outbox = resources.outbox;
    handover.counters_version = kCountersVersion;
    handover.broker_counters = resources.broker_counters.get();
    const auto numbers = std::bit_cast<Numbers>(resources.counters);
    handover.parent_counters.assign(numbers.begin(), numbers.end());
    if (resources.metrics != nullptr) {
        handover.metrics = resources.metrics->fd();
        handover.metrics_directory = resources.metrics->directory();
        handover.metrics_name = resources.metrics->name();
    }
    return handover;
}

void check_handover(const Handover& handover) {
    expect_format("frames", handover.frame_version == kFrameVersion);
    expect_format("the log", handover.log_version == kLogVersion);
    expect_format("the member table", handover.table_version == kTableVersion);
}

Resources inherit_resources(const Handover& handover, const char* argv0) {
    check_handover(handover);
    std::vector<Listener> listeners;
    for (const Handover::Listener& listener : handover.listeners) {
        listeners.push_back({taken(listener.fd), listener.name});
    }
    auto unshared = std::make_unique<UnsharedMemory>();
    decltype(Resources::workers) workers(unshared->get());
    for (const Handover::Worker& worker : handover.workers) {
        workers.emplace(worker.pid, LivingWorker{worker.birth_ns, worker.address});
    }
    return {
        .clients_max = handover.clients_max,
        .has_terminal = handover.has_terminal,
        .listeners = std::move(listeners),
        .broker_listener = LocalListener(LocalListener::Inherited{
            LocalDirectory(handover.run_directory, handover.made_run_directory),
            handover.socket_path, taken(handover.broker_listener), taken(handover.broker_place)}),
        .log_memory = taken(handover.log_memory),
        .members_memory = taken(handover.members_memory),
        .broker_counters = inherit_broker_counters(handover),
        .control = {taken(handover.control_first), taken(handover.control_second)},
        .wakeup = taken(handover.wakeup),
        .program_directory = handover.program_directory < 0 ? directory_of_program(argv0)
                                                            : taken(handover.program_directory),
        .oom_score = be_killed_last(),
        .counters = inherit_parent_counters(handover),
        .metrics = inherit_metrics(handover),
        .unshared = std::move(unshared),
        .workers = std::move(workers),
        .broker = handover.broker,
        .outbox = handover.outbox,
    };
}

}  // namespace chatd
