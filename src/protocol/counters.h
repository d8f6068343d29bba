// What is counted, for the operator (see parent/metrics): what the broker counts lies in memory
// that outlives it, what the parent counts goes over to the program that takes its place.
//
// Each counter has one writer; whoever else reads it may do so at any time.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "protocol/worker_exit.h"

namespace chatd {

// Of both; where another program has counted otherwise, all begins anew.
inline constexpr std::uint32_t kCountersVersion = 1;

// A fan-out takes at most so many nanoseconds; longer ones come behind the last.
inline constexpr std::array<std::uint64_t, 6> kFanOutBuckets = {
    100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000, 10'000'000'000};

struct BrokerCounters {
    std::uint64_t members;     // now
    std::uint64_t messages;    // said to all, ever: see Log
    std::uint64_t deliveries;  // of these, to each member, its own included
    std::uint64_t skipped;     // of these, by members that the log has overtaken
    std::uint64_t fan_out_ns;  // all of them together
    std::array<std::uint64_t, kFanOutBuckets.size() + 1> fan_outs;  // by how long they took
};

inline void set_counter(std::uint64_t& counter, std::uint64_t value) {
    std::atomic_ref(counter).store(value, std::memory_order_relaxed);
}

inline void add_to_counter(std::uint64_t& counter, std::uint64_t more) {
    set_counter(counter, counter + more);
}

inline void count_fan_out(BrokerCounters& counters, std::uint64_t took_ns) {
    std::size_t bucket = 0;
    while (bucket < kFanOutBuckets.size() && took_ns > kFanOutBuckets[bucket]) ++bucket;
    add_to_counter(counters.fan_outs[bucket], 1);
    add_to_counter(counters.fan_out_ns, took_ns);
}

// Why a client was turned away.
enum class TurnedAway : std::uint8_t {
    RoomFull,
    TooManyOfAddress,
    Penalised,
    OutOfResources,
    TooManyLogins,
};
inline constexpr std::size_t kTurnedAway = 5;

// Numbers alone: that is how they go over.
struct ParentCounters {
    std::uint64_t forks = 0;  // of workers
    std::uint64_t broker_restarts = 0;
    std::uint64_t penalties = 0;
    std::array<std::uint64_t, kWorkerExits> ended = {};
    std::array<std::uint64_t, kTurnedAway> turned_away = {};

    void count(WorkerExit exit) { ++ended[static_cast<std::size_t>(exit)]; }
    void count(TurnedAway why) { ++turned_away[static_cast<std::size_t>(why)]; }
};

}  // namespace chatd
