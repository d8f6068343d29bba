// A broker without sockets, processes or a clock: what broker/broker.cc and broker/link.cc do with
// frames, over a log and a member table in memory of its own. It claims after each frame that the
// log and the room are as they have to be, whoever sent what.
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
#include "log/log.h"
#include "protocol/frame.h"

namespace chatd::fuzz {

class MemoryBroker {
  public:
    // A worker's link, of its owner; a new broker knows none of the old ones.
    struct Link {
        std::int32_t pid = 0;
        std::uint64_t session = 0;  // 0: not attached
        bool asking = false;
        bool takes_crowds = false;
        FrameReader frames;
        std::string replies;
        Position at = 0;
        std::uint64_t messages = 0;
        bool reviewing = false;
        Position review_at = 0;
        Position review_end = 0;
        std::optional<std::uint32_t> past_asked;
    };

    explicit MemoryBroker(std::uint32_t members_max);

    MemoryBroker(const MemoryBroker&) = delete;
    MemoryBroker& operator=(const MemoryBroker&) = delete;

    // Takes what a worker sends, in any pieces. False: the link is to be ended.
    [[nodiscard]] bool receive(Link& link, std::string_view bytes);

    // All that this link is to be sent by now.
    [[nodiscard]] std::string deliver(Link& link);

    // The process of this link has ended.
    void bury(const Link& link, LeaveReason reason);

    void close_room();

    // Dies, and the next one takes up what is there.
    void restart();

    void pass(std::int64_t time_ms) { now_ms_ += time_ms; }

    [[nodiscard]] Log& log() { return *log_; }
    [[nodiscard]] Room& room() { return *room_; }

  private:
    [[nodiscard]] bool handle(Link& link, const Frame& frame);
    [[nodiscard]] bool attach(Link& link, const Frame& frame);
    void see_off(Link& link, const Attach& wanted);
    void admit(Link& link, const Member& member, const Attach& wanted);
    void welcome(Link& link, const Member& member, std::uint64_t messages);
    [[nodiscard]] bool post(const Link& link, const Frame& frame);
    bool answer_who(Link& link, std::string_view prefix);
    static bool may_ask(Link& link);

    void start(Link& link, Position position, std::uint64_t messages);
    void miss(Link& link, std::uint64_t messages);
    void replay(Link& link, Position came, std::uint32_t messages);
    void send_live(Link& link, std::string& out);
    void send_log(const Link& link, Reading reading, Position& at, Position end, std::string& out);
    [[nodiscard]] std::uint64_t acked(const Link& link);

    // --- Claims

    // Who is here, under which name.
    using Names = std::map<std::uint64_t, std::string>;
    [[nodiscard]] Names names() const;
    void claim_news(const Names& before, std::set<std::uint64_t> own);
    void claim_entry(const LogEntry& found);
    void claim_counter(const Entry& entry);
    void claim_members() const;
    static void claim_for(const Link& link, std::string_view sent);

    std::vector<std::uint64_t> log_memory_;
    std::vector<std::uint64_t> members_memory_;
    std::optional<Log> log_;
    std::optional<Room> room_;
    std::int64_t now_ms_ = 1'700'488'979'000;
    Position claimed_to_ = 0;
    std::uint64_t last_seq_ = 0;
    std::uint64_t last_messages_ = 0;
    std::map<std::uint64_t, std::uint64_t> counters_;  // of each session
};

}  // namespace chatd::fuzz
