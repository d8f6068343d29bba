// One worker's link, as the broker has it: its socket, how far its reader is, and what is half
// received or half sent. What the frames on it mean is the broker's business.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rate_limiter.h"
#include "log/crowd.h"
#include "log/log.h"
#include "sys/fd.h"

namespace chatd {

class Link {
  public:
    // slot: where the broker keeps it.
    Link(UniqueFd fd, pid_t pid, std::size_t slot, Rate rate)
        : pace(rate), fd_(std::move(fd)), pid_(pid), slot_(slot) {}

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] bool open() const { return fd_.valid(); }
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] std::size_t slot() const { return slot_; }
    void close() { fd_.reset(); }

    // --- Who it is, once it has said so

    std::uint64_t session = 0;  // 0: not attached
    std::uint64_t birth_ns = 0;
    std::string name;
    bool asking = false;  // its question is answered at the end of this turn
    bool takes_crowds = false;

    // --- Of its process, and handed on to its next link

    std::uint64_t member_birth_ns = 0;  // what it told when it came in; 0: it never did
    RateLimiter pace;                   // of its requests

    // --- In

    // Takes what has come, at most one buffer full; `take` gets every whole frame and returns false
    // for one that ends the link. False: the link is at its end.
    [[nodiscard]] bool read(std::span<char> buffer, const std::function<bool(const Frame&)>& take);

    // --- Out

    // How its member stands, for a reader that missed entries about itself.
    struct Standing {
        std::string_view name;
        std::uint64_t acked;
    };

    // Begins to read the log at `position`, having seen `messages` of what was said to all.
    void start(const Log& log, Position position, std::uint64_t messages, const Standing& standing);

    // Reads no further than this.
    void stop_at(Position end) { end_ = end; }

    // Shows a newcomer the last `messages` that were said before it came, and then Done.
    void replay(const Log& log, Position came, std::uint32_t messages);

    // The reader wants the last `messages` once more: sent, between Past and Done, when it has read
    // all that came before its question.
    void ask_replay(std::uint32_t messages) { replay_asked_ = messages; }

    // To be sent before anything of the log.
    std::string replies;

    // Is there anything to send, of the log up to `end`?
    [[nodiscard]] bool behind(Position end) const;

    // Since whoever counts them has set them to 0: messages to all that it was sent, and missed.
    std::uint64_t delivered = 0;
    std::uint64_t skipped = 0;

    // The kernel took less than there was; wait until the worker has read.
    [[nodiscard]] bool blocked() const { return blocked_; }

    // Sends as much as the kernel takes, of the log up to where the crowds end. False: the link is
    // at its end.
    [[nodiscard]] bool flush(const Log& log, Crowds& crowds, const Standing& standing);

  private:
    [[nodiscard]] bool send_replies();
    [[nodiscard]] bool send_replay(const Log& log);
    [[nodiscard]] bool send_log(const Log& log, Reading reading, Position& at, Position end);
    [[nodiscard]] bool send_live(const Log& log, Crowds& crowds, const Standing& standing);
    [[nodiscard]] bool send_crowds(const Log& log, std::span<const CrowdStretch> crowds);
    void miss(std::uint64_t messages, const Standing& standing);
    void answer_replay(const Log& log);

    UniqueFd fd_;
    pid_t pid_;
    std::size_t slot_;
    FrameReader frames_;
    bool blocked_ = false;
    Position at_ = 0;             // of the log, sent up to here
    Position end_ = UINT64_MAX;   // and no further than here
    std::uint64_t messages_ = 0;  // said to all before that
    bool replaying_ = false;
    Position replay_at_ = 0;
    Position replay_end_ = 0;
    std::optional<std::uint32_t> replay_asked_;
};

}  // namespace chatd
