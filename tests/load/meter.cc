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

#include "support/process.h"
#include "support/wait.h"

namespace chatd::test {
namespace {

const char* const kTracing = "/sys/kernel/tracing";

Seconds seconds_of(const timeval& time) {
    return Seconds(static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6);
}

// All time that was not idle. The kernel measures idle times; the busy times of /proc/stat are only
// what it happened to see at its ticks. Columns: cpu user nice system idle iowait irq softirq
// steal.
Seconds machine_work() {
    const Seconds processors(static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN)));
    const Seconds since_start = Clock::now().time_since_epoch();
    std::ifstream stat("/proc/stat");
    std::string cpu;
    std::array<double, 8> ticks{};
    stat >> cpu;
    for (double& kind : ticks) stat >> kind;
    const double not_ours = ticks[3] + ticks[4] + ticks[7];
    return since_start * processors.count() -
           Seconds(not_ours / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

void add_activity(pid_t pid, Activity& sum) {
    const std::string directory = "/proc/" + std::to_string(pid);
    std::ifstream status(directory + "/status");
    for (std::string word; status >> word;) {
        std::uint64_t times = 0;
        if (word.ends_with("_ctxt_switches:") && status >> times) sum.wakeups += times;
    }
    // Behind the name in parentheses: state, ten numbers, utime and stime.
    std::ifstream stat(directory + "/stat");
    std::string line;
    if (!std::getline(stat, line)) return;  // It has ended.
    std::istringstream words(line.substr(line.rfind(')') + 1));
    std::string word;
    for (int i = 0; i < 11; ++i) words >> word;
    double user = 0;
    double system = 0;
    words >> user >> system;
    sum.time += Seconds((user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK)));
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

Activity activity_of(pid_t root) {
    Activity sum;
    add_activity(root, sum);
    for (const Process& process : processes(root)) add_activity(process.pid, sum);
    return sum;
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
