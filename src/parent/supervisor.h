// Keeps a broker running, for the parent: starts it, restarts it when it dies, and replaces one
// that does not answer any more. It never reads a byte of the broker's: that the broker takes its
// frames off the link is all the answer there is, and the kernel tells.
#pragma once

#include <poll.h>

#include <optional>

#include "options.h"
#include "parent/resources.h"
#include "protocol/frame.h"
#include "sys/clock.h"
#include "sys/journal.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/title.h"

namespace chatd {

class Supervisor {
  public:
    // Everything outlives this object.
    Supervisor(Resources& resources, const Options& options, ProcessTitle& title,
               const Signals& signals, Journal& journal);

    void start();

    // The running broker is that of another program: a new one comes in its place.
    void replace();

    // Puts a frame on its way.
    template <class Body>
    void tell(const Body& body) {
        const std::size_t before = resources_.outbox.size();
        append_frame(resources_.outbox, body);
        told_bytes_ += resources_.outbox.size() - before;
    }

    // --- One turn of the parent's loop

    [[nodiscard]] pollfd link_poll() const;
    [[nodiscard]] pollfd wakeup_poll() const;
    [[nodiscard]] Deadline wake_at() const;

    // A child has ended. False: it was not the broker.
    bool ended(const Reaped& reaped);
    void rang();  // the wakeup did: a worker waits in vain
    void turn();  // does what is due

    // --- The end

    void begin_closing();  // no other one comes
    void dismiss();        // all is told: it may go
    void kill();
    [[nodiscard]] bool running() const { return resources_.broker > 0; }

  private:
    [[nodiscard]] pid_t fork_broker();
    void mend_log();
    void restart(Duration lived);
    [[nodiscard]] std::uint64_t taken_bytes() const;
    void check_answer();

    Resources& resources_;
    const Options& options_;
    ProcessTitle& title_;
    const Signals& signals_;
    Journal& journal_;

    std::size_t log_bytes_;
    Moment born_;
    int died_young_ = 0;  // in a row
    bool fork_fails_ = false;
    bool replacing_ = false;
    bool closing_ = false;
    Deadline start_at_;

    std::uint64_t told_bytes_;  // ever
    std::uint64_t ping_end_ = 0;
    Deadline answer_by_;
};

}  // namespace chatd
