// The benchmark measures these things on the machine: processor time, memory, wake-ups, the time of
// a fork.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace chatd::test {

using Seconds = std::chrono::duration<double>;

// Processor time that was spent until now: by the whole machine, and by this process. The machine
// is measured as a whole because Linux charges small processes for less than they use, some for
// nothing.
struct Work {
    Seconds machine;
    Seconds ours;
};
[[nodiscard]] Work work_so_far();
[[nodiscard]] Work operator-(const Work& later, const Work& earlier);

// The lines of /proc/meminfo by name, in KiB.
[[nodiscard]] std::map<std::string, std::int64_t> memory_kib();

// The number of times that processes were put on a processor, and the time that they ran there.
struct Activity {
    std::uint64_t wakeups = 0;
    Seconds time{0};
};
[[nodiscard]] Activity activity_of(pid_t root);  // of this process and all its descendants

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
