// The trust boundary: what a worker may ask of the broker, and what it gets. A worker may have been
// taken over by its client, so nothing is believed here but what the kernel and the parent confirm.
// The requests of a member go to the room; its questions are answered into its reader.
//
// This file must never touch a descriptor, read a clock or ask the kernel: the caller says what
// time it is, and which process is at the other end of a link.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/rate_limiter.h"
#include "broker/room.h"
#include "log/reader.h"
#include "protocol/worker_exit.h"

namespace chatd {

// The broker's record of a worker's process. It is copied to the next link of the process, so
// that a process cannot reset its limits by connecting again.
struct WorkerProcess {
    pid_t pid;               // from the kernel
    std::uint64_t birth_ns;  // from the parent: see Born
    std::string peer;        // from the parent
    bool has_joined = false;
    bool is_expelled = false;  // whatever it sends next ends its link
    RateLimiter requests;
};

// A worker over one link.
struct WorkerState {
    enum class State : std::uint8_t {
        Login,     // it has not attached
        Member,    // it has a session, although its member may have left since
        Departed,  // its member had left before it attached: it reads on to its own Leave
    };

    explicit WorkerState(const WorkerProcess& known) : process(known) {}

    WorkerProcess process;
    State state = State::Login;
    std::uint64_t session = 0;  // 0 unless State::Member
    std::string name;           // as the journal shows it; empty before it is a member
    bool is_asking = false;     // its question is not answered yet
    bool is_urgent = false;     // its link is flushed at the end of this turn
    LogReader reader;
};

// Writes down what has happened to workers: one function for each line of the journal.
class WorkerObserver {
  public:
    virtual ~WorkerObserver() = default;
    virtual void joined(const WorkerState& worker, std::string_view peer) = 0;
    virtual void renamed(const WorkerState& worker, std::string_view old_name) = 0;
    virtual void broke_rules(const WorkerState& worker) = 0;
    // name: "(login)" for a worker that was never a member.
    virtual void ended(std::string_view name, const Ended& ended) = 0;
    virtual void was_a_stranger(const Member& member) = 0;
};

class Sessions {
  public:
    struct Settings {
        Rate lines;            // what a client may send; see rate_of_requests()
        std::uint32_t replay;  // messages that a newcomer is shown
        bool crowds;           // people who come and go together share a line
        std::string_view version;
    };

    // Everything outlives this object.
    Sessions(const Settings& settings, Log& log, Room& room, WorkerObserver& observer)
        : settings_(settings), log_(log), room_(room), observer_(observer) {}

    // The parent has announced this worker, once or again, as when a signal has stopped it. peer:
    // of its client.
    void born(const Born& born, std::string_view peer);

    // Is this a worker that the parent has announced, and whose end it has not told?
    [[nodiscard]] bool knows(pid_t pid) const { return born_.contains(pid); }

    // All that were born are announced, and the ends of all others are told: a member that is left
    // over is no worker of the parent, and leaves. (0.3.0 let in whoever connected.)
    void remove_strangers(Now now);

    // The worker at the other end of a new link, which knows() its process. `old`: who had its pid
    // over the last link, or null. None: the process connects too often. Connecting costs it a
    // request, because a worker that connects again and again must not keep the broker from
    // everything else.
    [[nodiscard]] std::optional<WorkerState> connected(pid_t pid, WorkerState* old,
                                                       Moment now) const;

    // The verdict on the link after a frame.
    enum class Verdict : std::uint8_t {
        GoOn,
        End,      // the link ends at once
        Dismiss,  // the link ends; its reader's replies tell the worker not to come back
    };

    // Does what a worker asks for.
    [[nodiscard]] Verdict handle(WorkerState& worker, const Frame& frame, Now now);

    // The worker is being sent everything that there is, the answer to its question included.
    static void answered(WorkerState& worker) { worker.is_asking = worker.is_urgent = false; }

    // A worker's process has ended, and everything that it had sent is handled: its member leaves.
    // worker: over its last link; null when the broker knows no link of it.
    void worker_ended(const WorkerState* worker, const Ended& ended, Now now);

    // The server shuts down: the room is told, and from now on nobody is told who leaves.
    void close_room(Now now);

    // The member's state, for its reader. The name is valid until the member leaves or is renamed.
    [[nodiscard]] LogReader::Standing standing_of(const WorkerState& worker);

    // The position after the last entry that cannot wait: see broker/fan_out.
    [[nodiscard]] Position urgent_end() const { return urgent_end_; }

  private:
    [[nodiscard]] Verdict attach(WorkerState& worker, const Frame& frame, Now now);
    [[nodiscard]] Verdict post(WorkerState& worker, const Frame& frame, Now now);
    [[nodiscard]] Verdict answer_who(WorkerState& worker, std::string_view prefix, Now now);
    [[nodiscard]] Verdict answer_replay(WorkerState& worker, std::uint32_t messages, Now now);
    [[nodiscard]] static bool may_ask(WorkerState& worker);
    void let_in(WorkerState& worker, const Member& member, const Attach& wanted, Now now);
    void welcome(WorkerState& worker, const Member& member, std::uint64_t messages, Now now);
    void see_off(WorkerState& worker, const Attach& wanted);
    void note_name(WorkerState& worker);
    [[nodiscard]] Verdict expel(WorkerState& worker, Now now);
    [[nodiscard]] static Verdict dismiss(WorkerState& worker);

    struct Birth {
        std::uint64_t birth_ns;
        std::string peer;
        bool is_stopped;
    };
    [[nodiscard]] Person person_of(const Member& member, std::int64_t now_ms) const {
        const auto born = born_.find(member.pid);
        return {.since_ms = member.since_ms,
                .idle_ms = now_ms - member.active_ms,
                .pid = member.pid,
                .stopped = born != born_.end() && born->second.is_stopped};
    }

    const Settings settings_;
    Log& log_;
    Room& room_;
    WorkerObserver& observer_;
    std::unordered_map<pid_t, Birth> born_;  // the workers that there are
    Position urgent_end_ = 0;
    bool is_closing_ = false;
};

// The rate at which a worker may send requests. No honest worker exceeds it: an honest worker keeps
// to the rate of lines, except for what it had to save up. A rate of 0 is no limit.
[[nodiscard]] inline Rate rate_of_requests(Rate lines) {
    return {lines.per_second, lines.burst + kRequestsSavedUp};
}

}  // namespace chatd
