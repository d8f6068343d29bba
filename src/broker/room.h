// The room: who is a member, and what a request of theirs does. Every effect is one log entry; the
// member table is what the log made of it.
//
// The table lies in memory that outlives the broker, like the log. It may be one entry behind: a
// new broker applies what the log has and the table has not, by the code that applied all the
// others.
//
// This file believes nothing of what a worker says but when it was born, makes no system call and
// reads no clock: the caller says what time it is, in milliseconds since 1970.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bounds.h"
#include "log/log.h"
#include "protocol/frame.h"

namespace chatd {

// Of the member table, as it lies in memory.
inline constexpr std::uint32_t kTableVersion = 1;

// One row of the member table.
struct Member {
    std::uint64_t session;   // the sequence number of its Join; 0: the row is free
    std::uint64_t birth_ns;  // with the pid: which process
    std::uint64_t counter;   // of its last request that is in the log
    std::int64_t since_ms;
    std::int64_t active_ms;  // last said something
    std::int32_t pid;
    std::uint8_t name_bytes;
    std::uint8_t peer_bytes;
    std::uint8_t spare[2];
    char name_text[kNameBytesMax];
    char peer_text[kPeerBytesMax];

    [[nodiscard]] std::string_view name() const { return {name_text, name_bytes}; }
    [[nodiscard]] std::string_view peer() const { return {peer_text, peer_bytes}; }
};

// Who asks to come in, as far as the kernel and the worker told.
struct Applicant {
    std::int32_t pid;
    std::uint64_t birth_ns;
    std::uint64_t session;  // 0: new
    std::string_view name;
    std::string_view peer;
};

class Room {
  public:
    static std::size_t memory_bytes(std::uint32_t members_max);

    // Takes up the table in `memory`, zeros at first, and brings it up to the log. Both outlive
    // this object.
    Room(std::span<std::byte> memory, Log& log, std::int64_t now_ms);

    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    // Lets somebody in, or back in. No member: `reason` says why not.
    struct Admission {
        Member* member;
        Refusal reason;
    };
    Admission attach(const Applicant& applicant, std::int64_t now_ms);

    // Does what a member asks, once: a request that the log has already is passed over. False: the
    // request is not one that an honest worker makes. The member may be gone afterwards.
    [[nodiscard]] bool post(Member& member, const Post& request, std::string_view name,
                            std::string_view text, std::int64_t now_ms);

    // Where the Leave of this session ends in the log; nothing: it has not left, or the log does
    // not say so any more, after `last_seq`.
    [[nodiscard]] std::optional<Position> end_of(std::uint64_t session,
                                                 std::uint64_t last_seq) const;

    // The member's process is gone, or has to go.
    void remove(Member& member, LeaveReason reason, std::uint8_t detail, std::int64_t now_ms);

    // Tells everybody that the server shuts down.
    void close(std::int64_t now_ms);

    // Whose request was refused when this room was taken up, because brokers died of it; "" is
    // nobody's.
    [[nodiscard]] const std::string& poisoner() const { return poisoner_; }

    [[nodiscard]] Member* by_session(std::uint64_t session);
    [[nodiscard]] Member* by_pid(std::int32_t pid);
    [[nodiscard]] std::uint32_t members() const {
        return static_cast<std::uint32_t>(names_.size());
    }

    // The members whose name begins so, whatever the case, by name, the first `max` of them; "" is
    // how every name begins.
    [[nodiscard]] std::vector<const Member*> matching(std::string_view prefix,
                                                      std::size_t max = SIZE_MAX) const;

  private:
    struct Header {
        std::uint64_t applied_seq;  // the last entry that the table knows of
        // The request being handled now, and the one that was when a broker died last: how often in
        // a row it was the same.
        std::uint64_t handled_session;
        std::uint64_t handled_counter;
        std::uint64_t suspect_session;
        std::uint64_t suspect_counter;
        std::uint64_t suspect_deaths;
    };

    Member* by_name(std::string_view name);
    [[nodiscard]] bool is_taken(std::string_view name, const Member* self);
    Admission join(const Applicant& applicant, std::int64_t now_ms);
    bool append_post(Member& member, const Post& request, std::string_view name,
                     std::string_view text, std::int64_t now_ms);
    bool append_tell(const Member& member, Entry entry, std::string_view to, std::string_view text);
    bool append_rename(const Member& member, Entry entry, std::string_view name);
    void refuse(const Member& member, Entry entry, Refusal reason, std::string_view wanted);
    void append(const Entry& entry, std::string_view name, std::string_view text);
    void apply(const LogEntry& added);
    static void settle(Member& member, const LogEntry& added);
    void index(Member& member);
    void forget(Member& member);
    void index_name(Member& member);
    void forget_name(const Member& member);
    void recover_rows();
    void refuse_poison(std::int64_t now_ms);

    Header* header_;
    std::span<Member> table_;
    Log& log_;
    std::map<std::string, Member*, std::less<>> names_;  // by folded name
    // By each skeleton of the name. Members whom an older program let in may share one.
    std::unordered_multimap<std::string, Member*> looks_;
    std::unordered_map<std::uint64_t, Member*> sessions_;
    std::unordered_map<std::int32_t, Member*> pids_;
    std::vector<Member*> free_;
    std::string poisoner_;
};

}  // namespace chatd
