#include "parent/parent.h"

#include <cerrno>
#include <new>

#include "base/bounds.h"
#include "base/fault.h"
#include "base/settings.h"
#include "parent/acceptor.h"
#include "parent/introductions.h"
#include "parent/reaper.h"
#include "parent/status.h"
#include "parent/supervisor.h"
#include "protocol/worker_exit.h"
#include "sys/privilege.h"
#include "sys/sandbox.h"
#include "sys/systemd.h"
#include "text/quote.h"
#include "worker/worker.h"

namespace chatd {
namespace {

class Parent {
  public:
    // Starts no process.
    Parent(const Options& options, ProcessTitle& title, const Signals& signals, Journal& journal,
           Resources& resources)
        : options_(options),
          title_(title),
          signals_(signals),
          journal_(journal),
          resources_(resources),
          supervisor_(resources_, options, title, signals, journal_),
          upgrade_(resources_, title, journal_),
          acceptor_(options, resources_, journal_),
          reaper_(options, resources_, supervisor_, journal_),
          introductions_(resources_.introductions) {
        // The list is reserved now, because wait() has no way out when memory is short.
        fds_.reserve(2 + MetricsSocket::kPolls + resources_.listeners.size() + kIntroductionsMax);
        seal(options_.sandbox);
        fault_point("parent:takes-over");
    }

    void run(StartMode::Kind kind) {
        start(kind);
        for (;;) {
            try {
                turn();
            } catch (const std::bad_alloc&) {
                acceptor_.rest("memory", ENOMEM);
            }
            if (closing_until_ && resources_.workers.empty() && supervisor_.has_ended()) break;
            wait();
        }
        journal_.info("all is closed");
    }

  private:
    void start(StartMode::Kind kind) {
        if (kind == StartMode::Kind::TakeBack) {
            journal_.error("no upgrade: the new program failed while it took over");
            supervisor_.replace();
        } else if (kind == StartMode::Kind::TakeOver) {
            journal_.info("upgraded to %s; clients: %zu", kVersion, resources_.workers.size());
            supervisor_.replace();
        } else {
            supervisor_.start();
            announce(resources_, journal_, options_.ready_fd);
        }
        const std::string zone = missing_time_zone();
        if (!zone.empty()) journal_.warning("cannot read %s: times are UTC", zone.c_str());
        service_.ready(headcount(), Clock::now());
    }

    // --- One turn

    void wait() {
        fds_ = {supervisor_.link_poll(), supervisor_.wakeup_poll()};
        if (resources_.metrics != nullptr) {
            const auto polls = resources_.metrics->polls();
            fds_.insert(fds_.end(), polls.begin(), polls.end());
        }
        for (const auto& [fd, name] : resources_.listeners) {
            fds_.push_back({acceptor_.is_open() ? fd.get() : -1, POLLIN, 0});
        }
        introductions_.append_polls(fds_);
        const Deadline wake_at =
            earliest({closing_until_, acceptor_.wake_at(), reaper_.wake_at(), supervisor_.wake_at(),
                      upgrade_.wake_at(), journal_.wake_at(), service_.wake_at(),
                      resources_.metrics == nullptr ? Deadline() : resources_.metrics->wake_at()});
        woken_ = signals_.wait(fds_, time_until(wake_at, Clock::now())) && fds_[1].revents != 0;
    }

    void turn() {
        signals_.deliver_pending();
        take_signals();
        if (children_changed_) reap();
        if (woken_) supervisor_.take_wakeup();
        supervisor_.turn();
        upgrade_.turn();
        journal_.turn();
        end_broker_when_alone();
        introductions_.turn([this](pid_t pid, const std::string& address, int link) {
            introduce(pid, address, link);
        });
        acceptor_.accept_clients([this](Accepted client) { take_client(std::move(client)); });
        // A zombie counts as a process: it must not stand in the way of a fork or of the end.
        const bool is_short = acceptor_.is_resting() || !supervisor_.is_running();
        if (reaper_.turn(closing_until_ || is_short)) reap();
        answer_metrics();
        title_.set(title_of(resources_));
        notify_service();
    }

    void take_signals() {
        bool close = signals_.take(SIGTERM);
        close |= signals_.take(SIGINT);
        const bool told = signals_.take(SIGHUP);
        close |= told && terminal_was_closed();
        if (close && !closing_until_) begin_closing();
        if (told && !closing_until_) {
            service_.reloading(Clock::now());
            (void)reaper_.turn(true);
            upgrade_.begin();
        }
        if (signals_.take(SIGUSR1)) {
            for (const std::string& line : render_status(status())) journal_.answer(line);
        }
        if (is_due(closing_until_, Clock::now())) kill_all();
        children_changed_ |= signals_.take(SIGCHLD);
    }

    // When a terminal is closed, the kernel or the terminal's shell sends SIGHUP to end what runs
    // there. A server that its shell has disowned lives on, and SIGHUP comes from elsewhere later.
    bool terminal_was_closed() const {
        const pid_t sender = signals_.sender(SIGHUP);
        return resources_.has_terminal && !has_terminal() &&
               (sender == 0 || is_of_this_session(sender));
    }

    // --- A client: accept, fork, reap

    void take_client(Accepted client) {
        if (!acceptor_.admit(client)) return;
        const bool is_proxied = acceptor_.trusts(client.peer);
        UniqueFd introduction = is_proxied ? introductions_.open() : UniqueFd();
        if (is_proxied && !introduction.valid()) {
            return acceptor_.has_no_worker(client, "socketpair", errno);
        }
        const std::uint64_t birth_ns = steady_ns();
        // The row is allocated before the fork: if that failed afterwards, there would be a child
        // that the table lacks.
        resources_.workers.emplace(
            0, WorkerRecord{birth_ns, client.address,
                            std::pmr::string(client.peer, resources_.unshared->get())});
        WorkerTable::node_type row = resources_.workers.extract(0);
        fault_point("parent:after-accept");
        pid_t pid = fork_worker(client, birth_ns, introduction);
        if (pid < 0 && reaper_.turn(true)) pid = fork_worker(client, birth_ns, introduction);
        if (is_proxied) introductions_.forked(pid);
        if (pid < 0) return acceptor_.has_no_worker(client, "fork", errno);
        fault_point("parent:after-fork");
        register_worker(pid, std::move(row), client);
    }

    pid_t fork_worker(Accepted& client, std::uint64_t birth_ns, UniqueFd& introduction) {
        const int budget_file = acceptor_.budgets().file(client.address);
        const bool is_limited = acceptor_.is_limited(client.address, client.peer);
        return fork_child("worker", [&] {
            WorkerSetup setup{
                .client = std::move(client.fd),
                .peer = std::move(client.peer),
                .broker = resources_.broker_listener.place(),
                .lookout = resources_.lookout_listener.place.get(),
                .wakeup = resources_.wakeup.get(),
                .language = options_.language,
                .limits = options_.limits,
                .share = acceptor_.budgets().map(budget_file, is_limited),
                .introduction = std::move(introduction),
                .map_share = [this](int file) { return acceptor_.budgets().map(file, true); },
                .web = options_.web,
                .birth_ns = birth_ns};
            signals_.forget();
            Signals::ignore({SIGINT, SIGHUP, SIGUSR1});
            keep_only({setup.client.get(), setup.broker, setup.lookout, setup.wakeup,
                       setup.introduction.get()});
            prefer_throughput();
            // The start has shown that it can be had; if not any more, the client matters more.
            (void)try_niceness(options_.niceness);
            raise_oom_score(resources_.oom_score, kOomWorker);
            enter_sandbox(options_.sandbox, Role::Worker);
            return run_worker(std::move(setup), title_, signals_);
        });
    }

    void register_worker(pid_t pid, WorkerTable::node_type row, const Accepted& client) {
        ++resources_.counters.forks;
        row.key() = pid;
        supervisor_.announce(*resources_.workers.insert(std::move(row)).position);
        acceptor_.entered(client);
        journal_.info("%s connected, pid %d", client.peer.c_str(), pid);
    }

    // A worker says that its client came through a proxy, and from where.
    void introduce(pid_t pid, const std::string& address, int link) {
        const auto row = resources_.workers.find(pid);
        const auto client = client_of_proxy(address);
        if (row == resources_.workers.end()) return;
        if (!client) {
            journal_.warning("a proxy names no address: %s", quoted(address).c_str());
            return Introductions::turn_away(link, "The proxy in front does not say who you are.\n");
        }
        WorkerRecord& worker = row->second;
        // All that needs memory comes first: the counts and the row must change together.
        std::string new_address = client->address;
        std::pmr::string new_peer(client->peer, resources_.unshared->get());
        const auto why = acceptor_.introduced(worker.address, *client);
        if (why) return Introductions::turn_away(link, acceptor_.line_for(*why));
        journal_.info("%s came through %s, pid %d", client->peer.c_str(), worker.peer.c_str(), pid);
        worker.address.swap(new_address);
        worker.peer.swap(new_peer);
        supervisor_.announce(*row);
        Introductions::admit(link, acceptor_.budgets().file(client->address));
    }

    void reap() {
        reaper_.look(upgrade_.trial(), [this](const Reaped& reaped) {
            // The next program would know neither the zombies nor the clients that wait.
            const auto prepare = [this] {
                (void)reaper_.turn(true);
                acceptor_.turn_all_away(TurnedAway::Penalised);
            };
            if (supervisor_.handle_exit(reaped) || upgrade_.handle_exit(reaped, prepare)) return;
            const auto worker = resources_.workers.find(reaped.pid);
            // This process can also inherit a child that it does not know.
            if (worker != resources_.workers.end()) worker_ended(worker, reaped.wait_status);
        });
        children_changed_ = false;
    }

    void worker_ended(WorkerTable::iterator row, int wait_status) {
        const auto& [pid, worker] = *row;
        const std::uint64_t lived_ns = steady_ns() - worker.birth_ns;
        fault_point("parent:after-reap");
        supervisor_.send(Ended{.birth_ns = worker.birth_ns,
                               .lived_ms = static_cast<std::int64_t>(lived_ns / 1'000'000),
                               .pid = pid,
                               .wait_status = wait_status});
        const WorkerEnd end = worker_end(wait_status);
        const auto penalty = options_.penalties ? end.penalty : 0ms;
        resources_.counters.count(end.exit);
        if (penalty.count() != 0) ++resources_.counters.penalties;
        acceptor_.left(worker.address, penalty);
        resources_.workers.erase(row);
    }

    // --- The operator's view

    [[nodiscard]] Status status() const {
        return status_of(resources_, acceptor_.penalised(), acceptor_.waiting());
    }
    [[nodiscard]] std::string headcount() const { return headcount_of(resources_); }

    void answer_metrics() {
        if (resources_.metrics == nullptr || fds_.empty()) return;
        const auto text = [this] { return render_metrics(status()); };
        if (!resources_.metrics->turn(std::span(fds_).subspan(2), text)) {
            journal_.warning("--metrics: the kernel has no room for all of them");
        }
    }

    // A reload is over when no trial runs. This program still runs then, so the upgrade has failed.
    void notify_service() {
        const Moment now = Clock::now();
        if (service_.is_reloading() && !upgrade_.is_trying()) service_.ready(headcount(), now);
        if (service_.wants_status(now)) service_.show_status(headcount(), now);
        service_.turn(now);
    }

    // --- The end

    // The log tells the members that the server closes; the signal tells clients without a name.
    // The workers end next, then the broker.
    void begin_closing() {
        journal_.info("closing; clients: %zu", resources_.workers.size());
        service_.stopping();
        closing_until_ = Clock::now() + kShutdownGrace;
        resources_.listeners.clear();
        acceptor_.turn_all_away(TurnedAway::Closing);
        upgrade_.cancel();
        supervisor_.begin_closing();
        for (const auto& [pid, worker] : resources_.workers) (void)::kill(pid, kServerCloses);
    }

    // The broker outlives the workers, because it tells them of the end, and logs their ends.
    void end_broker_when_alone() {
        if (closing_until_ && resources_.workers.empty() && resources_.outbox.empty())
            supervisor_.close_link();
    }

    // Only children that are not reaped yet are in the table, so each pid belongs to one of them.
    void kill_all() {
        journal_.warning("killing what did not end in time; workers: %zu",
                         resources_.workers.size());
        for (const auto& [pid, worker] : resources_.workers) (void)::kill(pid, SIGKILL);
        supervisor_.kill();
        closing_until_ = Clock::now() + kShutdownGrace;
    }

    const Options& options_;
    ProcessTitle& title_;
    const Signals& signals_;
    Journal& journal_;
    Resources& resources_;
    Supervisor supervisor_;
    Upgrade upgrade_;
    Acceptor acceptor_;
    Reaper reaper_;
    Introductions introductions_;
    ServiceManager service_;

    std::vector<pollfd> fds_;  // the broker's link, the wakeup, the metrics, the listeners, links
    bool woken_ = false;       // by the wakeup
    bool children_changed_ = true;  // at first: some may have ended under the program before
    Deadline closing_until_;        // none: the server is not closing
};

}  // namespace

void run_parent(const Options& options, ProcessTitle& title, const Signals& signals,
                const StartMode& mode) {
    Journal journal("parent", options.level);
    const bool fresh = mode.kind == StartMode::Kind::Fresh;
    std::unique_ptr<Resources> resources;
    std::optional<Parent> parent;
    try {
        resources.reset(new Resources(fresh ? acquire_resources(options, title, signals, journal)
                                            : inherit_resources(options, mode.handover)));
        parent.emplace(options, title, signals, journal, *resources);
    } catch (const std::exception& error) {
        if (!fresh) journal.error("%s", error.what());
        go_back();  // The resources are still there.
        throw;
    }
    close_way_back();
    resources->counters_before.reset();
    parent->run(mode.kind);
}

}  // namespace chatd
