#include "parent/supervisor.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/bounds.h"
#include "base/fault.h"
#include "broker/broker.h"
#include "log/log_format.h"
#include "parent/history.h"
#include "protocol/worker_exit.h"
#include "sys/privilege.h"

namespace chatd {
namespace {

Duration pause_after(int died_young) {
    Duration pause = Duration::zero();
    for (int i = kBrokersYoungMax; i < died_young && pause < kBrokerPauseMax; ++i) {
        pause = std::max<Duration>(pause * 2, kBrokerPause);
    }
    return std::min<Duration>(pause, kBrokerPauseMax);
}

void append_born(std::string& out, WorkerTable::value_type& worker) {
    auto& [pid, record] = worker;
    const std::size_t begin = out.size();
    record.is_told_stopped = record.is_stopped;
    append_frame(out, Born{.birth_ns = record.birth_ns, .pid = pid, .stopped = record.is_stopped},
                 {}, record.peer);
    trace_frames("tells the broker", std::string_view(out).substr(begin));
}

}  // namespace

Supervisor::Supervisor(Resources& resources, const Options& options, ProcessTitle& title,
                       const Signals& signals, Journal& journal)
    : resources_(resources),
      options_(options),
      title_(title),
      signals_(signals),
      journal_(journal),
      keeper_(resources, options, title, signals, journal),
      born_(Clock::now()),
      queued_bytes_(unread_bytes(resources.control.second.get()) + resources.outbox.size()) {
    // Room for the end of every worker, and for the birth of one that has been forked: the room
    // must hear of each, also when memory is short.
    constexpr std::size_t kEndedBytes = sizeof(FrameHeader) + sizeof(Ended);
    resources.outbox.reserve(kControlBytesMax + resources.clients_max * kEndedBytes);
    resources.births_outbox.reserve(kControlBytesMax + kFrameBytesMax);
}

void Supervisor::start() {
    start_at_ = Clock::now() + kListenerRest;  // Then again, if memory is short now.
    const std::string workers = announce_all();
    // Every new broker would die of a damaged history.
    resources_.is_repairing = !options_.history_path.empty() &&
                              !is_intact_history(resources_.log_memory.get(), resources_.log_size);
    if (resources_.is_repairing) return fork_next("repair", [this] { return run_repair(); });
    fault_point("parent:before-broker-fork");
    fork_next("broker", [&] { return run_child(workers); });
    if (is_running()) journal_.info("broker started, pid %d", resources_.broker);
}

void Supervisor::fork_next(const char* role, const std::function<int()>& child_main) {
    born_ = Clock::now();
    resources_.broker = fork_child(role, child_main);
    if (!is_running()) {
        if (!std::exchange(fork_fails_, true)) {
            journal_.error("fork of the broker: %s; the room waits", std::strerror(errno));
        }
        return;
    }
    start_at_.reset();
    if (std::exchange(fork_fails_, false)) journal_.info("there is a broker again");
}

// A process of its own does this, because the parent must go on meanwhile. The link on which no
// broker listens yet takes the repaired file to the parent.
int Supervisor::run_repair() {
    signals_.forget();
    Signals::ignore({SIGINT, SIGTERM, SIGHUP, SIGUSR1});
    title_.set("chatd: repairs the history");
    ProcessTitle::set_short("chatd-repair");
    raise_oom_score(resources_.oom_score, kOomBroker);
    keep_only({resources_.log_memory.get(), resources_.births.second.get()});
    Journal journal("repair", options_.level);
    const History history = repair_history_in_use(resources_.log_memory.get(),
                                                  options_.history_path, resources_.log_size);
    journal.error("%s", history.news.c_str());
    const bool sent = send_descriptor(resources_.births.second.get(), history.fd.get());
    return static_cast<int>(sent ? ExitStatus::Ok : ExitStatus::System);
}

void Supervisor::repair_ended() {
    resources_.is_repairing = false;
    if (is_closing_) return resources_.broker_listener.stop();
    UniqueFd repaired = receive_descriptor(resources_.births.first.get());
    if (!repaired.valid()) {
        journal_.error(
            "history: damaged, and it could not be repaired; the log goes on in memory, "
            "empty, and the next start repairs the file");
        try {
            repaired = make_log_memory(resources_.log_size.ring_bytes);
        } catch (const SetupError& error) {
            journal_.error("%s; the repair is tried again", error.what());
            start_at_ = Clock::now() + kBrokerPauseMax;
            return;
        }
    }
    resources_.log_memory = std::move(repaired);
    resources_.log_size.has_archive = true;
    start();
}

// What was meant for the broker before is of no use: the new one is told of all workers.
std::string Supervisor::announce_all() {
    resources_.births_outbox.clear();
    std::array<char, kReadBytes> unread;
    while (receive(resources_.births.second.get(), unread).status == IoStatus::Done) continue;
    std::string all;
    for (auto& worker : resources_.workers) append_born(all, worker);
    return all;
}

// It is sent now and not at the end of the turn, because the worker may attach at once. (The broker
// keeps one waiting that it has not heard of.)
void Supervisor::announce(WorkerTable::value_type& worker) {
    if (!is_running() || resources_.is_repairing) return;
    append_born(resources_.births_outbox, worker);
    send_queued();
}

// What would not fit waits in the table, where a worker that is stopped and continued again takes
// no more room.
void Supervisor::announce_pauses() {
    pauses_untold_ = true;
    if (!is_running() || resources_.is_repairing || !resources_.births_outbox.empty()) return;
    pauses_untold_ = false;
    for (auto& worker : resources_.workers) {
        if (worker.second.is_told_stopped == worker.second.is_stopped) continue;
        pauses_untold_ = resources_.births_outbox.size() >= kControlBytesMax;
        if (pauses_untold_) break;
        append_born(resources_.births_outbox, worker);
    }
    send_queued();
}

// The broker has to hear of a worker before it hears of its end.
void Supervisor::send_queued() {
    // This process holds the other ends as well, so the links are never broken, only full.
    if (!resources_.control.first.valid() ||
        send_from(resources_.births.first.get(), resources_.births_outbox) != IoStatus::Done) {
        return;
    }
    (void)send_from(resources_.control.first.get(), resources_.outbox);
}

int Supervisor::run_child(std::string_view workers) {
    signals_.forget();
    const std::size_t backlog =
        unread_bytes(resources_.control.second.get()) + resources_.outbox.size();
    const BrokerSetup setup{.listener = resources_.broker_listener.fd(),
                            .control = resources_.control.second.get(),
                            .births = resources_.births.second.get(),
                            .workers = workers,
                            .backlog = backlog,
                            .log_memory = resources_.log_memory.get(),
                            .members_memory = resources_.members_memory.get(),
                            .counters = resources_.broker_counters.get(),
                            .replay = options_.replay,
                            .sync = options_.sync,
                            .crowds = options_.crowds,
                            .rate = options_.limits.rate,
                            .sandbox = options_.sandbox,
                            .descriptors_max = resources_.clients_max + kSpareFds};
    keep_only({setup.listener, setup.control, setup.births, setup.log_memory, setup.members_memory,
               setup.counters});
    raise_oom_score(resources_.oom_score, kOomBroker);
    Journal journal("broker", options_.level);
    return run_broker(setup, title_, journal);
}

void Supervisor::replace() {
    if (!is_running()) return start();
    is_replacing_ = true;
    kill();
}

bool Supervisor::handle_exit(const Reaped& reaped) {
    if (reaped.pid != resources_.broker) return keeper_.handle_exit(reaped);
    const Duration lived = Clock::now() - born_;
    const double lived_s = std::chrono::duration<double>(lived).count();
    resources_.broker = -1;
    watchdog_.cancel();
    if (resources_.is_repairing) {
        repair_ended();
        return true;
    }
    if (!resources_.control.first.valid() && reaped.wait_status == 0) {
        journal_.info("broker ended, after %.1f s", lived_s);
    } else if (std::exchange(is_replacing_, false)) {
        journal_.info("the broker of the program before has ended");
        start();
    } else {
        journal_.error("broker ended: %s, after %.1f s",
                       describe_wait_status(reaped.wait_status).c_str(), lived_s);
        restart(lived);
    }
    return true;
}

void Supervisor::restart(Duration lived) {
    // No further broker starts; workers that wait fail to connect and so learn it.
    if (is_closing_) return resources_.broker_listener.stop();
    ++resources_.counters.broker_restarts;
    const auto young =
        kBrokerYoung + kWarmRecoveryPerMebibyte * (resources_.log_size.bytes() >> 20);
    died_young_ = lived < young ? died_young_ + 1 : 0;
    const Duration pause = pause_after(died_young_);
    if (pause != Duration::zero()) {
        journal_.error("%d brokers in a row died young; the next one starts in %lld ms",
                       died_young_, static_cast<long long>(pause / std::chrono::milliseconds(1)));
    }
    start_at_ = Clock::now() + pause;
}

void Supervisor::kill() {
    // The broker is not reaped yet, so its pid belongs to no other process.
    if (is_running()) (void)::kill(resources_.broker, SIGKILL);
}

pollfd Supervisor::link_poll() const {
    if (!resources_.births_outbox.empty()) return {resources_.births.first.get(), POLLOUT, 0};
    return {resources_.control.first.get(),
            static_cast<short>(resources_.outbox.empty() ? 0 : POLLOUT), 0};
}

void Supervisor::turn() {
    const Moment now = Clock::now();
    if (is_due(watch_at_, now)) watch_at_.reset();
    if (is_due(start_at_, now)) start();
    if (is_due(watchdog_.due(), now)) check_answer();
    if (pauses_untold_) announce_pauses();
    keeper_.turn();
    send_queued();
}

void Supervisor::begin_closing() {
    is_closing_ = true;
    keeper_.begin_closing();
    watch_at_.reset();
    start_at_.reset();
    watchdog_.cancel();
    if (resources_.is_repairing) kill();
    send(CloseRoom{});
    if (!is_running()) resources_.broker_listener.stop();
}

void Supervisor::close_link() {
    resources_.control.second.reset();
    resources_.control.first.reset();
}

// --- Does the broker live?

// Workers use the wakeup only when they wait in vain or are to end, so this costs nothing while all
// is well.
pollfd Supervisor::wakeup_poll() const {
    return {watch_at_ || is_closing_ ? -1 : resources_.wakeup.get(), POLLIN, 0};
}

void Supervisor::take_wakeup() {
    clear_wakeup(resources_.wakeup.get());
    watch_at_ = Clock::now() + kWakeupRest;
    if (!is_running() || watchdog_.is_asking() || resources_.is_repairing) return;
    send(Ping{});
    ping_end_ = queued_bytes_;
    const Moment recovered = born_ + kRecoveryPerMebibyte * (resources_.log_size.bytes() >> 20);
    watchdog_.ask(read_counters(resources_).steps,
                  std::max(Clock::now(), recovered) + kBrokerAnswer);
}

void Supervisor::check_answer() {
    const std::size_t unread = unread_bytes(resources_.control.second.get());
    const bool has_read = queued_bytes_ - resources_.outbox.size() - unread >= ping_end_;
    const std::uint64_t steps = read_counters(resources_).steps;
    if (!watchdog_.finds_it_hanging(has_read, steps, Clock::now())) return;
    journal_.error("the broker does not answer, pid %d: it is replaced", resources_.broker);
    kill();
}

}  // namespace chatd
