#include "parent/parent.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>
#include <vector>

#include "base/bounds.h"
#include "base/fault.h"
#include "base/version.h"
#include "parent/address_limits.h"
#include "parent/login_throttle.h"
#include "parent/metrics.h"
#include "parent/resources.h"
#include "parent/supervisor.h"
#include "parent/upgrade.h"
#include "protocol/frame.h"
#include "protocol/worker_exit.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/net.h"
#include "sys/privilege.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/systemd.h"
#include "text/catalogue.h"
#include "worker/worker.h"

namespace chatd {
namespace {

constexpr std::size_t kEndedBytes = sizeof(FrameHeader) + sizeof(Ended);

UniqueFd spare_descriptor() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

class Parent {
    using Table = decltype(Resources::workers);

  public:
    Parent(const Options& options, ProcessTitle& title, const Signals& signals,
           const Handover* handover)
        : options_(options),
          title_(title),
          signals_(signals),
          journal_("parent", options.level),
          resources_(handover == nullptr
                         ? acquire_resources(options, title.arguments()[0], journal_)
                         : inherit_resources(*handover, title.arguments()[0])),
          supervisor_(resources_, options, title, signals, journal_),
          upgrade_(resources_, title, journal_),
          address_limits_(options.per_address_max, resources_.unshared->get()),
          login_throttle_(options.logins_max.value_or(resources_.clients_max / 2),
                          static_cast<std::uint32_t>(steady_ns())) {
        seal(options.sandbox);
        // What the end of a worker takes is here before its birth: not for want of memory may the
        // room never hear of it.
        resources_.workers.reserve(resources_.clients_max);
        resources_.outbox.reserve(kControlBytesMax + resources_.clients_max * kEndedBytes);
        for (const auto& [pid, worker] : resources_.workers) {
            address_limits_.expect(worker.address);
            address_limits_.came(worker.address);
        }
        fds_.reserve(2 + MetricsSocket::kPolls + resources_.listeners.size());
        if (handover == nullptr) {
            try_sandbox(options.sandbox);
            supervisor_.start();
            announce();
        } else {
            // Who is not root is not asked: whom --user named may be called otherwise by now.
            if (::geteuid() == 0 && user_to_become(options.user)) {
                journal_.warning(
                    "the server was started by a version that stays root; start it anew");
            }
            journal_.info("upgraded to %s; clients: %zu", kVersion, resources_.workers.size());
            supervisor_.replace();
        }
        service_.ready(headcount(), Clock::now());
        spare_ = spare_descriptor();
    }

    void run() {
        for (;;) {
            try {
                turn();
            } catch (const std::bad_alloc&) {
                rest("memory", ENOMEM);
            }
            if (done()) break;
            wait();
        }
        journal_.info("all is closed");
    }

  private:
    // --- One turn

    void wait() {
        fds_ = {supervisor_.link_poll(), supervisor_.wakeup_poll()};
        if (resources_.metrics != nullptr) {
            const auto polls = resources_.metrics->polls();
            fds_.insert(fds_.end(), polls.begin(), polls.end());
        }
        if (accepts()) {
            for (const Listener& listener : resources_.listeners)
                fds_.push_back({listener.fd.get(), POLLIN, 0});
        }
        woken_ = signals_.wait(fds_, time_to_wake()) && fds_[1].revents != 0;
        if (resources_.metrics != nullptr) {
            std::copy_n(fds_.begin() + 2, metrics_polled_.size(), metrics_polled_.begin());
        }
    }

    void turn() {
        signals_.let_in();
        take_signals();
        if (children_ended_) reap();
        if (woken_) supervisor_.rang();
        supervisor_.turn();
        upgrade_.turn();
        journal_.turn();
        dismiss_broker();
        accept_clients();
        answer_metrics();
        show_title();
        tell_service();
    }

    [[nodiscard]] std::optional<std::chrono::nanoseconds> time_to_wake() const {
        Deadline wake;
        for (const auto& due :
             {closing_until_, rest_until_, supervisor_.wake_at(), upgrade_.wake_at(),
              journal_.wake_at(), service_.wake_at(),
              resources_.metrics == nullptr ? std::nullopt : resources_.metrics->wake_at()}) {
            if (due && (!wake || *due < *wake)) wake = due;
        }
        if (!wake) return std::nullopt;
        return *wake - Clock::now();
    }

    void take_signals() {
        bool asked = false;
        for (const int signal : {SIGTERM, SIGINT}) asked |= signals_.take(signal);
        // Whoever closes the terminal of a server that runs in it does not mean an upgrade.
        const bool hung_up = signals_.take(SIGHUP);
        asked |= hung_up && resources_.has_terminal && !has_terminal();
        if (asked && !closing_until_) begin_closing();
        if (hung_up && !closing_until_) {
            service_.reloading(Clock::now());
            upgrade_.begin();
        }
        if (signals_.take(SIGUSR1)) {
            for (const std::string& line : render_status(status())) journal_.answer(line);
        }
        if (closing_until_ && Clock::now() >= *closing_until_) kill_all();
        children_ended_ |= signals_.take(SIGCHLD);
    }

    void show_title() {
        std::string title = "chatd: parent";
        for (const Listener& listener : resources_.listeners) title += ' ' + listener.name;
        title_.set(title + ", " + std::to_string(resources_.workers.size()) +
                   (resources_.workers.size() == 1 ? " client" : " clients"));
    }

    // --- Those who watch

    [[nodiscard]] Status status() const {
        return {kVersion,
                resources_.workers.size(),
                resources_.clients_max,
                address_limits_.penalised(Clock::now()),
                resources_.counters,
                read_counters(resources_)};
    }

    [[nodiscard]] std::string headcount() const {
        return render_headcount(resources_.workers.size(), read_counters(resources_).members);
    }

    void answer_metrics() {
        if (resources_.metrics == nullptr) return;
        const auto text = [this] { return render_metrics(status()); };
        if (!resources_.metrics->turn(metrics_polled_, text)) {
            journal_.warning("--metrics: the kernel has no room for all of them");
        }
    }

    // An upgrade that is over and yet here was none.
    void tell_service() {
        const Moment now = Clock::now();
        if (service_.is_reloading() && !upgrade_.is_trying()) service_.ready(headcount(), now);
        if (service_.wants_status(now)) service_.show(headcount(), now);
        service_.turn(now);
    }

    // --- Clients

    [[nodiscard]] bool accepts() const {
        return !resources_.listeners.empty() && !rest_until_ &&
               resources_.outbox.size() < kControlBytesMax;
    }

    void accept_clients() {
        if (rest_until_ && Clock::now() >= *rest_until_) end_rest();
        for (const Listener& listener : resources_.listeners) {
            for (int taken = 0; accepts() && taken < kAcceptsPerTurn; ++taken) {
                Accepted accepted = accept_client(listener);
                if (accepted.fd.valid()) {
                    take_client(std::move(accepted));
                } else if (!passes(accepted.error)) {
                    refuse_without_descriptor(listener);
                    rest("accept", accepted.error);
                } else if (accepted.error == EAGAIN) {
                    break;
                }
            }
        }
    }

    // What accept(2) says of one connection or of none, not of our means.
    static bool passes(int error) {
        return error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM;
    }

    void take_client(Accepted accepted) {
        if (resources_.workers.size() >= resources_.clients_max) {
            journal_.debug("%s refused: the room is full", accepted.peer.c_str());
            resources_.counters.count(TurnedAway::RoomFull);
            return refuse(accepted.fd, Text::RoomFull);
        }
        const Moment now = Clock::now();
        const AddressLimits::Answer answer = address_limits_.asks(accepted.address, now);
        if (answer != AddressLimits::Answer::Yes) return turn_away(accepted, answer, now);
        if (login_throttle_.turns_away(logins())) {
            resources_.counters.count(TurnedAway::TooManyLogins);
            return refuse(accepted.fd, Text::TooManyLogins);
        }
        const std::uint64_t birth_ns = steady_ns();
        // Its rows are made before the fork: no child may be there that is not in the tables.
        resources_.workers.emplace(0, LivingWorker{birth_ns, accepted.address});
        auto row = resources_.workers.extract(0);
        address_limits_.expect(accepted.address);
        WorkerSetup setup{std::move(accepted.fd),
                          accepted.peer,
                          resources_.broker_listener.place(),
                          resources_.wakeup.get(),
                          options_.language,
                          options_.limits,
                          birth_ns};
        fault_point("parent:after-accept");
        const pid_t pid = fork_child([&] {
            signals_.forget();
            Signals::ignore({SIGINT, SIGHUP, SIGUSR1});
            keep_only({setup.client.get(), setup.broker, setup.wakeup});
            prefer_throughput();
            be_killed_before(resources_.oom_score, kOomWorker);
            enter_sandbox(options_.sandbox, Role::Worker);
            return run_worker(std::move(setup), title_, signals_);
        });
        if (pid < 0) {
            const int error = errno;
            resources_.counters.count(TurnedAway::OutOfResources);
            refuse(setup.client, Text::ServerBusy);
            return rest("fork", error);
        }
        ++resources_.counters.forks;
        fault_point("parent:after-fork");
        row.key() = pid;
        resources_.workers.insert(std::move(row));
        address_limits_.came(accepted.address);
        if (std::exchange(resting_, false)) journal_.info("new clients come in again");
        journal_.info("%s connected, pid %d", accepted.peer.c_str(), pid);
    }

    // Clients that have told no name yet. That is for the broker to know; it may be wrong about it.
    [[nodiscard]] std::uint64_t logins() const {
        const std::uint64_t clients = resources_.workers.size();
        return clients - std::min(clients, read_counters(resources_).members);
    }

    void turn_away(const Accepted& accepted, AddressLimits::Answer why, Moment now) {
        journal_.debug(
            "%s refused: %s", accepted.peer.c_str(),
            why == AddressLimits::Answer::TooMany ? "too many of its address" : "penalised");
        const bool too_many = why == AddressLimits::Answer::TooMany;
        resources_.counters.count(too_many ? TurnedAway::TooManyOfAddress : TurnedAway::Penalised);
        if (too_many) {
            return refuse(accepted.fd, Text::TooManyOfYours,
                          std::to_string(options_.per_address_max));
        }
        refuse(accepted.fd, Text::Penalised,
               std::to_string(address_limits_.waits(accepted.address, now).count()));
    }

    // One line, if the client takes it at once.
    void refuse(const UniqueFd& client, Text reason, std::string_view filling = {}) const {
        std::string line;
        append_text(line, options_.language, reason, {filling});
        line += '\n';
        (void)send_some(client.get(), line);
        discard_input(client.get());
    }

    // Out of descriptors: the spare one gives its place to the client for as long as a line takes.
    void refuse_without_descriptor(const Listener& listener) {
        spare_.reset();
        const Accepted accepted = accept_client(listener);
        if (!accepted.fd.valid()) return;
        resources_.counters.count(TurnedAway::OutOfResources);
        refuse(accepted.fd, Text::ServerBusy);
    }

    // Something is short: take no more until something ends, or for a while.
    void rest(const char* call, int error) {
        if (!resting_) journal_.warning("%s: %s; new clients wait", call, std::strerror(error));
        resting_ = true;
        rest_until_ = Clock::now() + kListenerRest;
        if (!spare_.valid()) spare_ = spare_descriptor();
    }

    void end_rest() {
        rest_until_.reset();
        if (!spare_.valid()) spare_ = spare_descriptor();
    }

    // --- Children

    // Only when somebody has ended: else each turn would have the kernel look at every child
    // (wait4(2); of 10,000 that takes 2 ms).
    void reap() {
        while (const auto reaped = reap_child()) {
            if (supervisor_.ended(*reaped) || upgrade_.ended(*reaped)) continue;
            const auto worker = resources_.workers.find(reaped->pid);
            // Else it is a child of somebody else that we inherited.
            if (worker != resources_.workers.end()) worker_ended(worker, reaped->wait_status);
        }
        children_ended_ = false;
    }

    void worker_ended(Table::iterator worker, int wait_status) {
        const pid_t pid = worker->first;
        const std::uint64_t birth_ns = worker->second.birth_ns;
        const auto lived_ms = static_cast<std::int64_t>((steady_ns() - birth_ns) / 1'000'000);
        fault_point("parent:after-reap");
        supervisor_.tell(Ended{birth_ns, lived_ms, pid, wait_status});
        const WorkerEnd end = worker_end(wait_status);
        const auto penalty = options_.penalties ? end.penalty : std::chrono::seconds(0);
        address_limits_.went(worker->second.address, penalty, Clock::now());
        resources_.counters.count(end.exit);
        if (penalty.count() != 0) ++resources_.counters.penalties;
        resources_.workers.erase(worker);
        if (rest_until_) end_rest();
    }

    // --- The beginning and the end

    void announce() {
        const int port = bound_port(resources_.listeners.front());
        for (const Listener& listener : resources_.listeners) {
            journal_.info("accepting clients on %s, port %d", listener.name.c_str(), port);
        }
        if (options_.ready_fd < 0) return;
        const std::string line = std::to_string(port) + '\n';
        if (::write(options_.ready_fd, line.data(), line.size()) < 0) {
            throw system_error("--ready-fd " + std::to_string(options_.ready_fd),
                               ExitStatus::Usage);
        }
        (void)::close(options_.ready_fd);
    }

    // Those in the room hear of it through the log, after all that was said; those at the door by
    // signal. Then everybody goes, the broker last.
    void begin_closing() {
        journal_.info("closing; clients: %zu", resources_.workers.size());
        service_.stopping();
        closing_until_ = Clock::now() + kShutdownGrace;
        resources_.listeners.clear();
        upgrade_.cancel();
        supervisor_.begin_closing();
        for (const auto& [pid, worker] : resources_.workers) {
            // Workers of older programs know only the first one, ours only the other.
            for (const int signal : {SIGUSR1, kServerCloses}) (void)::kill(pid, signal);
        }
    }

    // The broker has outlived the workers, to tell them and to log their ends; now it goes.
    void dismiss_broker() {
        if (closing_until_ && resources_.workers.empty() && resources_.outbox.empty())
            supervisor_.dismiss();
    }

    // The time is over. Only children that are not reaped yet are in the table: no pid in it can
    // belong to somebody else.
    void kill_all() {
        journal_.warning("killing what did not end in time; workers: %zu",
                         resources_.workers.size());
        for (const auto& [pid, worker] : resources_.workers) (void)::kill(pid, SIGKILL);
        supervisor_.kill();
        closing_until_ = Clock::now() + kShutdownGrace;
    }

    [[nodiscard]] bool done() const {
        return closing_until_ && resources_.workers.empty() && !supervisor_.running();
    }

    const Options& options_;
    ProcessTitle& title_;
    const Signals& signals_;
    Journal journal_;
    Resources resources_;
    Supervisor supervisor_;
    Upgrade upgrade_;
    AddressLimits address_limits_;
    LoginThrottle login_throttle_;
    ServiceManager service_;
    UniqueFd spare_;

    std::vector<pollfd> fds_;
    std::array<pollfd, MetricsSocket::kPolls> metrics_polled_{};
    bool woken_ = false;
    bool children_ended_ = true;  // of the program before some may have, unseen
    bool resting_ = false;
    Deadline rest_until_;
    Deadline closing_until_;
};

}  // namespace

void run_parent(const Options& options, ProcessTitle& title, const Signals& signals,
                const Handover* handover) {
    Parent(options, title, signals, handover).run();
}

}  // namespace chatd
