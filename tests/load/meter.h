// The benchmark measures these things on the machine: processor time, memory, wake-ups, the time of
// a fork.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace chatd::test {

using Seconds = std::chrono::duration<double>;

// Processor time that was spent until now: by anybody on this machine (all time that was not idle,
// and what its host took), and by this process.
struct Work {
    Seconds machine;
    Seconds ours;
};
[[nodiscard]] Work work_so_far();
[[nodiscard]] Work operator-(const Work& later, const Work& earlier);

// Processor time of a contender by role.
struct Shares {
    Seconds broker{0};
    Seconds workers{0};
    Seconds parent{0};

    [[nodiscard]] Seconds sum() const { return broker + workers + parent; }
};
[[nodiscard]] Shares operator-(const Shares& later, const Shares& earlier);

// The processes of a contender. Of several, the first is the parent, the one whose name ends in
// "-broker" the broker, and all others count as workers. A process that is alone counts as broker:
// it is what everything has to pass.
class Household {
  public:
    Household(pid_t root, bool has_workers) : root_(root), has_workers_(has_workers) { look(); }

    // Looks which processes there are now. Takes half a second for ten thousand.
    void look();

    // The time that they have used since the contender started. Those that have ended count as
    // workers, once the parent has waited for them. Exact when all are asleep.
    [[nodiscard]] Shares time() const;

    // All processes, in no order.
    [[nodiscard]] std::vector<pid_t> pids() const;

  private:
    pid_t root_;
    bool has_workers_;
    std::vector<pid_t> brokers_;
    std::vector<pid_t> workers_;
};

// While this object lives, these processes and this one run on a single processor.
class OneProcessor {
  public:
    explicit OneProcessor(std::vector<pid_t> pids);
    OneProcessor(const OneProcessor&) = delete;
    OneProcessor& operator=(const OneProcessor&) = delete;
    ~OneProcessor();

  private:
    std::vector<pid_t> pids_;
    cpu_set_t before_{};
};

// The lines of /proc/meminfo by name, in KiB.
[[nodiscard]] std::map<std::string, std::int64_t> memory_kib();

// The number of times that processes were put on a processor, and the time that they ran there.
struct Activity {
    std::uint64_t wakeups = 0;
    Seconds time{0};
};
[[nodiscard]] Activity activity_of(const std::vector<pid_t>& pids);

// The value below which this part of the values lies; 0.5 gives the median. `values` must not be
// empty.
template <class Value>
[[nodiscard]] Value percentile(std::vector<Value> values, double part) {
    const long at = std::lround(part * static_cast<double>(values.size() - 1));
    const auto nth = values.begin() + at;
    std::nth_element(values.begin(), nth, values.end());
    return *nth;
}

// Measures the forks of one process while this object lives, by the kernel's tracer (ftrace,
// raw_syscalls).
class ForkTrace {
  public:
    explicit ForkTrace(pid_t pid);
    ForkTrace(const ForkTrace&) = delete;
    ForkTrace& operator=(const ForkTrace&) = delete;
    ~ForkTrace();

    // The time that each fork took. Empty when the kernel does not allow the measurement.
    [[nodiscard]] std::vector<std::chrono::microseconds> forks() const;

  private:
    std::string directory_;
};

}  // namespace chatd::test
