#include "parent/resources.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/bounds.h"
#include "base/fault.h"
#include "broker/members.h"
#include "log/log.h"
#include "parent/history.h"
#include "parent/history_opener.h"
#include "protocol/frame.h"
#include "sys/error.h"
#include "sys/privilege.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/systemd.h"
#include "sys/trace_file.h"

namespace chatd {
namespace {

// --- For a fresh start

std::uint32_t clients_max(const Options& options) {
    const std::size_t descriptors = raise_descriptor_limit();
    const std::size_t possible = descriptors > kSpareFds ? descriptors - kSpareFds : 0;
    const std::size_t wanted = options.clients_max.value_or(kClientsMax);
    const std::string limit = std::to_string(descriptors);
    if (possible == 0) {
        throw SetupError(ExitStatus::System, "the limit of open files is " + limit +
                                                 ", too low; raise it with ulimit -n");
    }
    if (options.clients_max && wanted > possible) {
        throw SetupError(ExitStatus::System,
                         std::to_string(wanted) + " clients need " +
                             std::to_string(wanted + kSpareFds) + " open files, the limit is " +
                             limit + "; raise it with ulimit -n, or lower --max-clients");
    }
    return static_cast<std::uint32_t>(std::min(wanted, possible));
}

// That user alone may enter the directory, and removes the socket at the end.
LocalListener listen_as(const std::optional<User>& new_user, LocalDirectory directory,
                        const std::string& name) {
    const EffectiveUser acting(new_user);
    return {std::move(directory), name};
}

UniqueFd open_log(const Options& options, const std::optional<User>& new_user, ProcessTitle& title,
                  const Signals& signals) {
    if (options.history_path.empty()) {
        return make_log_memory(options.history_bytes.value_or(kHistoryBytes));
    }
    return open_history_in_child(options, new_user, title, signals);
}

// The kernel kills a process of chatd at this limit, as with SIGKILL; the soft one, at which it
// sends SIGXCPU, means nothing here.
void tell_limit_of_processor_time(Journal& journal) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_CPU, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return;
    journal.warning(
        "the system kills each process of the server, the parent too, after %llu s of "
        "processor time; raise ulimit -t",
        static_cast<unsigned long long>(limit.rlim_max));
}

UniqueFd make_counters() {
    return make_shared_memory("chatd-counters", sizeof(BrokerCounters));
}

// --- To and from a handover

// The parent's counters as a handover has them.
using Numbers = std::array<std::uint64_t, sizeof(ParentCounters) / sizeof(std::uint64_t)>;

UniqueFd take_over(Handover::Descriptor fd) {
    set_inheritable(fd.number, false);
    return UniqueFd(fd.number);
}

// Has the program before this one the same counters? Otherwise all counters begin anew.
bool knows_counters(const Handover& handover) {
    return handover.counters_version == kCountersVersion && !fault_point("parent:new-counters") &&
           handover.parent_counters.size() == Numbers().size();
}

ParentCounters inherit_parent_counters(const Handover& handover) {
    if (!knows_counters(handover)) return {};
    Numbers numbers;
    std::copy_n(handover.parent_counters.begin(), numbers.size(), numbers.begin());
    return std::bit_cast<ParentCounters>(numbers);
}

// 0.3.0 does not say the size, and its log has no archive: it gets one when a program is started
// anew, or repairs it.
HistorySize inherit_log_size(const Handover& handover) {
    if (handover.ring_bytes == 0) return size_of_history(handover.log_memory.number);
    return {handover.ring_bytes, handover.has_archive};
}

std::unique_ptr<MetricsSocket> inherit_metrics(const Handover& handover) {
    if (handover.metrics.number < 0) return nullptr;
    return std::make_unique<MetricsSocket>(
        take_over(handover.metrics), take_over(handover.metrics_directory), handover.metrics_name);
}

// The workers that live know the old place. 0.3.0 hands none over; and where nothing can be made,
// as when somebody has removed the directory, there is no lookout.
NamelessListener inherit_lookout_listener(const Handover& handover) {
    if (handover.lookout_listener.number >= 0) {
        return {take_over(handover.lookout_listener), take_over(handover.lookout_place)};
    }
    try {
        return listen_without_name(handover.run_directory);
    } catch (const SetupError&) {
        return {};
    }
}

std::vector<Listener> inherit_listeners(const Handover& handover) {
    std::vector<Listener> listeners;
    for (const auto& [fd, name] : handover.listeners) listeners.push_back({take_over(fd), name});
    return listeners;
}

void describe_tables(const Resources& resources, Handover& handover) {
    for (const Listener& listener : resources.listeners) {
        handover.listeners.push_back({{listener.fd.get()}, listener.name});
    }
    for (const auto& [pid, worker] : resources.workers) {
        handover.workers.push_back({pid, worker.birth_ns, worker.address});
        handover.peers.push_back({pid, std::string(worker.peer)});
        if (worker.is_stopped) handover.stopped.push_back({pid});
    }
    for (const auto& [address, fd] : resources.budget_files) {
        handover.budgets.push_back({{fd.get()}, std::string(address)});
    }
    for (const IntroductionLink& link : resources.introductions) {
        handover.introductions.push_back({link.pid, {link.fd.get()}});
    }
    if (resources.metrics != nullptr) {
        handover.metrics = {resources.metrics->fd()};
        handover.metrics_directory = {resources.metrics->directory()};
        handover.metrics_name = resources.metrics->name();
    }
}

WorkerTable inherit_workers(const Handover& handover, std::pmr::memory_resource* memory) {
    WorkerTable workers(memory);
    for (const auto& [pid, birth_ns, address] : handover.workers) {
        // 0.3.0 hands no peers over: then the address stands for the peer.
        workers.emplace(pid, WorkerRecord{birth_ns, address, std::pmr::string(address, memory)});
    }
    for (const auto& [pid, peer] : handover.peers) {
        if (const auto row = workers.find(pid); row != workers.end()) row->second.peer = peer;
    }
    for (const auto& [pid] : handover.stopped) {
        if (const auto row = workers.find(pid); row != workers.end()) row->second.is_stopped = true;
    }
    return workers;
}

// files: has a place for each budget, so that nothing here fails.
BudgetFiles inherit_budgets(const Handover& handover, BudgetFiles files) {
    for (const auto& [fd, address] : handover.budgets) {
        files.find(std::string_view(address))->second = take_over(fd);
    }
    return files;
}

// links: empty, with room for all, so that nothing here fails.
std::vector<IntroductionLink> inherit_introductions(const Handover& handover,
                                                    std::vector<IntroductionLink> links) {
    for (const auto& [pid, fd] : handover.introductions) links.push_back({pid, take_over(fd)});
    return links;
}

std::size_t count_stopped(const WorkerTable& workers) {
    const auto is_stopped = [](const auto& row) { return row.second.is_stopped; };
    return static_cast<std::size_t>(std::ranges::count_if(workers, is_stopped));
}

void expect_format(const char* what, bool known) {
    if (known) return;
    throw SetupError(ExitStatus::System, std::string("this version does not know the format of ") +
                                             what + "; stop the server and start it anew");
}

}  // namespace

Resources acquire_resources(const Options& options, ProcessTitle& title, const Signals& signals,
                            Journal& journal) {
    tell_limit_of_processor_time(journal);
    // A word that is wrong is found before anything is made.
    for (const std::string& network : options.exempt) (void)parse_network(network);
    const std::optional<User> new_user = user_to_become(options.user);
    allow_niceness(options.niceness);
    try_children(options.sandbox, options.niceness, new_user);
    start_trace(options.trace, options.trace_text, new_user);
    const ParentDeathSignal death_signal;
    const std::uint32_t most = clients_max(options);
    const HistorySize log_size{options.history_bytes.value_or(kHistoryBytes)};
    expect_address_space(log_size.bytes() + Members::memory_bytes(most));
    std::vector<Listener> listeners = take_passed_listeners();
    if (listeners.empty()) listeners = listen_tcp(options.addresses, options.port);
    std::unique_ptr<MetricsSocket> metrics;
    if (!options.metrics_path.empty()) {
        metrics = std::make_unique<MetricsSocket>(options.metrics_path, new_user);
    }
    const std::string name = "broker-" + std::to_string(bound_port(listeners.front())) + ".sock";
    const std::string& path = options.run_directory;
    LocalDirectory directory(path.empty() ? default_run_directory(new_user) : path, new_user);
    // While this process is root, it can still take back what it has made.
    LocalListener broker_listener = listen_as(new_user, std::move(directory), name);
    NamelessListener lookout_listener =
        listen_without_name(broker_listener.directory().path(), new_user);
    Resources resources{
        .clients_max = most,
        .has_terminal = has_terminal(),
        .listeners = std::move(listeners),
        .broker_listener = std::move(broker_listener),
        .lookout_listener = std::move(lookout_listener),
        .members_memory = make_shared_memory("chatd-members", Members::memory_bytes(most)),
        .broker_counters = make_counters(),
        .control = make_socket_pair(),
        .wakeup = make_wakeup(),
        .program_directory = directory_of_program(title.arguments()[0]),
        .log_memory = open_log(options, new_user, title, signals),
        .oom_score = lower_oom_score(),
        .metrics = std::move(metrics),
    };
    resources.log_size = size_of_history(resources.log_memory.get());
    // A file that was there may be larger than what was tried above.
    expect_address_space(resources.log_size.bytes() + Members::memory_bytes(most));
    give_up_privileges(new_user);
    death_signal.restore();
    return resources;
}

BrokerCounters read_counters(const Resources& resources) {
    BrokerCounters counters{};
    // This is a pread(2), because touching a mapping of a truncated file kills the process.
    const ssize_t bytes = ::pread(resources.broker_counters.get(), &counters, sizeof counters, 0);
    if (bytes != static_cast<ssize_t>(sizeof counters)) counters = {};
    counters.members = std::min<std::uint64_t>(counters.members, resources.clients_max);
    return counters;
}

Handover describe_resources(const Resources& resources) {
    const LocalListener& broker_listener = resources.broker_listener;
    const auto numbers = std::bit_cast<Numbers>(resources.counters);
    Handover handover{
        .frame_version = kFrameVersion,
        .log_version = resources.log_size.has_archive ? kArchiveVersion : kLogVersion,
        .table_version = kTableVersion,
        .clients_max = resources.clients_max,
        .has_terminal = resources.has_terminal,
        .made_run_directory = broker_listener.directory().made(),
        .run_directory = broker_listener.directory().path(),
        .broker_listener = {broker_listener.fd()},
        .broker_place = {broker_listener.place()},
        .socket_path = broker_listener.path(),
        .log_memory = {resources.log_memory.get()},
        .members_memory = {resources.members_memory.get()},
        .control_first = {resources.control.first.get()},
        .control_second = {resources.control.second.get()},
        .wakeup = {resources.wakeup.get()},
        .program_directory = {resources.program_directory.get()},
        .broker = resources.broker,
        .outbox = resources.outbox,
        .counters_version = kCountersVersion,
        .broker_counters = {resources.broker_counters.get()},
        .parent_counters = {numbers.begin(), numbers.end()},
        .ring_bytes = resources.log_size.ring_bytes,
        .has_archive = resources.log_size.has_archive,
        .lookout_listener = {resources.lookout_listener.fd.get()},
        .lookout_place = {resources.lookout_listener.place.get()},
    };
    describe_tables(resources, handover);
    return handover;
}

void check_handover(const Handover& handover) {
    expect_format("frames", handover.frame_version == kFrameVersion);
    expect_format("the log",
                  handover.log_version == kLogVersion || handover.log_version == kArchiveVersion);
    expect_format("the member table", handover.table_version == kTableVersion);
}

Resources inherit_resources(const Options& options, const Handover& handover) {
    check_handover(handover);
    start_trace(options.trace, options.trace_text);
    auto unshared = std::make_unique<UnsharedMemory>();
    WorkerTable workers = inherit_workers(handover, unshared->get());
    const std::size_t stopped = count_stopped(workers);
    BudgetFiles budget_files(unshared->get());
    for (const auto& [fd, address] : handover.budgets) budget_files.emplace(address, UniqueFd());
    std::vector<IntroductionLink> introductions;
    introductions.reserve(handover.introductions.size());
    const bool keeps_counters = knows_counters(handover);
    UniqueFd new_counters = keeps_counters ? UniqueFd() : make_counters();
    SocketPair births = make_socket_pair();
    // From here on nothing fails: until then the program before can take everything back.
    return {
        .clients_max = handover.clients_max,
        .has_terminal = handover.has_terminal,
        .listeners = inherit_listeners(handover),
        .broker_listener = LocalListener(LocalListener::Inherited{
            LocalDirectory(handover.run_directory, handover.made_run_directory),
            handover.socket_path, take_over(handover.broker_listener),
            take_over(handover.broker_place)}),
        .lookout_listener = inherit_lookout_listener(handover),
        .members_memory = take_over(handover.members_memory),
        .broker_counters =
            keeps_counters ? take_over(handover.broker_counters) : std::move(new_counters),
        .control = {take_over(handover.control_first), take_over(handover.control_second)},
        .wakeup = take_over(handover.wakeup),
        // The directory may be unknown; then it stays unknown.
        .program_directory = handover.program_directory.number < 0
                                 ? UniqueFd()
                                 : take_over(handover.program_directory),
        .log_memory = take_over(handover.log_memory),
        .log_size = inherit_log_size(handover),
        .oom_score = lower_oom_score(),
        .counters = inherit_parent_counters(handover),
        .metrics = inherit_metrics(handover),
        .unshared = std::move(unshared),
        .workers = std::move(workers),
        .budget_files = inherit_budgets(handover, std::move(budget_files)),
        .introductions = inherit_introductions(handover, std::move(introductions)),
        .stopped = stopped,
        .broker = handover.broker,
        .outbox = handover.outbox,
        .births = std::move(births),
        .counters_before = keeps_counters ? UniqueFd() : take_over(handover.broker_counters),
    };
}

}  // namespace chatd
