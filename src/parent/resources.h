// The parent's resources: listeners, the room's memory, the link to the broker, the table of its
// workers. All of it outlives every broker, and goes over to the next program in an upgrade.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>

#include "log/log_format.h"
#include "options.h"
#include "parent/handover.h"
#include "protocol/counters.h"
#include "sys/journal.h"
#include "sys/local.h"
#include "sys/memory.h"
#include "sys/metrics_socket.h"
#include "sys/net.h"
#include "sys/signals.h"
#include "sys/title.h"

namespace chatd {

// The parent's record of a worker that lives, as far as the parent knows.
struct WorkerRecord {
    std::uint64_t birth_ns;
    std::string address;    // of the client: see Accepted
    std::pmr::string peer;  // of the client: see Accepted
    bool is_stopped = false;
    bool is_told_stopped = false;  // to the broker
};
using WorkerTable = std::pmr::unordered_map<pid_t, WorkerRecord>;  // by pid

// The files of the budgets, by address: see parent/budgets.
using BudgetFiles = std::pmr::map<std::pmr::string, UniqueFd, std::less<>>;

// The link to a worker whose client is not introduced yet: see parent/introductions.
struct IntroductionLink {
    pid_t pid;
    UniqueFd fd;
};

struct Resources {
    std::uint32_t clients_max;
    bool has_terminal;
    std::vector<Listener> listeners;
    LocalListener broker_listener;
    NamelessListener lookout_listener;
    UniqueFd members_memory;   // see Room
    UniqueFd broker_counters;  // see read_counters()
    // The parent keeps both ends for as long as there is a room: what one broker has not read, the
    // next broker reads.
    SocketPair control;
    UniqueFd wakeup;             // see sys/local.h
    UniqueFd program_directory;  // see directory_of_program()
    // See Log. The last one to be made, because a start that fails must leave no new history.
    UniqueFd log_memory;
    HistorySize log_size = {};  // whatever size its file has by now
    int oom_score = 0;          // see lower_oom_score()
    ParentCounters counters = {};
    std::unique_ptr<MetricsSocket> metrics = {};  // null: there is no --metrics

    // The table of the workers is written to at each fork: see UnsharedMemory.
    std::unique_ptr<UnsharedMemory> unshared = std::make_unique<UnsharedMemory>();
    WorkerTable workers{unshared->get()};
    BudgetFiles budget_files{unshared->get()};
    std::vector<IntroductionLink> introductions = {};
    std::size_t stopped = 0;    // how many of them are stopped
    pid_t broker = -1;          // -1: no broker runs
    pid_t lookout = -1;         // -1: no lookout runs
    bool is_repairing = false;  // the process `broker` repairs the history; the broker comes next
    std::string outbox = {};    // frames for the broker that are not on the link yet

    // Workers that are announced to the broker: see Supervisor. A new broker is told of all anew,
    // so none of this is handed over.
    SocketPair births = make_socket_pair();
    std::string births_outbox = {};

    // The counters of the program before, in another format: it needs them if it is gone back to.
    UniqueFd counters_before = {};
};

// Gets all of it, first what only root can have, and becomes the user of --user. Throws SetupError,
// with ExitStatus::Ok when it is told to end meanwhile.
[[nodiscard]] Resources acquire_resources(const Options& options, ProcessTitle& title,
                                          const Signals& signals, Journal& journal);

// Reads the broker's counters; all are 0 when that fails. The broker may write there what it likes,
// or cut the memory short: any number may be wrong, but `members` is at most clients_max.
[[nodiscard]] BrokerCounters read_counters(const Resources& resources);

// The resources as they are now, for the next program. This process still owns the descriptors.
[[nodiscard]] Handover describe_resources(const Resources& resources);

// Throws SetupError when this program does not know one of the formats.
void check_handover(const Handover& handover);

// Takes over what another program of this process has handed over. The result owns the descriptors.
// Throws SetupError.
[[nodiscard]] Resources inherit_resources(const Options& options, const Handover& handover);

}  // namespace chatd
