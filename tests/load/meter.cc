#include "load/meter.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <sstream>
#include <utility>

#include "support/file.h"
#include "support/process.h"
#include "support/wait.h"

namespace chatd::test {
namespace {

const char* const kTracing = "/sys/kernel/tracing";

Seconds seconds_of(const timeval& time) {
    return Seconds(static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6);
}

double ticks_per_second() {
    return static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// The kernel measures idle times; the busy times of /proc/stat are only what it happened to see at
// its ticks. Columns: cpu user nice system idle iowait irq softirq steal.
Seconds machine_work() {
    const Seconds processors(static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN)));
    const Seconds since_start = Clock::now().time_since_epoch();
    std::ifstream stat("/proc/stat");
    std::string cpu;
    std::array<double, 5> ticks{};
    stat >> cpu;
    for (double& kind : ticks) stat >> kind;
    const double idle = ticks[3] + ticks[4];
    return since_start * processors.count() - Seconds(idle / ticks_per_second());
}

// proc(5): fields `first` and the one behind it of /proc/PID/stat, which are times. 0 when the
// process has ended. Field 3 is the first behind the name in parentheses.
Seconds times_in_stat(pid_t pid, int first) {
    const std::string stat = contents("/proc/" + std::to_string(pid) + "/stat");
    std::istringstream fields(stat.substr(stat.rfind(')') + 1));
    std::string field;
    for (int number = 3; number < first; ++number) fields >> field;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return Seconds((user + system) / ticks_per_second());
}

// The first number of schedstat is in nanoseconds, and that of a process with one thread, as all
// contenders are. Not every kernel has it; stat has only ticks, and some workers use less than one.
Seconds time_of(pid_t pid) {
    std::istringstream schedstat(contents("/proc/" + std::to_string(pid) + "/schedstat"));
    double ns = 0;
    if (schedstat >> ns) return Seconds(ns / 1e9);
    return times_in_stat(pid, 14);
}

Seconds time_of(const std::vector<pid_t>& pids) {
    Seconds sum{0};
    for (const pid_t pid : pids) sum += time_of(pid);
    return sum;
}

void add_activity(pid_t pid, Activity& sum) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string word; status >> word;) {
        std::uint64_t times = 0;
        if (word.ends_with("_ctxt_switches:") && status >> times) sum.wakeups += times;
    }
    sum.time += time_of(pid);
}

bool write_to(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text << std::flush;
    return file.good();
}

}  // namespace

Work work_so_far() {
    rusage usage{};
    (void)::getrusage(RUSAGE_SELF, &usage);
    return {machine_work(), seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime)};
}

Work operator-(const Work& later, const Work& earlier) {
    return {later.machine - earlier.machine, later.ours - earlier.ours};
}

Shares operator-(const Shares& later, const Shares& earlier) {
    return {later.broker - earlier.broker, later.workers - earlier.workers,
            later.parent - earlier.parent};
}

std::map<std::string, std::int64_t> memory_kib() {
    std::map<std::string, std::int64_t> lines;
    std::ifstream meminfo("/proc/meminfo");
    for (std::string line; std::getline(meminfo, line);) {
        std::istringstream words(line);
        std::string name;
        std::int64_t kib = 0;
        if (!(words >> name >> kib)) continue;
        name.pop_back();  // the colon
        lines[name] = kib;
    }
    return lines;
}

Activity activity_of(const std::vector<pid_t>& pids) {
    Activity sum;
    for (const pid_t pid : pids) add_activity(pid, sum);
    return sum;
}

// --- Household -----------------------------------------------------------------------------------

void Household::look() {
    brokers_.clear();
    workers_.clear();
    if (!has_workers_) return brokers_.push_back(root_);
    for (const Process& process : processes(root_)) {
        (process.comm.ends_with("-broker") ? brokers_ : workers_).push_back(process.pid);
    }
}

// Fields 16 and 17 of stat: what ended children have used.
Shares Household::time() const {
    Shares shares{time_of(brokers_), time_of(workers_), Seconds(0)};
    if (!has_workers_) return shares;
    shares.workers += times_in_stat(root_, 16);
    shares.parent = time_of(root_);
    return shares;
}

std::vector<pid_t> Household::pids() const {
    std::vector<pid_t> all = workers_;
    all.insert(all.end(), brokers_.begin(), brokers_.end());
    if (has_workers_) all.push_back(root_);
    return all;
}

// --- OneProcessor --------------------------------------------------------------------------------

OneProcessor::OneProcessor(std::vector<pid_t> pids) : pids_(std::move(pids)) {
    pids_.push_back(::getpid());
    if (::sched_getaffinity(0, sizeof before_, &before_) != 0) {
        throw system_error("sched_getaffinity");
    }
    int first = 0;
    while (!CPU_ISSET(first, &before_)) ++first;
    cpu_set_t one{};
    CPU_SET(first, &one);
    for (const pid_t pid : pids_) {
        if (::sched_setaffinity(pid, sizeof one, &one) != 0) {
            throw system_error("sched_setaffinity");
        }
    }
}

OneProcessor::~OneProcessor() {
    for (const pid_t pid : pids_) (void)::sched_setaffinity(pid, sizeof before_, &before_);
}

// --- ForkTrace -----------------------------------------------------------------------------------

// fork(3) of glibc makes the system call clone.
ForkTrace::ForkTrace(pid_t pid)
    : directory_(std::string(kTracing) + "/instances/chatd-bench-" + std::to_string(::getpid())) {
    if (::mkdir(directory_.c_str(), 0700) != 0) return;
    const std::string filter =
        "id == " + std::to_string(SYS_clone) + " && common_pid == " + std::to_string(pid);
    const std::string events = directory_ + "/events/raw_syscalls/";
    for (const char* const event : {"sys_enter", "sys_exit"}) {
        if (!write_to(events + event + "/filter", filter)) return;
        if (!write_to(events + event + "/enable", "1")) return;
    }
}

ForkTrace::~ForkTrace() {
    (void)::rmdir(directory_.c_str());
}

// "     chatd-123  [000] ..... 4711.123456: sys_enter: NR 56 (...)"
std::vector<std::chrono::microseconds> ForkTrace::forks() const {
    std::vector<std::chrono::microseconds> times;
    std::ifstream trace(directory_ + "/trace");
    double entered_s = 0;
    for (std::string line; std::getline(trace, line);) {
        const std::size_t entry = line.find(": sys_enter: ");
        const std::size_t exit = line.find(": sys_exit: ");
        const std::size_t end = std::min(entry, exit);
        if (line.starts_with('#') || end == std::string::npos) continue;
        const double at_s = std::stod(line.substr(line.rfind(' ', end - 1), end));
        if (entry != std::string::npos) {
            entered_s = at_s;
        } else if (entered_s != 0) {
            times.emplace_back(std::lround((at_s - entered_s) * 1e6));
            entered_s = 0;
        }
    }
    return times;
}

}  // namespace chatd::test
