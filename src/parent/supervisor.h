// The supervisor: keeps a broker running for the parent, and has the keeper keep a lookout. It
// starts the broker, restarts it when it dies, and replaces one that does not answer any more. It
// never reads a byte from the broker: a broker that takes frames off its link is alive, and the
// kernel tells how many it has taken.
#pragma once

#include "parent/keeper.h"
#include "parent/watchdog.h"
#include "protocol/describe.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/title.h"

namespace chatd {

class Supervisor {
  public:
    // All of these outlive this object. Starts nothing. Throws SetupError.
    Supervisor(Resources& resources, const Options& options, ProcessTitle& title,
               const Signals& signals, Journal& journal);

    // Forks a broker; or first, when the history was cut short or overwritten, a process that
    // repairs it. If the fork fails, the journal says so, and turn() tries again after
    // kListenerRest. Throws std::bad_alloc; then turn() tries again as well.
    void start();

    // Puts a broker of this program in the place of one that another program has started.
    void replace();

    // Queues a frame for the broker, or for the next broker if this one dies before it reads the
    // frame. Throws std::bad_alloc.
    template <class Body>
    void send(const Body& body) {
        const std::size_t before = resources_.outbox.size();
        append_frame(resources_.outbox, body);
        trace_frames("tells the broker", std::string_view(resources_.outbox).substr(before));
        queued_bytes_ += resources_.outbox.size() - before;
    }

    // Tells the broker of a worker that was just forked, so that the broker lets it in. A broker
    // that starts later is told of all that are in the table. Needs no memory.
    void announce(WorkerTable::value_type& worker);

    // Workers were stopped or continued: the broker is told as fast as it reads.
    void announce_pauses();

    // --- One turn of the parent's loop
    [[nodiscard]] pollfd link_poll() const;    // writable: a link has room for what is queued
    [[nodiscard]] pollfd wakeup_poll() const;  // readable: take_wakeup(), after the signals
    [[nodiscard]] Deadline wake_at() const {
        return earliest({start_at_, watchdog_.due(), watch_at_, keeper_.wake_at()});
    }

    // Unless one is open, sends a Ping. If the broker neither reads it nor does anything else for
    // kBrokerAnswer, it is replaced.
    void take_wakeup();

    // Handles the end of the broker or lookout. False: this child was neither.
    bool handle_exit(const Reaped& reaped);

    // Starts or replaces broker and lookout if that is due, and sends what is queued.
    void turn();

    // --- The end
    void begin_closing();  // A broker that dies from now on is not replaced.
    void close_link();     // the broker ends once it has read everything
    void kill();           // Kills the broker; does nothing when no broker runs.
    [[nodiscard]] bool is_running() const { return resources_.broker > 0; }
    [[nodiscard]] bool has_ended() const { return !is_running() && !keeper_.is_running(); }

  private:
    [[nodiscard]] int run_child(std::string_view workers);
    [[nodiscard]] std::string announce_all();
    void send_queued();
    [[nodiscard]] int run_repair();
    void repair_ended();
    void fork_next(const char* role, const std::function<int()>& child_main);
    void restart(Duration lived);
    void check_answer();

    Resources& resources_;
    const Options& options_;
    ProcessTitle& title_;
    const Signals& signals_;
    Journal& journal_;
    Keeper keeper_;

    Moment born_;         // the broker, or the supervisor if another program has started the broker
    int died_young_ = 0;  // brokers in a row
    bool fork_fails_ = false;
    bool is_replacing_ = false;
    bool is_closing_ = false;
    bool pauses_untold_ = false;  // perhaps
    Deadline start_at_;

    std::uint64_t queued_bytes_;  // of all frames ever queued
    std::uint64_t ping_end_ = 0;  // queued_bytes_ right after the last Ping
    Watchdog watchdog_;
    Deadline watch_at_;  // the wakeup, again; none: it is watched
};

}  // namespace chatd
