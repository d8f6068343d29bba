#include "broker/broker.h"

#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "base/check.h"
#include "base/exit_status.h"
#include "base/fault.h"
#include "base/version.h"
#include "broker/control_link.h"
#include "broker/fan_out.h"
#include "broker/journal_observer.h"
#include "broker/link_listener.h"
#include "broker/links.h"
#include "broker/publisher.h"
#include "broker/room.h"
#include "broker/sessions.h"
#include "log/crowd.h"
#include "log/log.h"
#include "protocol/counters.h"
#include "sys/clock.h"
#include "sys/local.h"
#include "sys/memory.h"
#include "sys/poller.h"
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
        : setup_(setup),
          title_(title),
          journal_(journal),
          observer_(journal),
          poller_(resources.poller),
          listener_(setup.listener, poller_, kListener, journal),
          counters_(*reinterpret_cast<BrokerCounters*>(resources.counters.bytes().data())),
          log_(resources.log.bytes()),
          room_(resources.members.bytes(), log_, wall_ms()),
          sessions_({setup.rate, setup.replay, setup.crowds, kVersion}, log_, room_, observer_),
          publisher_(log_, setup.sync, setup.log_memory, journal),
          crowds_(log_) {
        count();
        crowds_.set_end(publisher_.end());
        CHATD_CHECK(poller_.add(setup_.control, EPOLLIN, kControl));
        report_losses();
    }

    void run() {
        fault_point("broker:start");
        while (!parent_is_gone_) {
            show_title();
            take_what_comes(time_to_wake());
            send_what_is_due();
            listener_.turn(Clock::now());
            journal_.turn();
            links_.drop_forgotten();
        }
    }

  private:
    enum : std::uint64_t { kListener, kControl, kFirstLink };

    // --- One turn

    void take_what_comes(std::optional<std::chrono::nanoseconds> timeout) {
        for (const epoll_event& event : poller_.wait(timeout)) dispatch(event);
        count();
    }

    void dispatch(const epoll_event& event) {
        if (event.data.u64 == kListener) {
            // The kernel may reuse a pid: the end of the old process is handled before a link of
            // the new one.
            read_parent();
            return listener_.accept([this](UniqueFd fd) { add_link(std::move(fd)); });
        }
        if (event.data.u64 == kControl) return read_parent();
        Link& link = links_.at(event.data.u64 - kFirstLink);
        if (!link.is_open()) return;  // Closed earlier in this turn.
        if (event.events & EPOLLOUT) return flush(link);
        read(link);
    }

    void send_what_is_due() {
        if (fan_out_is_due()) let_more_come();
        if (urgent_.empty() && !fan_out_is_due()) return;
        if (!publisher_.publish()) return fan_out_.postpone(Clock::now() + kDiskPause);
        count();  // The counters must be right before any member is sent the entries.
        crowds_.set_end(publisher_.end());
        answer();
        if (fan_out_is_due()) fan_out();
    }

    [[nodiscard]] std::optional<std::chrono::nanoseconds> time_to_wake() const {
        return time_until(
            earliest({fan_out_.due_at(log_.head()), listener_.wake_at(), journal_.wake_at()}),
            Clock::now());
    }

    [[nodiscard]] bool fan_out_is_due() const {
        const Deadline due = fan_out_.due_at(log_.head());
        return due && Clock::now() >= *due;
    }

    void count() {
        set_counter(counters_.members, room_.members());
        set_counter(counters_.messages, log_.messages());
    }

    void show_title() {
        title_.set("chatd: broker, " + counted(room_.members(), "member", "members") + ", " +
                   counted(log_.messages(), "message", "messages"));
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

    // --- From the workers

    // Each process has at most one link, and must run as our user.
    void add_link(UniqueFd fd) {
        const auto pid = peer_pid(fd.get());
        if (!pid) return journal_.warning("somebody else connected to our socket");
        // The connection waited in the backlog, and its process has ended meanwhile.
        if (is_gone(*pid)) return;
        Link* const old = links_.by_pid(*pid);
        if (old != nullptr && old->is_open()) read_to_the_end(*old);
        auto worker =
            sessions_.connected(*pid, old == nullptr ? nullptr : &old->worker, Clock::now());
        if (!worker) return;
        if (old != nullptr) forget(*old);
        listener_.came_in();
        Link& link = links_.add(std::move(fd), std::move(*worker));
        fault_point("broker:after-accept");
        if (!poller_.add(link.fd(), EPOLLIN, link.slot() + kFirstLink)) link.close();
    }

    void read(Link& link) {
        now_ = read_clocks();
        // Two pointers fit into a std::function without an allocation; a time would not.
        const auto take = [this, &link](const Frame& frame) { return handle(link, frame); };
        if (!link.read(buffer_, take)) close(link);
    }

    // False: the link is to be closed.
    bool handle(Link& link, const Frame& frame) {
        const bool was_urgent = link.worker.is_urgent;
        const Sessions::Verdict verdict = sessions_.handle(link.worker, frame, now_);
        if (link.worker.is_urgent && !was_urgent) urgent_.push_back(&link);
        fan_out_.note_urgent(sessions_.urgent_end());
        if (verdict == Sessions::Verdict::Dismiss) {
            // The worker gets the reason if it still reads.
            (void)link.flush(log_, crowds_, {.name = {}, .acked = kNoLongerMember});
        }
        return verdict == Sessions::Verdict::GoOn;
    }

    // Handles everything that the worker has sent, before its link is closed.
    void read_to_the_end(Link& link) {
        (void)::shutdown(link.fd(), SHUT_RD);  // What is there can be read; no more can come.
        for (;;) {
            std::array<char, 1> probe;
            if (!link.is_open()) return;
            if (peek(link.fd(), probe).status == IoStatus::WouldBlock) return;
            read(link);
        }
    }

    // The member stays until the parent says how its process ended.
    void close(Link& link) {
        if (!link.is_open()) return;
        poller_.remove(link.fd());
        link.close();
        listener_.freed();
    }

    void forget(Link& link) {
        std::erase(urgent_, &link);
        links_.forget(link);
    }

    // --- To the workers

    // Workers that were woken by the last fan-out go first, and what their clients say in answer
    // goes out with the rest. The sends are larger, and the broker sets no timer (measured with 10
    // senders, together with the pause after a fan-out: 7 % more deliveries at 100 clients, 9 % at
    // 1000).
    void let_more_come() {
        for (int i = 0; i < kYields; ++i) {
            give_way();
            take_what_comes(std::chrono::nanoseconds(0));
        }
    }

    // The broker answers questions at once; it does not wait for the pause between fan-outs.
    void answer() {
        // Flushing may read to the end of a link, and find one more question there.
        for (Link* const link : std::exchange(urgent_, {})) {
            Sessions::answered(link->worker);
            fault_point("broker:before-answer");
            if (link->is_open()) flush(*link);
            fault_point("broker:after-answer");
        }
    }

    void fan_out() {
        const Moment begin = Clock::now();
        const Position end = publisher_.end();
        fault_point("broker:before-fan-out");
        links_.for_each_open([&](Link& link) {
            const LogReader& reader = link.worker.reader;
            if (!reader.is_blocked() && reader.is_behind(end)) flush(link);
            fault_point("broker:in-fan-out");
        });
        fault_point("broker:after-fan-out");
        const Moment now = Clock::now();
        fan_out_.finished(end, begin, now);
        count_fan_out(counters_, static_cast<std::uint64_t>((now - begin).count()));
    }

    void flush(Link& link) {
        LogReader& reader = link.worker.reader;
        const bool was_blocked = reader.is_blocked();
        const bool goes_on = link.flush(log_, crowds_, sessions_.standing_of(link.worker));
        add_to_counter(counters_.deliveries, std::exchange(reader.delivered, 0));
        add_to_counter(counters_.skipped, std::exchange(reader.skipped, 0));
        if (!goes_on) {
            read_to_the_end(link);
            return close(link);
        }
        // While a worker does not read, the broker does not read its requests either, so nothing
        // accumulates here.
        if (reader.is_blocked() != was_blocked) {
            poller_.change(link.fd(), reader.is_blocked() ? EPOLLOUT : EPOLLIN,
                           link.slot() + kFirstLink);
        }
    }

    // --- From the parent

    void read_parent() {
        const auto obey_frame = [this](const Frame& frame) { obey(frame); };
        if (!read_control(setup_.control, buffer_, obey_frame)) parent_is_gone_ = true;
    }

    void obey(const Frame& frame) {
        switch (frame.type) {
            case FrameType::Ping: return;
            case FrameType::Ended: return worker_ended(frame.as<Ended>());
            case FrameType::CloseRoom: return close_room();
            default: CHATD_CHECK(false);
        }
    }

    void worker_ended(const Ended& ended) {
        const bool gone = is_gone(ended.pid);
        Link* link = links_.by_pid(ended.pid);
        if (link != nullptr && !Sessions::is_ended(link->worker, ended, gone)) link = nullptr;
        if (link != nullptr && link->is_open()) read_to_the_end(*link);
        sessions_.worker_ended(link == nullptr ? nullptr : &link->worker, ended, gone,
                               read_clocks());
        if (link == nullptr) return;
        close(*link);
        forget(*link);
    }

    void close_room() {
        sessions_.close_room(read_clocks());
        fan_out_.note_urgent(sessions_.urgent_end());
        fan_out_.hurry();
    }

    const BrokerSetup setup_;
    ProcessTitle& title_;
    Journal& journal_;
    JournalObserver observer_;
    Poller& poller_;
    LinkListener listener_;
    BrokerCounters& counters_;

    Log log_;
    Room room_;
    Sessions sessions_;
    Links links_;
    std::vector<Link*> urgent_;  // links that are flushed at the end of this turn
    std::array<char, kReadBytes> buffer_;
    Now now_{};  // when the last read of a link began

    Publisher publisher_;
    Crowds crowds_;  // up to publisher_.end()
    FanOut fan_out_;
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
