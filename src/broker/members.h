// The member table: who is in the room, under which name, in which process. It follows from the
// log. The rows lie in memory that outlives the broker, like the log. They may be behind it: a new
// broker applies what they lack with the code that applied all else. The indexes over the rows are
// made anew by each broker.
//
// This file must never decide who may be a member: broker/room does.
#pragma once

#include <ext/pb_ds/assoc_container.hpp>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/poison.h"
#include "log/log.h"

namespace chatd {

// The version of what lies in the table's memory.
inline constexpr std::uint32_t kTableVersion = 1;

// One row of the table.
struct Member {
    std::uint64_t session;   // the sequence number of its Join; 0: the row is free
    std::uint64_t birth_ns;  // when its worker was forked: with the pid, which process it is
    std::uint64_t counter;   // of its last request that is in the log
    std::int64_t since_ms;   // since 1970
    std::int64_t active_ms;  // when it last sent a request; since 1970
    std::int32_t pid;        // of its worker
    std::uint8_t name_bytes;
    std::uint8_t peer_bytes;
    std::uint8_t spare[2];
    char name_text[kNameBytesMax];
    char peer_text[kPeerBytesMax];

    [[nodiscard]] std::string_view name() const { return {name_text, name_bytes}; }
    [[nodiscard]] std::string_view peer() const { return {peer_text, peer_bytes}; }
};

// A worker that asks to come in. The pid comes from the kernel, birth and peer from the parent; the
// worker claims the rest.
struct Applicant {
    std::int32_t pid;
    std::uint64_t birth_ns;
    std::uint64_t session;  // 0: it has not been a member yet
    std::string_view name;
    std::string_view peer;
};

class Members {
  public:
    // The size of a table for so many members.
    static std::size_t memory_bytes(std::uint32_t members_max) {
        return sizeof(Header) + members_max * sizeof(Member);
    }

    // Takes up the table in `memory`, which is zeros at first and outlives this object, and brings
    // it up to the log.
    Members(std::span<std::byte> memory, Log& log);

    Members(const Members&) = delete;
    Members& operator=(const Members&) = delete;

    // These return null for nobody. A pointer is valid until its member leaves.
    [[nodiscard]] Member* by_session(std::uint64_t session) const {
        return find_in(sessions_, session);
    }
    [[nodiscard]] Member* by_pid(std::int32_t pid) const { return find_in(pids_, pid); }
    // Whatever the case, see fold_name(). Of two members whom an older program let in under the
    // same name, the one whose name is written exactly so; if there is none, null.
    [[nodiscard]] Member* by_name(std::string_view name) const;

    // Has anybody but `self` (may be null) this name, or one that looks like it?
    [[nodiscard]] bool is_taken(std::string_view name, const Member* self) const;

    // The first `max` members, by name, whose folded name begins like that of `prefix`.
    [[nodiscard]] std::vector<const Member*> matching(std::string_view prefix,
                                                      std::size_t max = SIZE_MAX) const;

    // How many there are. Does not look at each of them.
    [[nodiscard]] std::uint32_t count_matching(std::string_view prefix) const;

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(names_.size()); }
    [[nodiscard]] bool is_full() const { return free_.empty(); }

    // A member joins in two steps, so that a broker may die in between: its row is written, whole;
    // then, once its Join is in the log, lookups find the row. The table must not be full.
    Member& write_row(const Applicant& applicant, std::uint64_t session, std::int64_t now_ms);
    void add_to_indexes(Member& member);

    // Applies an entry of the log to the table. A Leave frees its member's row; the other pointers
    // stay valid.
    void apply(const LogEntry& added);

    [[nodiscard]] Poison& poison() { return header_->poison; }

  private:
    struct Header {
        std::uint64_t applied_seq;  // of the last entry that the rows know of
        Poison poison;
    };

    // A tree that knows how many keys lie below each node, and so tells in a few steps how many are
    // less than a given one (GNU libstdc++, policy-based data structures).
    using Names =
        __gnu_pbds::tree<std::pair<std::string, Member*>, __gnu_pbds::null_type, std::less<>,
                         __gnu_pbds::rb_tree_tag, __gnu_pbds::tree_order_statistics_node_update>;

    [[nodiscard]] std::vector<Member*> called(const std::string& folded) const;

    template <class Key>
    static Member* find_in(const std::unordered_map<Key, Member*>& index, Key key) {
        const auto found = index.find(key);
        return found == index.end() ? nullptr : found->second;
    }

    void recover_rows(Log& log);
    static void settle(Member& member, const LogEntry& added);
    void remove_from_indexes(Member& member);
    void index_name(Member& member);
    void forget_name(Member& member);

    Header* header_;
    std::span<Member> rows_;
    // Members by their folded name, and by each skeleton of it. Two of them may share one, if a
    // program with other Unicode tables has let them in.
    Names names_;
    std::unordered_multimap<std::string, Member*> looks_;
    std::unordered_map<std::uint64_t, Member*> sessions_;
    std::unordered_map<std::int32_t, Member*> pids_;
    std::vector<Member*> free_;
};

}  // namespace chatd
