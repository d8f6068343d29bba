#include "broker/broker.h"

#include <signal.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "base/check.h"
#include "base/fault.h"
#include "broker/fan_out.h"
#include "broker/links.h"
#include "broker/publisher.h"
#include "broker/worker_journal.h"
#include "protocol/describe.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/memory.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/signals.h"
#include "text/number.h"

namespace chatd {
namespace {

// Times that the broker lets others run before a fan-out; more make no difference.
constexpr int kYields = 2;

Now read_clocks() {
    return {Clock::now(), wall_ms()};
}

// The sandbox allows the broker to ask this about a process.
bool is_gone(pid_t pid) {
    return ::kill(pid, 0) != 0 && errno == ESRCH;
}

// Resources that the broker must acquire before it enters the sandbox.
struct BrokerResources {
    Mapping log;
    Mapping members;
    Mapping counters;
    Poller poller;
};

class Broker {
  public:
    Broker(const BrokerSetup& setup, BrokerResources& resources, ProcessTitle& title,
           Journal& journal)
        : title_(title),
          journal_(journal),
          worker_journal_(journal),
          poller_(resources.poller),
          counters_(*reinterpret_cast<BrokerCounters*>(resources.counters.bytes().data())),
          log_(resources.log.bytes()),
          room_(resources.members.bytes(), log_, wall_ms()),
          sessions_({setup.rate, setup.replay, setup.crowds, kVersion}, log_, room_,
                    worker_journal_),
          links_(
              setup.listener, setup.control, setup.births, poller_, journal,
              [this](Link& link, const Frame& frame, Now now) { return handle(link, frame, now); }),
          publisher_(log_, setup.sync ? std::optional(setup.log_memory) : std::nullopt, sessions_,
                     links_, counters_, journal),
          backlog_(setup.backlog) {
        FrameReader births;
        CHATD_CHECK(births.read(setup.workers, [this](const Frame& frame) {
            obey(frame);
            return true;
        }));
        read_parent();
        count();
        report_losses();
    }

    void run() {
        fault_point("broker:start");
        while (!parent_is_gone_) {
            show_title();
            take_what_comes(
                time_until(earliest({publisher_.wake_at(), links_.wake_at(), journal_.wake_at()}),
                           Clock::now()));
            send_what_is_due();
            links_.turn(Clock::now());
            journal_.turn();
        }
    }

  private:
    // --- One turn

    void take_what_comes(std::optional<Duration> timeout) {
        for (const epoll_event& event : poller_.wait(timeout)) dispatch(event);
        count();
    }

    void dispatch(const epoll_event& event) {
        if (event.data.u64 < Links::kListener) return read_parent();
        if (event.data.u64 == Links::kListener) {
            // The kernel may reuse a pid: the end of the old process is handled before a link of
            // the new one.
            read_parent();
            return links_.accept([this](UniqueFd fd, pid_t pid) { add_link(std::move(fd), pid); });
        }
        Link& link = links_.at(event.data.u64);
        if (!link.is_open()) return;  // It was closed earlier in this turn.
        if (event.events & EPOLLOUT) return publisher_.flush(link);
        links_.read(link);
    }

    void send_what_is_due() {
        if (publisher_.is_due()) let_more_come();
        if (!publisher_.publish()) return;
        count();  // The counters must be right before any member is sent the entries.
        publisher_.send();
    }

    // Workers that were woken by the last fan-out go first, and what their clients say in answer
    // goes out with the rest. The sends are larger, and the broker sets no timer (measured with 10
    // senders, together with the pause after a fan-out: 7 % more deliveries at 100 clients, 9 % at
    // 1000).
    void let_more_come() {
        for (int i = 0; i < kYields; ++i) {
            give_way();
            take_what_comes(Duration::zero());
        }
    }

    void count() {
        set_counter(counters_.members, room_.members().size());
        set_counter(counters_.messages, log_.messages());
    }

    void show_title() {
        title_.set("chatd: broker, " + counted(room_.members().size(), "member", "members") + ", " +
                   counted(log_.messages(), "message", "messages"));
    }

    // --- From the workers

    // Each process has at most one link.
    void add_link(UniqueFd fd, pid_t pid) {
        // The connection waited in the backlog, and its process has ended meanwhile.
        if (is_gone(pid)) return;
        if (!sessions_.knows(pid) && fault_point("broker:takes-strangers")) {
            sessions_.born({.birth_ns = 1, .pid = pid}, "nowhere");
        }
        if (!sessions_.knows(pid)) return links_.keep_waiting(std::move(fd), pid);
        Link* const old = links_.by_pid(pid);
        if (old != nullptr && old->is_open()) links_.read_to_the_end(*old);
        auto worker =
            sessions_.connected(pid, old == nullptr ? nullptr : &old->worker, Clock::now());
        if (!worker) return;
        if (old != nullptr) forget(*old);
        links_.add(std::move(fd), std::move(*worker));
        fault_point("broker:after-accept");
    }

    void born(const Born& born, std::string_view peer) {
        sessions_.born(born, peer);
        UniqueFd waiting = links_.take_waiting(born.pid, born.birth_ns);
        if (waiting.valid()) add_link(std::move(waiting), born.pid);
    }

    // False: the link is to be closed.
    bool handle(Link& link, const Frame& frame, Now now) {
        trace_frames("takes from worker", frame.bytes, link.worker.process.pid);
        count_step(counters_);
        const bool was_urgent = link.worker.is_urgent;
        const Sessions::Verdict verdict = sessions_.handle(link.worker, frame, now);
        if (link.worker.is_urgent && !was_urgent) publisher_.note_urgent(link);
        if (verdict == Sessions::Verdict::Dismiss) publisher_.dismiss(link);
        return verdict == Sessions::Verdict::GoOn;
    }

    void forget(Link& link) {
        publisher_.forget(link);
        links_.forget(link);
    }

    // --- From the parent

    void read_parent() {
        parent_is_gone_ = !links_.read_parent([this](const Frame& frame) { obey(frame); });
        if (!backlog_ || links_.taken_from_parent() < *backlog_) return;
        // From here on the broker has heard of the ends of all workers that it was not told of.
        backlog_.reset();
        sessions_.remove_strangers(read_clocks());
    }

    void obey(const Frame& frame) {
        trace_frames("takes from the parent", frame.bytes);
        count_step(counters_);
        switch (frame.type) {
            case FrameType::Ping: return;
            case FrameType::Born: return born(frame.as<Born>(), frame.text);
            case FrameType::Ended: return worker_ended(frame.as<Ended>());
            case FrameType::CloseRoom: return close_room();
            default: CHATD_CHECK(false);
        }
    }

    void worker_ended(const Ended& ended) {
        Link* link = links_.by_pid(ended.pid);
        if (link != nullptr && link->worker.process.birth_ns != ended.birth_ns) link = nullptr;
        if (link != nullptr && link->is_open()) links_.read_to_the_end(*link);
        sessions_.worker_ended(link == nullptr ? nullptr : &link->worker, ended, read_clocks());
        if (link == nullptr) return;
        links_.close(*link);
        forget(*link);
    }

    void close_room() {
        sessions_.close_room(read_clocks());
        publisher_.hurry();
    }

    void report_losses() {
        if (log_.lost_bytes() != 0) {
            journal_.warning("the last %llu bytes of the log were not whole and are gone",
                             static_cast<unsigned long long>(log_.lost_bytes()));
        }
        if (!room_.poisoner().empty()) {
            journal_.error("%u brokers in a row died of a request of %s: it is refused",
                           kPoisonDeaths, room_.poisoner().c_str());
        }
    }

    ProcessTitle& title_;
    Journal& journal_;
    WorkerJournal worker_journal_;
    Poller& poller_;
    BrokerCounters& counters_;
    Log log_;
    Room room_;
    Sessions sessions_;
    Links links_;
    Publisher publisher_;
    std::optional<std::size_t> backlog_;  // see BrokerSetup; none: it is read
    bool parent_is_gone_ = false;
};

}  // namespace

int run_broker(const BrokerSetup& setup, ProcessTitle& title, Journal& journal) {
    // Only the parent may end a broker's life. A Ctrl-C, or a service manager that signals
    // everybody, must not kill the process that tells the room.
    Signals::ignore({SIGINT, SIGTERM, SIGHUP, SIGUSR1});
    ProcessTitle::set_short("chatd-broker");
    prefer_throughput();
    BrokerResources resources{Mapping(setup.log_memory), Mapping(setup.members_memory),
                              Mapping(setup.counters), Poller()};
    enter_sandbox(setup.sandbox, Role::Broker, setup.descriptors_max);
    auto broker = std::make_unique<Broker>(setup, resources, title, journal);
    broker->run();
    return static_cast<int>(ExitStatus::Ok);
}

}  // namespace chatd
