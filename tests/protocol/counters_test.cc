// Specification of protocol/counters: each event is counted once, in the number that is its own.
#include "protocol/counters.h"

#include <criterion/criterion.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "support/expect.h"

using namespace chatd;

namespace {

// The index of the bucket in which a fan-out of this duration is counted.
std::size_t bucket_of(std::uint64_t took_ns) {
    BrokerCounters counters{};
    count_fan_out(counters, took_ns);
    std::size_t bucket = 0;
    while (bucket < counters.fan_outs.size() && counters.fan_outs[bucket] == 0) ++bucket;
    return bucket;
}

}  // namespace

Test(counters, a_counter_is_set_and_added_to) {
    std::uint64_t counter = 3;
    add_to_counter(counter, 4);
    EXPECT_EQ(counter, 7);
    set_counter(counter, 2);
    EXPECT_EQ(counter, 2);
}

Test(counters, each_bucket_of_fan_outs_ends_with_its_longest_duration) {
    EXPECT_EQ(bucket_of(0), 0);
    for (std::size_t i = 0; i < kFanOutBuckets.size(); ++i) {
        EXPECT_EQ(bucket_of(kFanOutBuckets[i]), i);
        EXPECT_EQ(bucket_of(kFanOutBuckets[i] + 1), i + 1);
    }
    EXPECT_EQ(bucket_of(UINT64_MAX), kFanOutBuckets.size());
}

Test(counters, fan_outs_are_counted_once_each_and_their_durations_add_up) {
    BrokerCounters counters{};
    for (const std::uint64_t took_ns : {1U, 99'999U, 100'001U, 5'000'000U}) {
        count_fan_out(counters, took_ns);
    }
    EXPECT_EQ(counters.fan_outs, (std::array<std::uint64_t, 7>{2, 1, 1}));
    EXPECT_EQ(counters.fan_out_ns, 1 + 99'999 + 100'001 + 5'000'000);
}

Test(counters, each_end_of_a_worker_has_a_number_of_its_own) {
    ParentCounters counters;
    for (std::size_t i = 0; i < kWorkerExits; ++i) {
        for (std::size_t times = 0; times <= i; ++times) counters.count(static_cast<WorkerExit>(i));
    }
    for (std::size_t i = 0; i < kWorkerExits; ++i) EXPECT_EQ(counters.ended[i], i + 1);
}

Test(counters, each_reason_to_turn_a_client_away_has_a_number_of_its_own) {
    ParentCounters counters;
    counters.count(TurnedAway::RoomFull);
    counters.count(TurnedAway::TooManyLogins);
    counters.count(TurnedAway::TooManyLogins);
    EXPECT_EQ(counters.turned_away, (std::array<std::uint64_t, kTurnedAway>{1, 0, 0, 0, 2, 0}));
    EXPECT_EQ(std::accumulate(counters.ended.begin(), counters.ended.end(), std::uint64_t{0}), 0);
}
