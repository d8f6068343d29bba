#include "parent/supervisor.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/bounds.h"
#include "base/fault.h"
#include "broker/broker.h"
#include "parent/history.h"
#include "protocol/worker_exit.h"
#include "sys/memory.h"
#include "sys/privilege.h"
#include "sys/wakeup.h"

namespace chatd {
namespace {

Duration pause_after(int died_young) {
    Duration pause = Duration::zero();
    for (int i = kBrokersYoungMax; i < died_young && pause < kBrokerPauseMax; ++i) {
        pause = std::max<Duration>(pause * 2, kBrokerPause);
    }
    return std::min<Duration>(pause, kBrokerPauseMax);
}

}  // namespace

Supervisor::Supervisor(Resources& resources, const Options& options, ProcessTitle& title,
                       const Signals& signals, Journal& journal)
    : resources_(resources),
      options_(options),
      title_(title),
      signals_(signals),
      journal_(journal),
      log_bytes_(file_bytes(resources.log_memory.get())),
      born_(Clock::now()),
      told_bytes_(unread_bytes(resources.control.second.get()) + resources.outbox.size()) {}

// --- Birth ---------------------------------------------------------------------------------------

void Supervisor::start() {
    start_at_.reset();
    mend_log();
    born_ = Clock::now();
    resources_.broker = fork_broker();
    if (resources_.broker < 0) {
        if (!std::exchange(fork_fails_, true)) {
            journal_.error("fork of the broker: %s; the room waits", std::strerror(errno));
        }
        start_at_ = Clock::now() + kListenerRest;
        return;
    }
    if (std::exchange(fork_fails_, false)) journal_.info("there is a broker again");
    journal_.info("broker started, pid %d", resources_.broker);
}

// Somebody may have cut the file short, or written over it: brokers would die of that for ever.
void Supervisor::mend_log() {
    if (options_.history_path.empty()) return;
    auto history = mend_history(resources_.log_memory.get(), options_.history_path, log_bytes_);
    if (!history) return;
    journal_.error("%s", history->news.c_str());
    resources_.log_memory = std::move(history->fd);
}

pid_t Supervisor::fork_broker() {
    fault_point("parent:before-broker-fork");
    return fork_child([this] {
        signals_.forget();
        const BrokerSetup setup{resources_.broker_listener.fd(),
                                resources_.control.second.get(),
                                resources_.log_memory.get(),
                                resources_.members_memory.get(),
                                resources_.broker_counters.get(),
                                options_.replay,
                                options_.sync,
                                options_.crowds,
                                options_.limits.rate,
                                options_.sandbox,
                                resources_.clients_max + kSpareFds};
        keep_only({setup.listener, setup.control, setup.log_memory, setup.members_memory,
                   setup.counters});
        be_killed_before(resources_.oom_score, kOomBroker);
        Journal journal("broker", options_.level);
        return run_broker(setup, title_, journal);
    });
}

void Supervisor::replace() {
    if (!running()) return start();
    replacing_ = true;
    kill();
}

// --- Death ---------------------------------------------------------------------------------------

bool Supervisor::ended(const Reaped& reaped) {
    if (reaped.pid != resources_.broker) return false;
    const Duration lived = Clock::now() - born_;
    const double lived_s = std::chrono::duration<double>(lived).count();
    resources_.broker = -1;
    answer_by_.reset();
    if (!resources_.control.first.valid() && reaped.wait_status == 0) {
        journal_.info("broker ended, after %.1f s", lived_s);
    } else if (std::exchange(replacing_, false)) {
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
    // No other one comes: whoever waits for it shall know.
    if (closing_) return resources_.broker_listener.stop();
    ++resources_.counters.broker_restarts;
    const auto young = kBrokerYoung + kWarmRecoveryPerMebibyte * (log_bytes_ >> 20);
    died_young_ = lived < young ? died_young_ + 1 : 0;
    const Duration pause = pause_after(died_young_);
    if (pause != Duration::zero()) {
        journal_.error("%d brokers in a row died young; the next one starts in %lld ms",
                       died_young_, static_cast<long long>(pause / std::chrono::milliseconds(1)));
    }
    start_at_ = Clock::now() + pause;
}

void Supervisor::kill() {
    // Not reaped yet: the pid can belong to nobody else.
    if (running()) (void)::kill(resources_.broker, SIGKILL);
}

// --- Is it alive? --------------------------------------------------------------------------------

// Costs nothing while nobody waits in vain: then nobody rings. One question at a time, and the
// wakeup is not heard before it is answered.
pollfd Supervisor::wakeup_poll() const {
    return {running() && !answer_by_ && !closing_ ? resources_.wakeup.get() : -1, POLLIN, 0};
}

void Supervisor::rang() {
    clear_wakeup(resources_.wakeup.get());
    tell(Ping{});
    ping_end_ = told_bytes_;
    const auto up = born_ + kRecoveryPerMebibyte * (log_bytes_ >> 20);
    answer_by_ = std::max<Moment>(Clock::now(), up) + kBrokerAnswer;
}

std::uint64_t Supervisor::taken_bytes() const {
    return told_bytes_ - resources_.outbox.size() - unread_bytes(resources_.control.second.get());
}

void Supervisor::check_answer() {
    answer_by_.reset();
    if (!running() || taken_bytes() >= ping_end_) return;
    journal_.error("the broker does not answer, pid %d: it is replaced", resources_.broker);
    kill();
}

// --- One turn ------------------------------------------------------------------------------------

pollfd Supervisor::link_poll() const {
    return {resources_.control.first.get(),
            static_cast<short>(resources_.outbox.empty() ? 0 : POLLOUT), 0};
}

Deadline Supervisor::wake_at() const {
    if (!start_at_ || !answer_by_) return start_at_ ? start_at_ : answer_by_;
    return std::min(*start_at_, *answer_by_);
}

void Supervisor::turn() {
    const Moment now = Clock::now();
    if (start_at_ && now >= *start_at_) start();
    if (answer_by_ && now >= *answer_by_) check_answer();
    // The other end is ours as well: the link is never broken, only full.
    if (resources_.control.first.valid()) {
        (void)send_from(resources_.control.first.get(), resources_.outbox);
    }
}

// --- The end -------------------------------------------------------------------------------------

void Supervisor::begin_closing() {
    closing_ = true;
    start_at_.reset();
    answer_by_.reset();
    tell(CloseRoom{});
    if (!running()) resources_.broker_listener.stop();
}

void Supervisor::dismiss() {
    resources_.control.second.reset();
    resources_.control.first.reset();
}

}  // namespace chatd
