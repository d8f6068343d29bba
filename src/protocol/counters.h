// The counters for the operator, who reads them as metrics (parent/metrics). The broker's counters
// lie in shared memory that outlives it; an upgrade hands the parent's over to the next program.
// One process writes a counter, and any that maps the memory may read it.
#pragma once

#include <array>
#include <atomic>

#include "protocol/worker_exit.h"

namespace chatd {

// The version of both structs. After an upgrade from another version, all counters begin at 0.
inline constexpr std::uint32_t kCountersVersion = 2;

// The longest fan-out in each bucket, in nanoseconds. One more bucket has all longer ones.
inline constexpr std::array<std::uint64_t, 6> kFanOutBuckets = {
    100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000, 10'000'000'000};

struct BrokerCounters {
    std::uint64_t members;     // that are in the room now
    std::uint64_t messages;    // that were said to all, since the log began
    std::uint64_t deliveries;  // of a message to a member, including the member that said it
    std::uint64_t skipped;  // deliveries that did not happen: the log had overwritten the message
    std::uint64_t fan_out_ns;  // that all fan-outs took together
    std::array<std::uint64_t, kFanOutBuckets.size() + 1> fan_outs;

    // What the broker does in one go: frames that it handled, links that it flushed, syncs. For the
    // watchdog alone.
    std::uint64_t steps;
};

// Only the process that writes this counter may call these. No reader ever sees half of a number.
inline void set_counter(std::uint64_t& counter, std::uint64_t value) {
    std::atomic_ref(counter).store(value, std::memory_order_relaxed);
}
inline void add_to_counter(std::uint64_t& counter, std::uint64_t more) {
    set_counter(counter, counter + more);
}
inline void count_step(BrokerCounters& counters) {
    add_to_counter(counters.steps, 1);
}

// Counts the flush of a link, as a step, and what it has delivered and skipped.
inline void count_flush(BrokerCounters& counters, std::uint64_t delivered, std::uint64_t skipped) {
    count_step(counters);
    add_to_counter(counters.deliveries, delivered);
    add_to_counter(counters.skipped, skipped);
}

// Counts one fan-out, in its bucket and in the time that all took.
inline void count_fan_out(BrokerCounters& counters, std::uint64_t took_ns) {
    std::size_t bucket = 0;
    while (bucket < kFanOutBuckets.size() && took_ns > kFanOutBuckets[bucket]) ++bucket;
    add_to_counter(counters.fan_outs[bucket], 1);
    add_to_counter(counters.fan_out_ns, took_ns);
}

// The reasons why the parent turns a client away.
enum class TurnedAway : std::uint8_t {
    RoomFull,
    TooManyOfAddress,
    Penalised,
    OutOfResources,
    TooManyLogins,
    Closing,
};
inline constexpr std::size_t kTurnedAway = 6;

// All members are numbers of 64 bits: an upgrade hands them over as a list of numbers.
struct ParentCounters {
    std::uint64_t forks = 0;  // of workers
    std::uint64_t broker_restarts = 0;
    std::uint64_t penalties = 0;
    std::array<std::uint64_t, kWorkerExits> ended = {};       // workers, by WorkerExit
    std::array<std::uint64_t, kTurnedAway> turned_away = {};  // clients, by TurnedAway

    void count(WorkerExit exit) { ++ended[static_cast<std::size_t>(exit)]; }
    void count(TurnedAway why) { ++turned_away[static_cast<std::size_t>(why)]; }
};

}  // namespace chatd
