// The room: what a request does. Every effect is one entry of the log, and the member table follows
// from the log. The room trusts nothing that a worker claims.
//
// This file must never read a clock or make a system call. now_ms: milliseconds since 1970.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "broker/members.h"
#include "protocol/frame.h"

namespace chatd {

class Room {
  public:
    // Takes up the member table in `memory`, which is zeros at first, and brings it up to the log.
    // Both outlive this object.
    Room(std::span<std::byte> memory, Log& log, std::int64_t now_ms);

    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    // Lets a worker in, or back in. Without a member, `reason` says why not.
    struct Answer {
        Member* member;
        Refusal reason;
    };
    Answer attach(const Applicant& applicant, std::int64_t now_ms);

    // Does what a member asks (name and text: see Post), once: a request that the log has already
    // does nothing. False: an honest worker does not make this request, and nothing was done. The
    // member is gone after its Leave.
    [[nodiscard]] bool post(Member& member, const Post& request, std::string_view name,
                            std::string_view text, std::int64_t now_ms);

    // The position after the Leave of this session; none if there is no such Leave among the
    // entries after `last_seq`. Looks at the newest kEntriesPerTurn of them.
    [[nodiscard]] std::optional<Position> end_of(std::uint64_t session,
                                                 std::uint64_t last_seq) const;

    // The member leaves because its process is gone, or has to go; `member` is invalid afterwards.
    // detail: see LeaveReason; otherwise 0.
    void remove(Member& member, LeaveReason reason, std::uint8_t detail, std::int64_t now_ms);

    // Tells everybody that the server shuts down.
    void close(std::int64_t now_ms);

    // The name of the member whose request was refused as poison when this room was taken up;
    // empty: none was.
    [[nodiscard]] const std::string& poisoner() const { return poisoner_; }

    [[nodiscard]] const Members& members() const { return members_; }

  private:
    Answer join(const Applicant& applicant, std::int64_t now_ms);
    bool append_post(const Member& member, const Post& request, std::string_view name,
                     std::string_view text, std::int64_t now_ms);
    bool append_tell(const Member& member, Entry entry, std::string_view to, std::string_view text);
    bool append_rename(const Member& member, Entry entry, std::string_view name);
    [[nodiscard]] bool is_free(std::string_view name, const Member* self) const;
    void refuse(const Member& member, Entry entry, Refusal reason, std::string_view wanted);
    void append(const Entry& entry, std::string_view name, std::string_view text);
    void refuse_poison(std::int64_t now_ms);

    Log& log_;
    Members members_;
    std::string poisoner_;
};

}  // namespace chatd
