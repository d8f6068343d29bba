// What the parent owns: listeners, the room's memory, the link to the broker, the table of its
// children. It outlives every broker, and goes over to the program that takes this one's place.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <unordered_map>
#include <vector>

#include "options.h"
#include "parent/handover.h"
#include "protocol/counters.h"
#include "sys/fd.h"
#include "sys/journal.h"
#include "sys/local.h"
#include "sys/memory.h"
#include "sys/metrics_socket.h"
#include "sys/net.h"

namespace chatd {

struct LivingWorker {
    std::uint64_t birth_ns;
    std::string address;  // see Accepted
};

struct Resources {
    std::uint32_t clients_max;
    bool has_terminal;
    std::vector<Listener> listeners;
    LocalListener broker_listener;
    UniqueFd log_memory;       // see Log
    UniqueFd members_memory;   // see Room
    UniqueFd broker_counters;  // see read_counters()
    // Both ends stay for as long as there is a room: what one broker has not read, the next one
    // reads.
    SocketPair control;
    UniqueFd wakeup;             // see sys/wakeup.h
    UniqueFd program_directory;  // see sys/program.h
    int oom_score = 0;           // see be_killed_last()
    ParentCounters counters = {};
    std::unique_ptr<MetricsSocket> metrics = {};  // null: nobody may read them

    // The workers, by pid; written to at each fork.
    std::unique_ptr<UnsharedMemory> unshared = std::make_unique<UnsharedMemory>();
    std::pmr::unordered_map<pid_t, LivingWorker> workers{unshared->get()};
    pid_t broker = -1;        // -1: none runs
    std::string outbox = {};  // frames for the broker
};

// Gets all of it, or throws SetupError; `argv0` is the name of this program. For some of it one may
// have to be root: once that is had, this process becomes the user of --user. The journal is told
// what of the history is lost.
[[nodiscard]] Resources acquire_resources(const Options& options, const char* argv0,
                                          Journal& journal);

// What the broker has counted. It may write there what it likes, or cut it short: what is read are
// numbers, and no more members than there may be clients.
[[nodiscard]] BrokerCounters read_counters(const Resources& resources);

// The estate as it stands, for the next program.
[[nodiscard]] Handover describe_resources(const Resources& resources);

// Would this program understand what goes over? Throws SetupError that says what it does not.
// Nothing has changed afterwards.
void check_handover(const Handover& handover);

// Takes it over. The descriptors are this process's own now.
[[nodiscard]] Resources inherit_resources(const Handover& handover, const char* argv0);

}  // namespace chatd
