// A broker without sockets, processes or a clock: the code that ships (broker/sessions,
// broker/room, log/reader), over a log and a member table in memory of its own. After each frame it
// claims that the log and the room are as they have to be, whoever sent what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/room.h"
#include "broker/sessions.h"
#include "log/log.h"
#include "protocol/frame.h"

namespace chatd::fuzz {

class ClaimedBroker : private WorkerObserver {
  public:
    // A worker's link, which its owner keeps. A new broker knows none of the old ones.
    struct Link {
        std::int32_t pid = 0;
        std::uint64_t birth_ns = 77;         // as the parent has announced it
        std::uint64_t session = 0;           // the session's number; 0: not a member's
        std::optional<WorkerState> begun{};  // since the first frame came
        FrameReader frames{};
    };

    // lines: the rate that the server allows its clients; 0: no limit.
    explicit ClaimedBroker(std::uint32_t members_max, Rate lines = {});

    ClaimedBroker(const ClaimedBroker&) = delete;
    ClaimedBroker& operator=(const ClaimedBroker&) = delete;

    // Takes what a worker sends, in any pieces. False: the link is to be ended.
    [[nodiscard]] bool receive(Link& link, std::string_view bytes);

    // Everything that this link is to be sent by now.
    [[nodiscard]] std::string deliver(Link& link);

    // The process of this link has ended.
    void end_process(const Link& link, LeaveReason reason);

    void close_room();

    // Dies, and the next broker takes up what is there.
    void restart();

    void pass(std::int64_t time_ms) { now_ms_ += time_ms; }

    [[nodiscard]] Log& log() { return *log_; }
    [[nodiscard]] Room& room() { return *room_; }

    // The number of workers that were expelled.
    [[nodiscard]] std::size_t expelled() const { return expelled_; }

  private:
    void take_up();
    [[nodiscard]] Now now() const;
    [[nodiscard]] bool begin(Link& link);

    void joined(const WorkerState& worker, std::string_view peer) override;
    void renamed(const WorkerState& worker, std::string_view old_name) override;
    void broke_rules(const WorkerState& worker) override;
    void ended(std::string_view name, const Ended& ended) override;
    void was_a_stranger(const Member& member) override;

    // --- Claims

    // The name of each member, by session.
    using Names = std::map<std::uint64_t, std::string>;
    [[nodiscard]] Names names() const;
    void claim_news(const Names& before, std::set<std::uint64_t> own);
    void claim_entry(const LogEntry& found);
    void claim_counter(const Entry& entry);
    void claim_members() const;
    static void claim_for(const WorkerState& worker, std::string_view sent);

    std::vector<std::uint64_t> log_memory_;
    std::vector<std::uint64_t> members_memory_;
    std::optional<Log> log_;
    std::optional<Room> room_;
    std::optional<Sessions> sessions_;
    std::map<std::int32_t, WorkerState> workers_;  // over their last link to this broker
    Rate lines_;
    std::size_t expelled_ = 0;
    std::int64_t now_ms_ = 1'700'488'979'000;
    bool is_closing_ = false;
    Position claimed_to_ = 0;
    std::uint64_t last_seq_ = 0;
    std::uint64_t last_messages_ = 0;
    std::map<std::uint64_t, std::uint64_t> counters_;  // of each session
};

}  // namespace chatd::fuzz
