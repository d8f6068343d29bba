// A reader of the log: how far one member has read, and what is sent to that member next.
// Broadcast, replay for newcomers, slow readers and recovery are all the same operation here: send
// from the reader's position to the head.
//
// This file must never touch a descriptor, a clock or a queue: where the bytes go is the caller's
// business (see LogReader::Send).
#pragma once

#include <functional>

#include "log/crowd.h"

namespace chatd {

// The session number of a reader that may see only what is for everybody.
inline constexpr std::uint64_t kNobody = UINT64_MAX;

// Live: a reader is sent everything that happens. Replay: only what a replay shows.
enum class Reading : std::uint8_t { Live, Replay };

// Collects what `session` reads from `*from` on, as runs of bytes that end before `to`. Fills
// `pieces` (at least two), moves `*from` behind them and returns how many it filled: 0 only when
// `*from` has reached `to`, or when it has looked at as many entries as it may. It counts `entries`
// down.
std::size_t collect_pieces(const Log& log, Position* from, Position to, std::uint64_t session,
                           Reading reading, std::span<Piece> pieces, std::size_t& entries);

// The place of a reader that took only the first `bytes` of these pieces, fewer than they hold.
struct Cut {
    Position next;          // behind the last frame that was taken, even if only in part
    std::string_view rest;  // of that frame; has to be sent first
};
[[nodiscard]] Cut cut_pieces(std::span<const Piece> pieces, std::size_t bytes);

class LogReader {
  public:
    // The member's state now. A Gap carries it, because the missed entries may have changed it.
    struct Standing {
        std::string_view name;  // empty: no longer a member
        std::uint64_t acked;    // see Gap
    };

    // Takes as many bytes of the pieces as it can, in order, and returns how many; none when the
    // other end is gone.
    using Send = std::function<std::optional<std::size_t>(std::span<const Piece>)>;

    // Frames that are sent before anything of the log.
    std::string replies;

    // Begins to read the log at `position` as `session`, which has seen `messages` of what was said
    // to all.
    void start(const Log& log, std::uint64_t session, Position position, std::uint64_t messages,
               const Standing& standing);

    // Ends the reading at `end`. Without this the reader never stops.
    void stop_at(Position end) { end_ = end; }

    // Sends Crowd frames for people who come and go together. The worker must know these frames.
    void take_crowds() { takes_crowds_ = true; }

    // Shows a newcomer the last `messages` that were said before it came, and then Done.
    void replay(const Log& log, Position came, std::uint32_t messages) {
        begin_lookup(log, came, messages, {});
    }

    // Shows the last `messages` once more, between Replay and Done, after everything that came
    // before this question. now_ms: milliseconds since 1970, for the Replay frame.
    void ask_replay(std::uint32_t messages, std::int64_t now_ms) { question_ = {messages, now_ms}; }

    // Is there anything to send, of the log up to `end`?
    [[nodiscard]] bool is_behind(Position end) const;

    // Did the other end take less than there was? Until it has read, flushing is of no use.
    [[nodiscard]] bool is_blocked() const { return blocked_; }

    // Is there something to send that was asked for?
    [[nodiscard]] bool owes_answer() const {
        return !replies.empty() || lookup_ || replaying_ || question_;
    }

    // Has the last flush() looked at as many entries as it may, and is it not done?
    [[nodiscard]] bool is_walking() const { return walking_; }

    // How many entries the next flush() may look at, one by one. The caller sets it.
    std::size_t entries_left = SIZE_MAX;

    // Sends as much as `send` takes, of the log up to crowds.end(). False: the other end is gone.
    [[nodiscard]] bool flush(const Log& log, Crowds& crowds, const Standing& standing,
                             const Send& send);

    // Messages to all that this reader was sent, and that it missed. The caller resets them to 0.
    std::uint64_t delivered = 0;
    std::uint64_t skipped = 0;

  private:
    struct ReplayQuestion {
        std::uint32_t messages;
        std::int64_t now_ms;
    };

    // A search for what a replay shows: through the log, and if that has too little, its archive.
    struct Lookup {
        Log::Search search;
        Log::Search archived;
        std::uint64_t last_seq;              // nothing newer is shown
        std::optional<std::int64_t> now_ms;  // of a question: a Replay frame goes first
    };
    void begin_lookup(const Log& log, Position end, std::uint32_t most,
                      std::optional<std::int64_t> now_ms);

    // The functions that send return whether all was sent: if not, the reader is blocked, walking
    // or gone.
    [[nodiscard]] bool look_up(const Log& log, const Send& send);
    [[nodiscard]] bool go_on(const Log& log);
    [[nodiscard]] bool send_replies(const Send& send);
    [[nodiscard]] bool send_replay(const Log& log, const Send& send);
    [[nodiscard]] bool send_archived(const Log& log, const Log& archive, const Send& send);
    [[nodiscard]] bool send_live(const Log& log, Crowds& crowds, const Standing& standing,
                                 const Send& send);
    [[nodiscard]] bool send_crowds(const Log& log, Crowds& crowds, Position end, bool is_member,
                                   const Send& send);
    [[nodiscard]] bool send_log(const Log& log, Reading reading, Position& at, Position end,
                                const Send& send);
    [[nodiscard]] std::size_t send_pieces(std::span<const Piece> pieces, const Send& send);
    void miss(std::uint64_t messages, const Standing& standing);

    std::uint64_t session_ = 0;   // 0: not started, and is sent only replies
    Position at_ = 0;             // the log is sent up to here
    Position end_ = UINT64_MAX;   // and never beyond here
    std::uint64_t messages_ = 0;  // messages to all that lie before at_
    bool takes_crowds_ = false;
    bool blocked_ = false;
    bool walking_ = false;
    bool gone_ = false;  // the other end is gone
    std::optional<Lookup> lookup_;
    bool replaying_ = false;
    Position archive_at_ = 0;  // of a replay, in the log's archive: sent first
    Position archive_end_ = 0;
    Position replay_at_ = 0;
    Position replay_end_ = 0;
    std::uint64_t replay_first_seq_ = 0;  // of what was found in the log; 0: nothing was
    std::uint64_t replay_last_seq_ = 0;
    std::optional<ReplayQuestion> question_;
};

}  // namespace chatd
