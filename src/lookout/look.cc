#include "lookout/look.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/bounds.h"
#include "lookout/calls.h"
#include "lookout/proc_text.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "text/name.h"

namespace chatd {
namespace {

constexpr std::string_view kBroker = "chatd-broker";

// The list of the children takes 8 bytes for each.
constexpr std::size_t kChildrenBytes = 8 * std::size_t{kClientsLimit};

std::int64_t ms_of_ticks(std::uint64_t ticks) {
    static const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    return static_cast<std::int64_t>(ticks * 1000 / per_second);
}

std::int64_t uptime_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(uptime()).count();
}

}  // namespace

Look::Look(int proc, pid_t parent, pid_t broker)
    : proc_(proc),
      parent_(parent),
      own_pid_(::getpid()),
      children_(parse_children(
          read(parent, "task/" + std::to_string(parent) + "/children", kChildrenBytes))),
      broker_(find_broker(broker)) {}

// A process may end at any time: then there is no file, or nothing in it.
std::string Look::read(pid_t pid, const std::string& file, std::size_t most) const {
    const std::string path = std::to_string(pid) + '/' + file;
    const UniqueFd fd(::openat(proc_, path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    for (ssize_t bytes = 1; fd.valid() && bytes > 0 && text.size() < most;) {
        const std::size_t before = text.size();
        text.resize(before + kProcFileBytes);
        bytes = ::read(fd.get(), text.data() + before, kProcFileBytes);
        text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
    }
    return text;
}

bool Look::is_child(pid_t pid) const {
    return std::ranges::find(children_, pid) != children_.end();
}

// All names are read only when there is a new broker.
pid_t Look::find_broker(pid_t last) const {
    const auto is_broker = [this](pid_t pid) {
        return read(pid, "comm", kProcFileBytes) == std::string(kBroker) + '\n';
    };
    if (is_child(last) && is_broker(last)) return last;
    const auto found = std::ranges::find_if(children_, is_broker);
    return found == children_.end() ? -1 : *found;
}

ProcessRole Look::role_of(pid_t pid, std::string_view comm) const {
    if (pid == parent_) return ProcessRole::Parent;
    if (pid == broker_) return ProcessRole::Broker;
    if (pid == own_pid_) return ProcessRole::Lookout;
    const bool is_worker = comm.starts_with("chatd:") || comm.starts_with("chatd-worker");
    return is_worker ? ProcessRole::Worker : ProcessRole::Other;
}

// A zombie has no title any more.
std::string Look::name_of(pid_t pid) const {
    const std::string title = read(pid, "cmdline", kProcFileBytes);
    if (!title.empty()) return std::string(name_in_title(title));
    const std::string comm = read(pid, "comm", kProcFileBytes);
    return std::string(name_in_comm(comm.substr(0, comm.find('\n'))));
}

void Look::append_row(std::string& out, pid_t pid, std::string_view asked) const {
    const std::string text = read(pid, "stat", kProcFileBytes);
    const auto stat = parse_stat(text);
    if (!stat) return;
    const std::string status = read(pid, "status", kProcFileBytes);
    ProcessRow row{.age_ms = uptime_ms() - ms_of_ticks(stat->start_ticks),
                   .cpu_ms = ms_of_ticks(stat->cpu_ticks),
                   .memory_kib = number_in_status(status, "RssAnon"),
                   .pid = pid,
                   .ppid = stat->ppid,
                   .nice = stat->nice,
                   .policy = stat->policy,
                   .role = role_of(pid, stat->comm)};
    const std::string shown = stat_as_ps(*stat);
    std::ranges::copy(shown.substr(0, sizeof row.stat), row.stat);
    std::string name;
    if (row.role == ProcessRole::Worker) name = name_of(pid);
    std::string call;
    if (!asked.empty() && fold_name(name) == asked) {
        const auto number = parse_syscall(read(pid, "syscall", kProcFileBytes));
        if (number) call = call_name(*number);
    }
    append_frame(out, row, name, call);
}

std::string Look::answer(std::string_view prefix) {
    if (read(parent_, "stat", kProcFileBytes).empty() || children_.empty()) return {};
    return prefix.empty() ? answer_all() : answer_some(prefix);
}

std::string Look::answer_all() const {
    std::string out;
    const auto count = static_cast<std::uint32_t>(children_.size() + 1);
    append_frame(out, Processes{.processes = count, .matching = count});
    for (const pid_t pid : {parent_, broker_, own_pid_}) append_row(out, pid, {});
    std::uint32_t others = 0;
    for (const pid_t pid : children_) {
        if (pid == broker_ || pid == own_pid_) continue;
        if (++others <= kPeopleShown) append_row(out, pid, {});
    }
    append_frame(out, Done{.left_out = others - std::min(others, kPeopleShown)});
    return out;
}

const std::vector<Look::Worker>& Look::workers() {
    if (workers_) return *workers_;
    workers_.emplace();
    for (const pid_t pid : children_) {
        if (pid == broker_ || pid == own_pid_) continue;
        workers_->push_back({pid, fold_name(name_of(pid))});
    }
    return *workers_;
}

std::string Look::answer_some(std::string_view prefix) {
    const std::string key = fold_name(prefix);
    std::vector<pid_t> matching;
    for (const Worker& worker : workers()) {
        if (worker.key.starts_with(key)) matching.push_back(worker.pid);
    }
    std::string out;
    const auto count = static_cast<std::uint32_t>(matching.size());
    append_frame(
        out,
        Processes{.processes = static_cast<std::uint32_t>(workers().size()), .matching = count},
        prefix);
    const std::uint32_t shown = std::min(count, kPeopleShown);
    for (std::uint32_t i = 0; i < shown; ++i) append_row(out, matching[i], key);
    append_frame(out, Done{.left_out = count - shown});
    return out;
}

}  // namespace chatd
