#include "shell/parent.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>
#include <unordered_map>
#include <vector>

#include "bounds.h"
#include "core/frame.h"
#include "core/room.h"
#include "core/texts.h"
#include "shell/broker.h"
#include "shell/worker.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/local.h"
#include "sys/memory.h"
#include "sys/net.h"
#include "sys/process.h"

namespace chatd {
namespace {

std::uint32_t clients_max(const Options& options) {
    const std::size_t descriptors = raise_descriptor_limit();
    const std::size_t possible = descriptors > kSpareFds ? descriptors - kSpareFds : 0;
    const std::size_t wanted = options.clients_max.value_or(kClientsMax);
    if (possible == 0) {
        throw SetupError(ExitStatus::System, "the limit of open files is " +
                                                 std::to_string(descriptors) +
                                                 ", too low; raise it with ulimit -n");
    }
    if (options.clients_max && wanted > possible) {
        throw SetupError(ExitStatus::System,
                         std::to_string(wanted) + " clients need " +
                             std::to_string(wanted + kSpareFds) + " open files, the limit is " +
                             std::to_string(descriptors) +
                             "; raise it with ulimit -n, or lower --max-clients");
    }
    return static_cast<std::uint32_t>(std::min(wanted, possible));
}

std::string run_directory(const Options& options) {
    return options.run_directory.empty() ? default_run_directory() : options.run_directory;
}

UniqueFd open_log(const Options& options) {
    return options.history_path.empty()
               ? make_log_memory(options.history_bytes.value_or(kHistoryBytes))
               : open_history(options.history_path, options.history_bytes);
}

UniqueFd spare_descriptor() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

class Parent {
  public:
    Parent(const Options& options, ProcessTitle& title, const Signals& signals)
        : options_(options),
          title_(title),
          signals_(signals),
          journal_("parent", options.level),
          clients_max_(clients_max(options)),
          listeners_(listen_tcp(options.addresses, options.port)),
          port_(bound_port(listeners_.front())),
          broker_listener_(run_directory(options), "broker-" + std::to_string(port_) + ".sock"),
          log_memory_(open_log(options)),
          members_memory_(make_shared_memory("chatd-members", Room::memory_bytes(clients_max_))),
          control_(make_socket_pair()) {
        born_ns_.reserve(clients_max_);
    }

    void run() {
        start_broker();
        announce();
        spare_ = spare_descriptor();
        while (!done()) {
            show_title();
            wait();
            take_signals();
            reap();
            keep_broker();
            send_control();
            try {
                accept_clients();
            } catch (const std::bad_alloc&) {
                rest("accept", ENOMEM);
            }
        }
        journal_.info("all is closed");
    }

  private:
    // --- One turn

    void wait() {
        std::vector<pollfd> fds;
        fds.push_back({control_.first.get(), static_cast<short>(outbox_.empty() ? 0 : POLLOUT), 0});
        if (accepts()) {
            for (const Listener& listener : listeners_)
                fds.push_back({listener.fd.get(), POLLIN, 0});
        }
        (void)signals_.wait(fds, time_to_wake());
    }

    [[nodiscard]] std::optional<std::chrono::nanoseconds> time_to_wake() const {
        std::optional<Clock::time_point> wake = closing_until_;
        for (const auto& due : {rest_until_, broker_due_}) {
            if (due && (!wake || *due < *wake)) wake = due;
        }
        if (!wake) return std::nullopt;
        return *wake - Clock::now();
    }

    void take_signals() {
        bool asked = false;
        for (const int signal : {SIGTERM, SIGINT, SIGHUP}) asked |= signals_.take(signal);
        if (asked && !closing_until_) begin_closing();
        if (closing_until_ && Clock::now() >= *closing_until_) kill_all();
    }

    void show_title() {
        std::string title = "chatd: parent";
        for (const std::string& name : listener_names_) title += ' ' + name;
        title_.set(title + ", " + std::to_string(born_ns_.size()) +
                   (born_ns_.size() == 1 ? " client" : " clients"));
    }

    // --- Clients

    [[nodiscard]] bool accepts() const {
        return !listeners_.empty() && !rest_until_ && outbox_.size() < kControlBytesMax;
    }

    void accept_clients() {
        if (rest_until_ && Clock::now() >= *rest_until_) end_rest();
        for (const Listener& listener : listeners_) {
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
        if (born_ns_.size() >= clients_max_) {
            journal_.debug("%s refused: the room is full", accepted.peer.c_str());
            return refuse(accepted.fd, Text::RoomFull);
        }
        const std::uint64_t birth_ns = steady_ns();
        // Its row is made before the fork: no child may be there that is not in the table.
        born_ns_.emplace(0, birth_ns);
        auto row = born_ns_.extract(0);
        WorkerSetup setup{std::move(accepted.fd), accepted.peer, broker_listener_.place(),
                          options_.language, birth_ns};
        const pid_t pid = fork_child([&] {
            signals_.forget();
            Signals::ignore({SIGINT, SIGHUP});
            keep_only({setup.client.get(), setup.broker});
            prefer_throughput();
            return run_worker(std::move(setup), title_, signals_);
        });
        if (pid < 0) {
            const int error = errno;
            refuse(setup.client, Text::ServerBusy);
            return rest("fork", error);
        }
        row.key() = pid;
        born_ns_.insert(std::move(row));
        if (std::exchange(resting_, false)) journal_.info("new clients come in again");
        journal_.info("%s connected, pid %d", accepted.peer.c_str(), pid);
    }

    // One line, if the client takes it at once.
    void refuse(const UniqueFd& client, Text reason) const {
        std::string line;
        append_text(line, options_.language, reason);
        line += '\n';
        (void)send_some(client.get(), line);
        discard_input(client.get());
    }

    // Out of descriptors: the spare one gives its place to the client for as long as a line takes.
    void refuse_without_descriptor(const Listener& listener) {
        spare_.reset();
        const Accepted accepted = accept_client(listener);
        if (accepted.fd.valid()) refuse(accepted.fd, Text::ServerBusy);
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

    void reap() {
        while (const auto reaped = reap_child()) {
            if (reaped->pid == broker_pid_) {
                broker_ended(reaped->wait_status);
                continue;
            }
            const auto worker = born_ns_.find(reaped->pid);
            if (worker == born_ns_.end()) continue;  // a child of somebody else that we inherited
            const auto lived_ms =
                static_cast<std::int64_t>((steady_ns() - worker->second) / 1'000'000);
            append_frame(outbox_,
                         Ended{worker->second, lived_ms, reaped->pid, reaped->wait_status});
            born_ns_.erase(worker);
            if (rest_until_) end_rest();
        }
    }

    void send_control() {
        // The other end is ours as well: the link is never broken, only full.
        (void)send_from(control_.first.get(), outbox_);
        if (closing_until_ && born_ns_.empty() && outbox_.empty()) {
            // The broker has outlived the workers, to tell them and to log their ends; now it goes.
            control_.second.reset();
            control_.first.reset();
        }
    }

    // --- The broker

    void start_broker() {
        broker_due_.reset();
        broker_born_ = Clock::now();
        broker_pid_ = fork_child([this] {
            signals_.forget();
            keep_only({broker_listener_.fd(), control_.second.get(), log_memory_.get(),
                       members_memory_.get()});
            Journal journal("broker", options_.level);
            return run_broker({broker_listener_.fd(), control_.second.get(), log_memory_.get(),
                               members_memory_.get(), options_.replay},
                              title_, journal);
        });
        if (broker_pid_ < 0) {
            journal_.warning("fork of the broker: %s", std::strerror(errno));
            return restart_broker_later();
        }
        journal_.info("broker started, pid %d", broker_pid_);
    }

    void broker_ended(int wait_status) {
        const std::chrono::duration<double> lived = Clock::now() - broker_born_;
        broker_pid_ = -1;
        if (closing_until_ && !control_.first.valid()) {
            return journal_.info("broker ended, after %.1f s", lived.count());
        }
        journal_.error("broker ended: %s, after %.1f s", describe_end(wait_status).c_str(),
                       lived.count());
        // No other one comes: whoever waits for it shall know.
        if (closing_until_) return broker_listener_.stop();
        if (lived < kBrokerYoung) return restart_broker_later();
        broker_pause_ = kBrokerPause;
        broker_due_ = Clock::now();
    }

    // One that dies young would do so again at once.
    void restart_broker_later() {
        journal_.warning("the next broker starts in %lld ms",
                         static_cast<long long>(broker_pause_ / std::chrono::milliseconds(1)));
        broker_due_ = Clock::now() + broker_pause_;
        broker_pause_ = std::min<Clock::duration>(broker_pause_ * 2, kBrokerPauseMax);
    }

    void keep_broker() {
        if (broker_due_ && !closing_until_ && Clock::now() >= *broker_due_) start_broker();
    }

    // --- The beginning and the end

    void announce() {
        for (const Listener& listener : listeners_) {
            listener_names_.push_back(listener.name);
            journal_.info("accepting clients on %s, port %d", listener.name.c_str(), port_);
        }
        if (options_.ready_fd < 0) return;
        const std::string line = std::to_string(port_) + '\n';
        if (::write(options_.ready_fd, line.data(), line.size()) < 0) {
            throw system_error("--ready-fd " + std::to_string(options_.ready_fd),
                               ExitStatus::Usage);
        }
        (void)::close(options_.ready_fd);
    }

    // Those in the room hear of it through the log, after all that was said; those at the door by
    // signal. Then everybody goes, the broker last.
    void begin_closing() {
        journal_.info("closing; clients: %zu", born_ns_.size());
        closing_until_ = Clock::now() + kShutdownGrace;
        listeners_.clear();
        broker_due_.reset();
        append_frame(outbox_, CloseRoom{});
        if (broker_pid_ < 0) broker_listener_.stop();
        for (const auto& [pid, birth_ns] : born_ns_) (void)::kill(pid, SIGUSR1);
    }

    // The time is over. Only children that are not reaped yet are in the table: no pid in it can
    // belong to somebody else.
    void kill_all() {
        journal_.warning("killing what did not end in time; workers: %zu", born_ns_.size());
        for (const auto& [pid, birth_ns] : born_ns_) (void)::kill(pid, SIGKILL);
        if (broker_pid_ > 0) (void)::kill(broker_pid_, SIGKILL);
        closing_until_ = Clock::now() + kShutdownGrace;
    }

    [[nodiscard]] bool done() const {
        return closing_until_ && born_ns_.empty() && broker_pid_ < 0;
    }

    const Options& options_;
    ProcessTitle& title_;
    const Signals& signals_;
    Journal journal_;
    std::uint32_t clients_max_;
    std::vector<Listener> listeners_;
    std::uint16_t port_;
    LocalListener broker_listener_;
    UniqueFd log_memory_;
    UniqueFd members_memory_;
    // Both ends stay here for as long as there is a room: what one broker has not read, the next
    // one reads.
    SocketPair control_;
    UniqueFd spare_;

    std::vector<std::string> listener_names_;
    std::unordered_map<pid_t, std::uint64_t> born_ns_;  // the workers
    std::string outbox_;                                // for the broker

    bool resting_ = false;
    std::optional<Clock::time_point> rest_until_;

    pid_t broker_pid_ = -1;
    Clock::time_point broker_born_;
    Clock::duration broker_pause_ = kBrokerPause;
    std::optional<Clock::time_point> broker_due_;

    std::optional<Clock::time_point> closing_until_;
};

}  // namespace

void run_parent(const Options& options, ProcessTitle& title, const Signals& signals) {
    Parent(options, title, signals).run();
}

}  // namespace chatd
