// The room: what a request does. Every effect is one entry of the log, and the member table follows
// from the log.
//
// The room trusts only what a worker claims about its birth; everything else is checked. This file
// makes no system call and reads no clock: the caller says what time it is, in milliseconds since
// 1970.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/members.h"
#include "broker/poison.h"
#include "log/log.h"
#include "protocol/frame.h"

namespace chatd {

class Room {
  public:
    static std::size_t memory_bytes(std::uint32_t members_max) {
        return Members::memory_bytes(members_max);
    }

    // Takes up the member table in `memory`, which is zeros at first, and brings it up to the log.
    // Both outlive this object.
    Room(std::span<std::byte> memory, Log& log, std::int64_t now_ms);

    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    // Lets a worker in, or back in. Without a member, `reason` says why not.
    struct Admission {
        Member* member;
        Refusal reason;
    };
    Admission attach(const Applicant& applicant, std::int64_t now_ms);

    // Does what a member asks, once: a request that the log has already does nothing. False: an
    // honest worker does not make this request. The member may be gone afterwards.
    [[nodiscard]] bool post(Member& member, const Post& request, std::string_view name,
                            std::string_view text, std::int64_t now_ms);

    // Where the Leave of this session ends in the log; none if it has not left, or if its Leave is
    // not among the entries after `last_seq`. Takes a walk back through the log.
    [[nodiscard]] std::optional<Position> end_of(std::uint64_t session,
                                                 std::uint64_t last_seq) const;

    // The member leaves because its process is gone, or has to go.
    void remove(Member& member, LeaveReason reason, std::uint8_t detail, std::int64_t now_ms);

    // Tells everybody that the server shuts down.
    void close(std::int64_t now_ms);

    // The name of the member whose request was refused as poison when this room was taken up;
    // empty: none was.
    [[nodiscard]] const std::string& poisoner() const { return poisoner_; }

    // These return null for nobody.
    [[nodiscard]] Member* by_session(std::uint64_t session) const {
        return members_.by_session(session);
    }
    [[nodiscard]] Member* by_pid(std::int32_t pid) const { return members_.by_pid(pid); }

    [[nodiscard]] std::uint32_t members() const { return members_.size(); }

    // The first `max` members, by name, whose name begins with `prefix`, whatever the case.
    [[nodiscard]] std::vector<const Member*> matching(std::string_view prefix,
                                                      std::size_t max = SIZE_MAX) const {
        return members_.matching(prefix, max);
    }

  private:
    Admission join(const Applicant& applicant, std::int64_t now_ms);
    bool append_post(Member& member, const Post& request, std::string_view name,
                     std::string_view text, std::int64_t now_ms);
    bool append_tell(const Member& member, Entry entry, std::string_view to, std::string_view text);
    bool append_rename(const Member& member, Entry entry, std::string_view name);
    bool append_leave(const Member& member, Entry entry, LeaveReason reason, std::string_view text);
    void refuse(const Member& member, Entry entry, Refusal reason, std::string_view wanted);
    void append(const Entry& entry, std::string_view name, std::string_view text);
    void refuse_poison(std::int64_t now_ms);

    Log& log_;
    Members members_;
    Poison poison_;
    std::string poisoner_;
};

}  // namespace chatd
