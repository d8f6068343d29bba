#include "shell/keeper.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "bounds.h"
#include "core/fault.h"
#include "shell/broker.h"
#include "sys/bell.h"
#include "sys/history.h"
#include "sys/memory.h"
#include "sys/privilege.h"

namespace chatd {
namespace {

Clock::duration pause_after(int died_young) {
    Clock::duration pause = Clock::duration::zero();
    for (int i = kBrokersYoungMax; i < died_young && pause < kBrokerPauseMax; ++i) {
        pause = std::max<Clock::duration>(pause * 2, kBrokerPause);
    }
    return std::min<Clock::duration>(pause, kBrokerPauseMax);
}

}  // namespace

BrokerKeeper::BrokerKeeper(Estate& estate, const Options& options, ProcessTitle& title,
                           const Signals& signals, Journal& journal)
    : estate_(estate),
      options_(options),
      title_(title),
      signals_(signals),
      journal_(journal),
      log_bytes_(file_bytes(estate.log_memory.get())),
      born_(Clock::now()),
      told_bytes_(unread_bytes(estate.control.second.get()) + estate.outbox.size()) {}

// --- Birth ---------------------------------------------------------------------------------------

void BrokerKeeper::start() {
    start_at_.reset();
    mend_log();
    born_ = Clock::now();
    estate_.broker = fork_broker();
    if (estate_.broker < 0) {
        if (!std::exchange(fork_fails_, true)) {
            journal_.error("fork of the broker: %s; the room waits", std::strerror(errno));
        }
        start_at_ = Clock::now() + kListenerRest;
        return;
    }
    if (std::exchange(fork_fails_, false)) journal_.info("there is a broker again");
    journal_.info("broker started, pid %d", estate_.broker);
}

// Somebody may have cut the file short, or written over it: brokers would die of that for ever.
void BrokerKeeper::mend_log() {
    if (options_.history_path.empty()) return;
    auto history = mend_history(estate_.log_memory.get(), options_.history_path, log_bytes_);
    if (!history) return;
    journal_.error("%s", history->news.c_str());
    estate_.log_memory = std::move(history->fd);
}

pid_t BrokerKeeper::fork_broker() {
    fault_point("parent:before-broker-fork");
    return fork_child([this] {
        signals_.forget();
        const BrokerSetup setup{estate_.broker_listener.fd(),
                                estate_.control.second.get(),
                                estate_.log_memory.get(),
                                estate_.members_memory.get(),
                                estate_.broker_counters.get(),
                                options_.replay,
                                options_.sync,
                                options_.crowds,
                                options_.limits.rate,
                                options_.sandbox,
                                estate_.clients_max + kSpareFds};
        keep_only({setup.listener, setup.control, setup.log_memory, setup.members_memory,
                   setup.counters});
        be_killed_before(estate_.oom_score, kOomBroker);
        Journal journal("broker", options_.level);
        return run_broker(setup, title_, journal);
    });
}

void BrokerKeeper::replace() {
    if (!running()) return start();
    replacing_ = true;
    kill();
}

// --- Death ---------------------------------------------------------------------------------------

bool BrokerKeeper::ended(const Reaped& reaped) {
    if (reaped.pid != estate_.broker) return false;
    const Clock::duration lived = Clock::now() - born_;
    const double lived_s = std::chrono::duration<double>(lived).count();
    estate_.broker = -1;
    answer_by_.reset();
    if (!estate_.control.first.valid() && reaped.wait_status == 0) {
        journal_.info("broker ended, after %.1f s", lived_s);
    } else if (std::exchange(replacing_, false)) {
        journal_.info("the broker of the program before has ended");
        start();
    } else {
        journal_.error("broker ended: %s, after %.1f s", describe_end(reaped.wait_status).c_str(),
                       lived_s);
        restart(lived);
    }
    return true;
}

void BrokerKeeper::restart(Clock::duration lived) {
    // No other one comes: whoever waits for it shall know.
    if (closing_) return estate_.broker_listener.stop();
    ++estate_.counters.broker_restarts;
    const auto young = kBrokerYoung + kWarmRecoveryPerMebibyte * (log_bytes_ >> 20);
    died_young_ = lived < young ? died_young_ + 1 : 0;
    const Clock::duration pause = pause_after(died_young_);
    if (pause != Clock::duration::zero()) {
        journal_.error("%d brokers in a row died young; the next one starts in %lld ms",
                       died_young_, static_cast<long long>(pause / std::chrono::milliseconds(1)));
    }
    start_at_ = Clock::now() + pause;
}

void BrokerKeeper::kill() {
    // Not reaped yet: the pid can belong to nobody else.
    if (running()) (void)::kill(estate_.broker, SIGKILL);
}

// --- Is it alive? --------------------------------------------------------------------------------

// Costs nothing while nobody waits in vain: then nobody rings. One question at a time, and the bell
// is not heard before it is answered.
pollfd BrokerKeeper::bell_poll() const {
    return {running() && !answer_by_ && !closing_ ? estate_.bell.get() : -1, POLLIN, 0};
}

void BrokerKeeper::rang() {
    muffle(estate_.bell.get());
    tell(Ping{});
    ping_end_ = told_bytes_;
    const auto up = born_ + kRecoveryPerMebibyte * (log_bytes_ >> 20);
    answer_by_ = std::max<Clock::time_point>(Clock::now(), up) + kBrokerAnswer;
}

std::uint64_t BrokerKeeper::taken_bytes() const {
    return told_bytes_ - estate_.outbox.size() - unread_bytes(estate_.control.second.get());
}

void BrokerKeeper::check_answer() {
    answer_by_.reset();
    if (!running() || taken_bytes() >= ping_end_) return;
    journal_.error("the broker does not answer, pid %d: it is replaced", estate_.broker);
    kill();
}

// --- One turn ------------------------------------------------------------------------------------

pollfd BrokerKeeper::link_poll() const {
    return {estate_.control.first.get(), static_cast<short>(estate_.outbox.empty() ? 0 : POLLOUT),
            0};
}

std::optional<Clock::time_point> BrokerKeeper::wake_at() const {
    if (!start_at_ || !answer_by_) return start_at_ ? start_at_ : answer_by_;
    return std::min(*start_at_, *answer_by_);
}

void BrokerKeeper::turn() {
    const Clock::time_point now = Clock::now();
    if (start_at_ && now >= *start_at_) start();
    if (answer_by_ && now >= *answer_by_) check_answer();
    // The other end is ours as well: the link is never broken, only full.
    if (estate_.control.first.valid()) {
        (void)send_from(estate_.control.first.get(), estate_.outbox);
    }
}

// --- The end -------------------------------------------------------------------------------------

void BrokerKeeper::begin_closing() {
    closing_ = true;
    start_at_.reset();
    answer_by_.reset();
    tell(CloseRoom{});
    if (!running()) estate_.broker_listener.stop();
}

void BrokerKeeper::dismiss() {
    estate_.control.second.reset();
    estate_.control.first.reset();
}

}  // namespace chatd
