// The sockets of the broker: a link to each worker, the listener where workers connect, and the
// link to the parent. This is how frames come in; broker/broker handles them.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/bounds.h"
#include "broker/sessions.h"
#include "sys/fd.h"
#include "sys/journal.h"
#include "sys/poller.h"

namespace chatd {

// The broker's end of the link to one worker: the socket, and a frame of which only a part has
// come.
class Link {
  public:
    // id: the number that the poller has for this link.
    Link(UniqueFd fd, std::uint64_t id, WorkerState connected)
        : worker(std::move(connected)), fd_(std::move(fd)), id_(id) {}

    WorkerState worker;

    [[nodiscard]] int fd() const { return fd_.get(); }  // -1 when the link is closed
    [[nodiscard]] bool is_open() const { return fd_.valid(); }
    [[nodiscard]] std::uint64_t id() const { return id_; }

    // Takes what has come, at most one buffer full. `take` gets every whole frame, and returns
    // false for a frame that ends the link. False: the link is at its end.
    [[nodiscard]] bool read(std::span<char> buffer, const std::function<bool(const Frame&)>& take);

    // Sends as much as the kernel takes. False: the link is at its end.
    [[nodiscard]] bool flush(const Log& log, Crowds& crowds, const LogReader::Standing& standing);

  private:
    friend class Links;  // closes the socket

    UniqueFd fd_;
    std::uint64_t id_;
    FrameReader frames_;
};

// All these sockets. A forgotten link is destroyed only when the turn ends, because events and
// lists of this turn may still name it.
class Links {
  public:
    // The numbers that the poller has for the sockets: links have those from kFirstLink on.
    enum : std::uint64_t { kParent, kBirths, kListener, kFirstLink };

    // Gets each frame of a worker, and the time when it was read. False: the link is to be closed.
    using Handle = std::function<bool(Link&, const Frame&, Now)>;

    // Waits for these descriptors in `poller` from now on. They belong to the caller.
    Links(int listener, int parent, int births, Poller& poller, Journal& journal, Handle handle);

    // Hands some waiting connections, with the pids of their processes, to `take`: at most
    // kAcceptsPerTurn, because a process that connects again and again must not keep the broker
    // here. Processes of other users are refused. When descriptors are short, the listener rests.
    void accept(const std::function<void(UniqueFd, pid_t)>& take);

    // Adds a link to this worker, whose process must have none, or a forgotten one. The link is
    // closed when the poller has no memory for it.
    void add(UniqueFd fd, WorkerState connected);

    // Keeps a connection of a process that the parent has not announced: a worker can be faster
    // than the news of its birth. The oldest of more than kStrangersMax is closed.
    void keep_waiting(UniqueFd fd, pid_t pid);

    // The connection that waits of this process, which was born then; invalid: there is none.
    [[nodiscard]] UniqueFd take_waiting(pid_t pid, std::uint64_t birth_ns);

    // The link with this number, which must exist.
    [[nodiscard]] Link& at(std::uint64_t id) { return *links_[id - kFirstLink]; }

    // The link of this process, which may be closed; null when it has none.
    [[nodiscard]] Link* by_pid(pid_t pid) const;

    // Handles frames that have come, at most one buffer full. Closes a link that is at its end.
    void read(Link& link);

    // Handles everything that the worker has sent; no more can come.
    void read_to_the_end(Link& link);

    // The poller reports the link for these events from now on, such as EPOLLIN.
    void wait_for(Link& link, std::uint32_t events) {
        poller_.change(link.fd(), events, link.id());
    }

    // Closes the socket; the worker's state stays. Ends the rest of the listener, because a
    // descriptor was freed. Does nothing to a closed link.
    void close(Link& link);

    // From now on the link is not found by its pid; turn() destroys it.
    void forget(Link& link);

    // Calls `visit` for each open link. `visit` may close links, but must not add or destroy one.
    template <class Visit>
    void for_each_open(Visit visit) {
        for (const auto& link : links_) {
            if (link != nullptr && link->is_open()) visit(*link);
        }
    }

    // Hands every whole frame that has come from the parent to `obey`: first the births of workers,
    // so that each comes before the worker's end. The other frames are only then taken off their
    // link: if the broker dies in between, the next broker finds them there. The parent is trusted:
    // a malformed frame is our bug. False: the parent has closed the link.
    [[nodiscard]] bool read_parent(const std::function<void(const Frame&)>& obey);

    // Bytes that were taken off the parent's link.
    [[nodiscard]] std::size_t taken_from_parent() const { return taken_from_parent_; }

    // Ends a turn: destroys what is forgotten, and ends the listener's rest when its time is over.
    void turn(Moment now);
    [[nodiscard]] Deadline wake_at() const { return rest_.until(); }

  private:
    void watch_listener();
    void rest(int error);
    void read_births(const std::function<void(const Frame&)>& obey);

    int listener_;
    int parent_;
    int births_;
    FrameReader birth_frames_;
    std::size_t taken_from_parent_ = 0;
    Poller& poller_;
    Journal& journal_;
    Handle handle_;
    std::array<char, kReadBytes> buffer_;
    Now now_{};  // when the last read of a link began
    ListenerRest rest_;
    bool is_short_ = false;  // of descriptors or memory, and the journal says so

    std::vector<std::unique_ptr<Link>> links_;  // by id; null: the place is free
    std::vector<std::uint64_t> free_ids_;
    std::unordered_map<pid_t, Link*> by_pid_;
    std::vector<std::uint64_t> forgotten_;  // ids

    struct Stranger {
        UniqueFd fd;
        pid_t pid;
        std::uint64_t since_ns;
    };
    std::vector<Stranger> strangers_;  // the oldest first
};

}  // namespace chatd
