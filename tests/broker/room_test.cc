// Specification of broker/room: who is a member, and what a request of theirs does.

#include "broker/room.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "log/log.h"
#include "support/expect.h"
#include "support/random.h"
#include "support/where.h"
#include "support/words.h"

using namespace chatd;
using chatd::test::bytes_of;
using chatd::test::Words;

namespace {

using Lines = std::vector<std::string>;

// The beginning of the table, as it lies in memory: the next broker may be another program.
struct TableHeader {
    std::uint64_t applied_seq;
    std::uint64_t handled_session;
    std::uint64_t handled_counter;
    std::uint64_t suspect_session;
    std::uint64_t suspect_counter;
    std::uint64_t suspect_deaths;
};

constexpr std::size_t kHeaderWords = sizeof(TableHeader) / 8;

// The memory that outlives a broker.
struct Remains {
    Words log;
    Words table;

    TableHeader& header() { return *reinterpret_cast<TableHeader*>(table.data()); }
    Member* rows() { return reinterpret_cast<Member*>(table.data() + kHeaderWords); }

    bool operator==(const Remains&) const = default;
};

Remains nothing(std::uint32_t members_max) {
    Remains remains{Words(log_memory_bytes(kHistoryBytesMin) / 8),
                    Words(Members::memory_bytes(members_max) / 8)};
    const LogHeader header = empty_log_header(kHistoryBytesMin);
    std::memcpy(remains.log.data(), &header, sizeof header);
    return remains;
}

std::string in_words(const Entry& entry, std::string_view name, std::string_view text) {
    const std::string who = std::to_string(entry.from) + ":" + std::string(name);
    const std::string to = " to " + std::to_string(entry.to);
    const std::string said = " " + std::string(text);
    const std::string why = " " + std::to_string(entry.reason) + "/" + std::to_string(entry.detail);
    switch (entry.kind) {
        case EntryKind::Join: return who + " joins";
        case EntryKind::Leave: return who + " leaves" + why + said;
        case EntryKind::Say: return who + " says" + said;
        case EntryKind::Emote: return who + " does" + said;
        case EntryKind::Tell: return who + " tells" + to + said;
        case EntryKind::Rename: return who + " becomes" + said;
        case EntryKind::Refused: return who + " is refused" + to + why;
        case EntryKind::Closing: return who + " closes";
    }
    return "?";
}

std::string in_words(const Member& member) {
    std::string words(member.name());
    for (const std::uint64_t number :
         {member.session, member.birth_ns, member.counter,
          static_cast<std::uint64_t>(member.since_ms), static_cast<std::uint64_t>(member.active_ms),
          static_cast<std::uint64_t>(member.pid)}) {
        words += ' ' + std::to_string(number);
    }
    return words + ' ' + std::string(member.peer());
}

Lines names(const std::vector<const Member*>& members) {
    Lines found;
    for (const Member* const member : members) found.emplace_back(member->name());
    return found;
}

// A broker's core: a room, its log, and what both lie in.
class Broker {
  public:
    explicit Broker(std::uint32_t members_max = 4) : Broker(nothing(members_max)) {}

    // The one after a broker that left this.
    explicit Broker(Remains remains) : remains_(std::move(remains)) {
        log = std::make_unique<Log>(bytes_of(remains_.log));
        read_ = log->head();
        room = std::make_unique<Room>(bytes_of(remains_.table), *log, now_ms);
    }

    std::int64_t now_ms = 1000;
    std::unique_ptr<Log> log;
    std::unique_ptr<Room> room;

    [[nodiscard]] const Remains& remains() const { return remains_; }

    Room::Answer attach(std::int32_t pid, std::string_view name, std::uint64_t session = 0) {
        return room->attach({.pid = pid,
                             .birth_ns = birth_of(pid),
                             .session = session,
                             .name = name,
                             .peer = "[::1]:7"},
                            now_ms);
    }

    Member& join(std::int32_t pid, std::string_view name, test::Where where = test::Where::here()) {
        const test::Caller caller(where);
        const Room::Answer answer = attach(pid, name);
        ASSERT_TRUE(answer.member != nullptr);
        return *answer.member;
    }

    // The member's next request.
    bool post(Member& member, EntryKind kind, std::string_view name, std::string_view text,
              LeaveReason reason = LeaveReason::Quit) {
        return room->post(member,
                          Post{.counter = member.counter + 1, .kind = kind, .reason = reason}, name,
                          text, now_ms);
    }

    bool say(Member& member, std::string_view text) {
        return post(member, EntryKind::Say, {}, text);
    }

    // The entries since this was last asked, in words.
    Lines news() {
        Lines lines;
        for (; read_ < log->head();) {
            const LogEntry found = log->entry_at(read_);
            lines.push_back(in_words(found.entry, found.frame.name, found.frame.text));
            read_ = found.next;
        }
        return lines;
    }

    // All that can be asked of the room, and whether its answers agree.
    Lines state(test::Where where = test::Where::here()) const {
        const test::Caller caller(where);
        Lines lines;
        for (const Member* const member : room->members().matching({})) {
            lines.push_back(in_words(*member));
            ASSERT_TRUE(room->members().by_session(member->session) == member);
            ASSERT_TRUE(room->members().by_pid(member->pid) == member);
        }
        ASSERT_EQ(lines.size(), room->members().size());
        return lines;
    }

    static std::uint64_t birth_of(std::int32_t pid) { return static_cast<std::uint64_t>(pid) * 7; }

  private:
    Remains remains_;
    Position read_;
};

void expect_same(const Broker& one, const Broker& other, test::Where where = test::Where::here()) {
    const test::Caller caller(where);
    ASSERT_EQ(one.state(), other.state());
    ASSERT_TRUE(one.remains().log == other.remains().log);
}

Member& by_name(Broker& broker, std::string_view name, test::Where where = test::Where::here()) {
    for (const Member* const member : broker.room->members().matching(name)) {
        if (member->name() == name) return *broker.room->members().by_session(member->session);
    }
    throw test::failure("nobody is called " + std::string(name), where);
}

}  // namespace

TestSuite(room, .timeout = 20);

// --- Coming in

Test(room, a_room_over_zeros_is_empty) {
    Broker broker;
    EXPECT_EQ(broker.room->members().size(), 0);
    EXPECT_EQ(broker.state(), Lines{});
    EXPECT_TRUE(broker.room->members().by_session(0) == nullptr);
    EXPECT_TRUE(broker.room->members().by_session(1) == nullptr);
    EXPECT_TRUE(broker.room->members().by_pid(0) == nullptr);
    EXPECT_EQ(broker.news(), Lines{});
}

Test(room, who_comes_in_is_a_member_and_everybody_hears_of_it) {
    Broker broker;
    const Member& alice = broker.join(10, "alice");
    EXPECT_EQ(broker.news(), Lines{"1:alice joins"});
    EXPECT_EQ(alice.session, 1);
    EXPECT_EQ(alice.birth_ns, Broker::birth_of(10));
    EXPECT_EQ(alice.counter, 0);
    EXPECT_EQ(alice.since_ms, 1000);
    EXPECT_EQ(alice.active_ms, 1000);
    EXPECT_EQ(alice.pid, 10);
    EXPECT_EQ(alice.name(), "alice");
    EXPECT_EQ(alice.peer(), "[::1]:7");
    EXPECT_EQ(broker.room->members().size(), 1);
    EXPECT_TRUE(broker.room->members().by_session(1) == &alice);
    EXPECT_TRUE(broker.room->members().by_pid(10) == &alice);
}

Test(room, a_session_is_the_sequence_number_of_its_join) {
    Broker broker;
    EXPECT_EQ(broker.join(10, "alice").session, 1);
    EXPECT_TRUE(broker.say(by_name(broker, "alice"), "hello"));
    EXPECT_EQ(broker.join(11, "bob").session, 3);
}

Test(room, a_name_and_a_peer_may_be_as_long_as_their_limits) {
    Broker broker;
    std::string name;
    while (name.size() < kNameBytesMax) name += "𠮷";
    const std::string peer(kPeerBytesMax, 'p');
    const auto answer = broker.room->attach(
        {.pid = 10, .birth_ns = 1, .session = 0, .name = name, .peer = peer}, 0);
    EXPECT_EQ(answer.member->name(), name);
    EXPECT_EQ(answer.member->peer(), peer);
}

Test(room, a_taken_name_is_refused_whatever_its_case) {
    Broker broker;
    broker.join(10, "Zoë");
    (void)broker.news();
    for (const char* name : {"Zoë", "zoë", "ZOË"}) {
        const auto answer = broker.attach(11, name);
        EXPECT_TRUE(answer.member == nullptr);
        EXPECT_EQ(answer.reason, Refusal::NameTaken);
    }
    EXPECT_EQ(broker.news(), Lines{});
    EXPECT_EQ(broker.room->members().size(), 1);
    EXPECT_TRUE(broker.room->members().by_pid(11) == nullptr);
    broker.join(11, "Zoé");
}

Test(room, a_name_is_free_once_its_member_has_left) {
    Broker broker;
    EXPECT_TRUE(broker.post(broker.join(10, "alice"), EntryKind::Leave, {}, {}));
    Member& second = broker.join(11, "ALICE");
    broker.room->remove(second, LeaveReason::Lost, 0, 0);
    EXPECT_EQ(broker.join(12, "Alice").session, 5);
}

Test(room, a_full_table_refuses_until_somebody_leaves) {
    Broker broker(2);
    broker.join(10, "alice");
    Member& bob = broker.join(11, "bob");
    (void)broker.news();
    EXPECT_EQ(broker.attach(12, "carol").reason, Refusal::RoomFull);
    EXPECT_TRUE(broker.attach(12, "carol").member == nullptr);
    EXPECT_EQ(broker.attach(12, "bob").reason, Refusal::NameTaken);
    EXPECT_EQ(broker.news(), Lines{});
    EXPECT_TRUE(broker.post(bob, EntryKind::Leave, {}, {}));
    broker.join(12, "carol");
    EXPECT_EQ(broker.attach(13, "dave").reason, Refusal::RoomFull);
}

Test(room, a_place_in_the_table_is_used_again_and_nothing_of_its_last_owner_stays) {
    Broker broker(1);
    for (std::int32_t pid = 10; pid < 110; ++pid) {
        Member& member = broker.join(pid, std::string(static_cast<std::size_t>(pid) % 20 + 1, 'a'));
        EXPECT_EQ(member.counter, 0);
        EXPECT_TRUE(broker.say(member, "hello"));
        broker.room->remove(member, LeaveReason::Lost, 0, 0);
    }
    EXPECT_EQ(broker.state(), Lines{});
}

// --- Coming back

Test(room, a_worker_with_a_new_link_is_the_member_it_was) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    EXPECT_TRUE(broker.say(alice, "hello"));
    (void)broker.news();
    EXPECT_TRUE(broker.attach(10, "alice", alice.session).member == &alice);
    EXPECT_EQ(alice.counter, 1);
    EXPECT_EQ(broker.news(), Lines{});
    EXPECT_EQ(broker.room->members().size(), 1);
}

Test(room, a_login_that_is_repeated_because_its_answer_was_lost_makes_no_second_member) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    (void)broker.news();
    EXPECT_TRUE(broker.attach(10, "alice").member == &alice);
    EXPECT_EQ(broker.news(), Lines{});
    EXPECT_EQ(broker.room->members().size(), 1);
}

Test(room, a_pid_that_comes_back_with_another_birth_is_another_process) {
    Broker broker;
    broker.join(10, "alice");
    (void)broker.news();
    const auto answer = broker.room->attach(
        {.pid = 10, .birth_ns = 1, .session = 0, .name = "alice", .peer = "peer"}, 2000);
    EXPECT_EQ(broker.news(), (Lines{"1:alice leaves 1/0 ", "3:alice joins"}));
    EXPECT_EQ(answer.member->session, 3);
    EXPECT_EQ(answer.member->birth_ns, 1);
    EXPECT_EQ(broker.room->members().size(), 1);
}

Test(room, the_old_process_of_a_pid_leaves_even_if_the_new_one_may_not_come_in) {
    Broker broker;
    broker.join(10, "alice");
    broker.join(11, "bob");
    (void)broker.news();
    const auto answer = broker.room->attach(
        {.pid = 10, .birth_ns = 1, .session = 0, .name = "bob", .peer = "peer"}, 2000);
    EXPECT_EQ(answer.reason, Refusal::NameTaken);
    EXPECT_EQ(broker.news(), Lines{"1:alice leaves 1/0 "});
    EXPECT_TRUE(broker.room->members().by_pid(10) == nullptr);
}

Test(room, a_session_that_is_no_more_does_not_come_back) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    broker.room->remove(alice, LeaveReason::Lost, 0, 0);
    (void)broker.news();
    const auto answer = broker.attach(10, "alice", 1);
    EXPECT_TRUE(answer.member == nullptr);
    EXPECT_EQ(answer.reason, Refusal::Removed);
    EXPECT_EQ(broker.news(), Lines{});
}

Test(room, a_process_that_claims_another_session_loses_its_own) {
    Broker broker;
    const std::uint64_t alice = broker.join(10, "alice").session;
    broker.join(11, "bob");
    (void)broker.news();
    EXPECT_EQ(broker.attach(11, "bob", alice).reason, Refusal::Removed);
    EXPECT_EQ(broker.news(), Lines{"2:bob leaves 1/0 "});
    EXPECT_EQ(broker.state().size(), 1);
}

// --- Requests

Test(room, what_is_said_or_done_goes_to_all) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    (void)broker.news();
    EXPECT_TRUE(broker.post(alice, EntryKind::Say, {}, "hello"));
    EXPECT_TRUE(broker.post(alice, EntryKind::Emote, {}, "waves"));
    EXPECT_EQ(broker.news(), (Lines{"1:alice says hello", "1:alice does waves"}));
    EXPECT_EQ(broker.log->newest()->entry.to, 0);
}

Test(room, an_entry_carries_the_counter_and_the_time_of_its_request) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    broker.now_ms = 2000;
    EXPECT_TRUE(broker.say(alice, "hello"));
    EXPECT_EQ(broker.log->newest()->entry.counter, 1);
    EXPECT_EQ(broker.log->newest()->entry.time_ms, 2000);
    EXPECT_EQ(alice.counter, 1);
    EXPECT_EQ(alice.since_ms, 1000);
    EXPECT_EQ(alice.active_ms, 2000);
}

Test(room, a_tell_goes_to_whoever_has_that_name_whatever_its_case) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    broker.join(11, "bob");
    (void)broker.news();
    EXPECT_TRUE(broker.post(alice, EntryKind::Tell, "BOB", "psst"));
    EXPECT_TRUE(broker.post(alice, EntryKind::Tell, "alice", "note to self"));
    EXPECT_EQ(broker.news(), (Lines{"1:alice tells to 2 psst", "1:alice tells to 1 note to self"}));
}

Test(room, a_tell_to_nobody_is_refused_to_the_sender_alone) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    (void)broker.news();
    broker.now_ms = 2000;
    for (const char* name : {"bob", "alic", "alicee"}) {
        EXPECT_TRUE(broker.post(alice, EntryKind::Tell, name, "psst"));
        EXPECT_EQ(broker.news(), Lines{"1:alice is refused to 1 2/0"});
        EXPECT_EQ(broker.log->newest()->entry.counter, alice.counter);
    }
    EXPECT_EQ(alice.counter, 3);
    EXPECT_EQ(alice.active_ms, 2000);
}

Test(room, a_rename_gives_the_old_name_free_and_takes_the_new_one) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    Member& bob = broker.join(11, "bob");
    (void)broker.news();
    EXPECT_TRUE(broker.post(alice, EntryKind::Rename, "carol", {}));
    EXPECT_EQ(broker.news(), Lines{"1:alice becomes carol"});
    EXPECT_EQ(alice.name(), "carol");
    EXPECT_EQ(alice.session, 1);
    EXPECT_EQ(broker.attach(12, "CAROL").reason, Refusal::NameTaken);
    broker.join(12, "alice");
    (void)broker.news();
    EXPECT_TRUE(broker.post(bob, EntryKind::Tell, "carol", "psst"));
    EXPECT_TRUE(broker.say(alice, "hello"));
    EXPECT_EQ(broker.news(), (Lines{"2:bob tells to 1 psst", "1:carol says hello"}));
}

Test(room, a_rename_to_a_shorter_name_leaves_nothing_of_the_longer_one) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    EXPECT_TRUE(broker.post(alice, EntryKind::Rename, "al", {}));
    EXPECT_EQ(alice.name(), "al");
    EXPECT_EQ(names(broker.room->members().matching({})), Lines{"al"});
}

Test(room, a_rename_to_a_taken_name_is_refused_whatever_its_case) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    broker.join(11, "bob");
    (void)broker.news();
    for (const char* name : {"bob", "BOB"}) {
        EXPECT_TRUE(broker.post(alice, EntryKind::Rename, name, {}));
        EXPECT_EQ(broker.news(), Lines{"1:alice is refused to 1 1/0"});
    }
    EXPECT_EQ(names(broker.room->members().matching({})), (Lines{"alice", "bob"}));
}

Test(room, ones_own_name_may_be_written_in_another_case) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    (void)broker.news();
    EXPECT_TRUE(broker.post(alice, EntryKind::Rename, "ALICE", {}));
    EXPECT_TRUE(broker.post(alice, EntryKind::Rename, "ALICE", {}));
    EXPECT_EQ(broker.news(), (Lines{"1:alice becomes ALICE", "1:ALICE becomes ALICE"}));
    EXPECT_EQ(names(broker.room->members().matching("a")), Lines{"ALICE"});
    EXPECT_EQ(broker.attach(11, "alice").reason, Refusal::NameTaken);
}

Test(room, who_leaves_may_say_why_and_some_last_words) {
    Broker broker;
    for (const LeaveReason reason : {LeaveReason::Quit, LeaveReason::Lost, LeaveReason::Removed}) {
        Member& alice = broker.join(10, "alice");
        const std::string who = std::to_string(alice.session) + ":alice";
        (void)broker.news();
        EXPECT_TRUE(broker.post(alice, EntryKind::Leave, {}, "bye", reason));
        EXPECT_EQ(broker.news(),
                  Lines{who + " leaves " + std::to_string(static_cast<int>(reason)) + "/0 bye"});
        EXPECT_EQ(broker.log->newest()->entry.counter, 1);
        EXPECT_EQ(broker.state(), Lines{});
        EXPECT_TRUE(broker.room->members().by_pid(10) == nullptr);
    }
}

Test(room, a_request_that_came_before_is_passed_over) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    EXPECT_TRUE(broker.say(alice, "one"));
    EXPECT_TRUE(broker.say(alice, "two"));
    (void)broker.news();
    for (const std::uint64_t counter : {0, 1, 2}) {
        EXPECT_TRUE(
            broker.room->post(alice, {.counter = counter, .kind = EntryKind::Say}, {}, "again", 0));
    }
    EXPECT_EQ(broker.news(), Lines{});
    EXPECT_EQ(alice.counter, 2);
    EXPECT_TRUE(broker.say(alice, "three"));
}

Test(room, a_refused_request_that_comes_again_is_passed_over_too) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    EXPECT_TRUE(broker.post(alice, EntryKind::Tell, "bob", "psst"));
    broker.join(11, "bob");
    (void)broker.news();
    EXPECT_TRUE(
        broker.room->post(alice, {.counter = 1, .kind = EntryKind::Tell}, "bob", "psst", 0));
    EXPECT_EQ(broker.news(), Lines{});
}

Test(room, a_hole_in_the_counters_is_dishonest) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    EXPECT_TRUE(broker.say(alice, "one"));
    (void)broker.news();
    for (const std::uint64_t counter : {std::uint64_t{3}, std::uint64_t{4}, UINT64_MAX}) {
        EXPECT_FALSE(
            broker.room->post(alice, {.counter = counter, .kind = EntryKind::Say}, {}, "x", 0));
    }
    EXPECT_EQ(broker.news(), Lines{});
    EXPECT_EQ(alice.counter, 1);
}

Test(room, each_member_has_counters_of_its_own) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    Member& bob = broker.join(11, "bob");
    EXPECT_TRUE(broker.say(alice, "one"));
    EXPECT_TRUE(broker.say(alice, "two"));
    EXPECT_TRUE(broker.say(bob, "one"));
    EXPECT_EQ(alice.counter, 2);
    EXPECT_EQ(bob.counter, 1);
}

Test(room, what_no_honest_worker_asks_for_does_nothing) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    broker.join(11, "bob");
    const Lines state = broker.state();
    (void)broker.news();
    constexpr auto kBadReason =
        static_cast<LeaveReason>(static_cast<std::uint8_t>(LeaveReason::Removed) + 1);
    // Text that is not clean.
    for (const char* text : {"a\nb", "\x1b[2J", "\xFF", "\u202E"}) {
        for (const EntryKind kind : {EntryKind::Say, EntryKind::Emote, EntryKind::Leave}) {
            EXPECT_FALSE(broker.post(alice, kind, {}, text));
        }
        EXPECT_FALSE(broker.post(alice, EntryKind::Tell, "bob", text));
        EXPECT_FALSE(broker.post(alice, EntryKind::Tell, "nobody", text));
        EXPECT_FALSE(broker.post(alice, EntryKind::Rename, "carol", text));
    }
    // Nothing to say.
    EXPECT_FALSE(broker.post(alice, EntryKind::Say, {}, {}));
    EXPECT_FALSE(broker.post(alice, EntryKind::Emote, {}, {}));
    EXPECT_FALSE(broker.post(alice, EntryKind::Tell, "bob", {}));
    EXPECT_FALSE(broker.post(alice, EntryKind::Tell, "nobody", {}));
    // These are no names.
    for (const std::string& name :
         {std::string(), std::string("a b"), std::string(kNameBytesMax + 1, 'a')}) {
        EXPECT_FALSE(broker.post(alice, EntryKind::Rename, name, {}));
    }
    // Some of these only the room itself says; the others nobody says.
    for (const int kind : {0, 1, 7, 8, 9, 255}) {
        EXPECT_FALSE(broker.post(alice, static_cast<EntryKind>(kind), "carol", "text"));
    }
    EXPECT_FALSE(broker.post(alice, EntryKind::Leave, {}, {}, kBadReason));
    EXPECT_FALSE(broker.post(alice, EntryKind::Leave, {}, {}, static_cast<LeaveReason>(255)));

    EXPECT_EQ(broker.news(), Lines{});
    EXPECT_EQ(broker.state(), state);
    // Nor does the next broker hold it against anybody.
    Broker next(broker.remains());
    EXPECT_EQ(next.news(), Lines{});
    EXPECT_EQ(next.state(), state);
}

Test(room, text_that_is_not_clean_is_no_honest_request) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    (void)broker.news();
    std::string pile = "e";
    for (std::size_t i = 0; i <= kTextMarksMax; ++i) pile += "\u0301";
    for (const std::string& text : {pile, std::string("\u0301hello"), std::string("\x1b[2J")}) {
        EXPECT_FALSE(broker.say(alice, text));
    }
    EXPECT_EQ(broker.news(), Lines{});
}

// --- Names that look alike

Test(room, nobody_comes_in_who_looks_like_a_member) {
    Broker broker;
    broker.join(10, "alice");
    (void)broker.news();
    for (const char* name : {"a1ice", "aIice", "ＡＬＩＣＥ", "al'ice", "alice"}) {
        EXPECT_TRUE(broker.attach(11, name).member == nullptr);
        EXPECT_EQ(broker.attach(11, name).reason, Refusal::NameTaken);
    }
    EXPECT_EQ(broker.news(), Lines{});
    broker.join(11, "alica");
    broker.join(12, "ace");
    EXPECT_EQ(broker.attach(13, "\u0430\u0441\u0435").reason, Refusal::NameTaken);  // Cyrillic
}

Test(room, nobody_becomes_one_who_looks_like_another) {
    Broker broker;
    broker.join(10, "alice");
    Member& bob = broker.join(11, "bob");
    (void)broker.news();
    EXPECT_TRUE(broker.post(bob, EntryKind::Rename, "a1ice", {}));
    EXPECT_EQ(broker.news(), Lines{"2:bob is refused to 2 1/0"});
    EXPECT_EQ(names(broker.room->members().matching({})), (Lines{"alice", "bob"}));
}

Test(room, a_member_may_look_like_itself) {
    Broker broker;
    Member& alice = broker.join(10, "alice");
    (void)broker.news();
    EXPECT_TRUE(broker.post(alice, EntryKind::Rename, "a1ice", {}));
    EXPECT_TRUE(broker.post(alice, EntryKind::Rename, "AL1CE", {}));
    EXPECT_EQ(broker.news(), (Lines{"1:alice becomes a1ice", "1:a1ice becomes AL1CE"}));
    EXPECT_EQ(broker.attach(11, "ALICE").reason, Refusal::NameTaken);
    broker.join(11, "alice");  // Small letters look like neither.
}

Test(room, who_looks_like_one_who_has_left_is_welcome) {
    Broker broker;
    EXPECT_TRUE(broker.post(broker.join(10, "alice"), EntryKind::Leave, {}, {}));
    Member& second = broker.join(11, "a1ice");
    EXPECT_EQ(broker.attach(12, "alice").reason, Refusal::NameTaken);
    EXPECT_TRUE(broker.post(second, EntryKind::Rename, "Ian", {}));
    broker.join(12, "alice");
    EXPECT_EQ(broker.attach(13, "lan").reason, Refusal::NameTaken);
    EXPECT_EQ(broker.attach(13, "ian").reason, Refusal::NameTaken);
    broker.room->remove(second, LeaveReason::Lost, 0, 0);
    broker.join(13, "ian");
    broker.join(14, "lan");
}

Test(room, a_private_message_goes_to_the_very_name_and_to_no_look_alike) {
    Broker broker;
    broker.join(10, "alice");
    Member& bob = broker.join(11, "bob");
    (void)broker.news();
    EXPECT_TRUE(broker.post(bob, EntryKind::Tell, "\u0430lice", "psst"));
    EXPECT_TRUE(broker.post(bob, EntryKind::Tell, "ALICE", "psst"));
    EXPECT_EQ(broker.news(), (Lines{"2:bob is refused to 2 2/0", "2:bob tells to 1 psst"}));
}

Test(room, the_next_broker_knows_who_looks_like_whom) {
    Broker first;
    Member& alice = first.join(10, "alice");
    first.join(11, "bob");
    EXPECT_TRUE(first.post(alice, EntryKind::Rename, "tom", {}));
    Broker second(first.remains());
    EXPECT_EQ(second.attach(12, "b0b").reason, Refusal::NameTaken);
    EXPECT_EQ(second.attach(12, "t0m").reason, Refusal::NameTaken);
    second.join(12, "a1ice");
    expect_same(second, Broker(second.remains()));
}

Test(room, look_alikes_whom_an_older_program_let_in_stay_and_go_as_they_like) {
    Broker older;
    older.join(10, "alice");
    older.join(11, "elice");
    older.join(12, "olice");
    Remains remains = older.remains();
    Member* const elice = std::find_if(remains.rows(), remains.rows() + 4,
                                       [](const Member& row) { return row.pid == 11; });
    ASSERT_EQ(elice->name(), "elice");
    elice->name_text[0] = 'a';
    elice->name_text[1] = 'I';
    Broker broker(remains);
    EXPECT_EQ(broker.room->members().size(), 3);
    EXPECT_EQ(names(broker.room->members().matching("a")), (Lines{"aIice", "alice"}));
    EXPECT_EQ(broker.attach(13, "a1ice").reason, Refusal::NameTaken);

    Member& alice = by_name(broker, "alice");
    EXPECT_TRUE(broker.say(alice, "still here"));
    broker.room->remove(by_name(broker, "aIice"), LeaveReason::Lost, 0, 0);
    EXPECT_EQ(broker.attach(13, "a1ice").reason, Refusal::NameTaken);
    EXPECT_TRUE(broker.post(alice, EntryKind::Rename, "carol", {}));
    broker.join(13, "a1ice");
    EXPECT_EQ(broker.state().size(), 3);
}

// --- Names of other programs

namespace {

// The next broker after `older`, in which the member `pid` is called so, whatever today's rules
// are.
Broker after(const Broker& older, std::int32_t pid, std::string_view name) {
    Remains remains = older.remains();
    Member* const row = std::find_if(remains.rows(), remains.rows() + 4,
                                     [pid](const Member& each) { return each.pid == pid; });
    row->name_bytes = static_cast<std::uint8_t>(name.size());
    name.copy(row->name_text, name.size());
    return Broker(std::move(remains));
}

}  // namespace

Test(room, a_name_is_found_however_its_letters_are_composed) {
    Broker broker(8);
    Member& bob = broker.join(10, "bob");
    broker.join(11, "Jos\u00E9");
    broker.join(12, "O\u2019Brien");
    broker.join(13, "\u1100\u1175\u11B7");
    (void)broker.news();
    for (const char* name : {"jose\u0301", "JOS\u00C9"}) {
        EXPECT_TRUE(broker.post(bob, EntryKind::Tell, name, "psst"));
        EXPECT_EQ(broker.news(), Lines{"1:bob tells to 2 psst"});
        EXPECT_EQ(names(broker.room->members().matching(name)), Lines{"Jos\u00E9"});
        EXPECT_EQ(broker.attach(14, name).reason, Refusal::NameTaken);
    }
    EXPECT_TRUE(broker.post(bob, EntryKind::Tell, "o'brien", "psst"));
    EXPECT_TRUE(broker.post(bob, EntryKind::Tell, "\uAE40", "psst"));
    EXPECT_EQ(broker.news(), (Lines{"1:bob tells to 3 psst", "1:bob tells to 4 psst"}));
}

Test(room, a_member_whose_name_nobody_may_take_any_more_stays_and_is_spoken_to) {
    const std::string blank = "alice\U00013442";
    Broker older;
    older.join(10, "bob");
    older.join(11, "eve");
    Broker broker = after(older, 11, blank);
    Member& eve = by_name(broker, blank);
    (void)broker.news();
    EXPECT_TRUE(broker.attach(11, blank, eve.session).member == &eve);
    EXPECT_TRUE(broker.say(eve, "still here"));
    EXPECT_TRUE(broker.post(by_name(broker, "bob"), EntryKind::Tell, blank, "psst"));
    EXPECT_EQ(broker.news(), (Lines{"2:" + blank + " says still here", "1:bob tells to 2 psst"}));
    EXPECT_EQ(broker.attach(12, blank).reason, Refusal::NameTaken);
    expect_same(broker, Broker(broker.remains()));
    EXPECT_TRUE(broker.post(eve, EntryKind::Rename, "eve", {}));
    EXPECT_EQ(names(broker.room->members().matching({})), (Lines{"bob", "eve"}));
}

Test(room, two_members_whose_names_are_the_same_today_are_both_members) {
    Broker older;
    older.join(10, "bob");
    older.join(11, "strasse");
    older.join(12, "eve");
    Broker broker = after(older, 12, "stra\u00DFe");
    Member& bob = by_name(broker, "bob");
    (void)broker.news();
    EXPECT_EQ(broker.state().size(), 3);
    // In doubt private words go to nobody.
    for (const char* name : {"strasse", "stra\u00DFe", "STRASSE"}) {
        EXPECT_TRUE(broker.post(bob, EntryKind::Tell, name, "psst"));
    }
    EXPECT_EQ(broker.news(), (Lines{"1:bob tells to 2 psst", "1:bob tells to 3 psst",
                                    "1:bob is refused to 1 2/0"}));
    broker.room->remove(by_name(broker, "strasse"), LeaveReason::Lost, 0, 0);
    EXPECT_EQ(broker.state().size(), 2);
    EXPECT_EQ(broker.attach(13, "strasse").reason, Refusal::NameTaken);
    EXPECT_TRUE(broker.post(bob, EntryKind::Tell, "STRASSE", "psst"));
    EXPECT_EQ(broker.news().back(), "1:bob tells to 3 psst");
}

Test(room, a_worker_of_an_older_program_may_ask_for_a_name_that_was_good) {
    Broker broker;
    Member& bob = broker.join(10, "bob");
    (void)broker.news();
    for (const char* name : {"-x-", "al\u0456ce", "\u11A8"}) {
        EXPECT_EQ(broker.attach(11, name).reason, Refusal::NameTaken);
        EXPECT_TRUE(broker.post(bob, EntryKind::Rename, name, {}));
        EXPECT_TRUE(broker.post(bob, EntryKind::Tell, name, "psst"));
        EXPECT_EQ(broker.news(), (Lines{"1:bob is refused to 1 1/0", "1:bob is refused to 1 2/0"}));
    }
}

// --- Without being asked

Test(room, who_is_removed_leaves_for_the_reason_given) {
    Broker broker;
    for (int reason = 0; reason <= static_cast<int>(LeaveReason::Expelled); ++reason) {
        Member& alice = broker.join(10, "alice");
        const std::string who = std::to_string(alice.session) + ":alice";
        (void)broker.news();
        broker.room->remove(alice, static_cast<LeaveReason>(reason), 9, 3000);
        EXPECT_EQ(broker.news(), Lines{who + " leaves " + std::to_string(reason) + "/9 "});
        EXPECT_EQ(broker.log->newest()->entry.counter, 0);
        EXPECT_EQ(broker.log->newest()->entry.time_ms, 3000);
        EXPECT_EQ(broker.state(), Lines{});
    }
}

Test(room, when_the_room_closes_everybody_is_told_and_nobody_leaves) {
    Broker broker;
    broker.join(10, "alice");
    (void)broker.news();
    broker.room->close(5000);
    EXPECT_EQ(broker.news(), Lines{"0: closes"});
    EXPECT_EQ(broker.log->newest()->entry.to, 0);
    EXPECT_EQ(broker.log->newest()->entry.time_ms, 5000);
    EXPECT_EQ(broker.room->members().size(), 1);
}

Test(room, members_are_found_by_the_beginning_of_their_names_in_their_order) {
    Broker broker(8);
    std::int32_t pid = 10;
    for (const char* name : {"bob", "Alice", "al", "Ångström", "alfred", "Bo"}) {
        broker.join(pid++, name);
    }
    const auto found = [&](std::string_view prefix) {
        const Lines matching = names(broker.room->members().matching(prefix));
        EXPECT_EQ(broker.room->members().count_matching(prefix), matching.size());
        return matching;
    };
    EXPECT_EQ(found(""), (Lines{"al", "alfred", "Alice", "Ångström", "Bo", "bob"}));
    EXPECT_EQ(found("AL"), (Lines{"al", "alfred", "Alice"}));
    EXPECT_EQ(found("ali"), Lines{"Alice"});
    EXPECT_EQ(found("bob"), Lines{"bob"});
    EXPECT_EQ(found("å"), Lines{"Ångström"});
    EXPECT_EQ(found("bobb"), Lines{});
    EXPECT_EQ(found("c"), Lines{});
    EXPECT_EQ(found("\xFF"), Lines{});
    EXPECT_TRUE(broker.post(by_name(broker, "bob"), EntryKind::Rename, "Alf", {}));
    broker.room->remove(by_name(broker, "al"), LeaveReason::Lost, 0, 0);
    EXPECT_EQ(found("al"), (Lines{"Alf", "alfred", "Alice"}));
}

// --- The next broker

namespace {

// Members come, do whatever members do, and go.
class Audience {
  public:
    explicit Audience(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t end) { return random_.below(end); }

    std::string name() {
        static constexpr const char* kNames[] = {"al", "AL", "bo", "Bo", "cy", "a-long-name"};
        return kNames[below(std::size(kNames))];
    }

    void do_something(Broker& broker) {
        broker.now_ms += static_cast<std::int64_t>(below(100));
        const std::vector<const Member*> members = broker.room->members().matching({});
        const std::size_t choice = below(8);
        if (choice == 0 || members.empty()) {
            const auto pid = static_cast<std::int32_t>(10 + below(6));
            (void)broker.room->attach(
                {.pid = pid, .birth_ns = below(3), .session = 0, .name = name(), .peer = "peer"},
                broker.now_ms);
            return;
        }
        Member& member =
            *broker.room->members().by_session(members[below(members.size())]->session);
        if (choice == 1) {
            broker.room->remove(member, static_cast<LeaveReason>(below(6)), 9, broker.now_ms);
            return;
        }
        const auto kind = static_cast<EntryKind>(below(10));
        const std::uint64_t counter = member.counter + below(3);
        const std::string text(below(4) * below(500), 'x');
        (void)broker.room->post(
            member,
            {.counter = counter, .kind = kind, .reason = static_cast<LeaveReason>(below(4))},
            name(), text, broker.now_ms);
    }

  private:
    test::Random random_;
};

// Does `act` in `broker`, and then checks every broker that may come after one that died in it.
class Accident {
  public:
    Accident(Broker& broker, const std::function<void(Broker&)>& act) : before_(broker.remains()) {
        act(broker);
        after_ = broker.remains();
    }

    [[nodiscard]] const Remains& before() const { return before_; }

    // The entry is in the log; of the rows, `done(word)` says which words were written.
    template <class Done>
    Broker entry_without_row(const Done& done, std::uint64_t session, std::uint64_t counter) const {
        Remains remains{after_.log, torn(done)};
        mark(remains, session, counter);
        return Broker(std::move(remains));
    }

    // The row was written, the entry was not.
    template <class Done>
    Broker row_without_entry(const Done& done) const {
        return Broker(Remains{before_.log, torn(done)});
    }

    // `deaths` brokers, one after the other, began the request, and none of them did any of it.
    Broker only_begun(std::uint64_t session, std::uint64_t counter, std::uint32_t deaths) const {
        Remains remains = before_;
        for (; deaths > 1; --deaths) {
            mark(remains, session, counter);
            remains = Broker(std::move(remains)).remains();
        }
        mark(remains, session, counter);
        return Broker(std::move(remains));
    }

    static void mark(Remains& remains, std::uint64_t session, std::uint64_t counter) {
        remains.header().handled_session = session;
        remains.header().handled_counter = counter;
    }

  private:
    template <class Done>
    [[nodiscard]] Words torn(const Done& done) const {
        Words table = before_.table;
        for (std::size_t i = kHeaderWords; i < table.size(); ++i) {
            if (done(i - kHeaderWords)) table[i] = after_.table[i];
        }
        return table;
    }

    Remains before_;
    Remains after_;
};

// The row is half written, up to any word: everything settles as if nothing had happened.
void expect_survives(Broker& broker, std::string_view name, EntryKind kind,
                     std::string_view new_name, std::string_view text,
                     test::Where where = test::Where::here()) {
    const test::Caller caller(where);
    const std::uint64_t session = by_name(broker, name).session;
    const std::uint64_t counter = by_name(broker, name).counter + 1;
    const Accident accident(broker, [&](Broker& victim) {
        ASSERT_TRUE(victim.post(by_name(victim, name), kind, new_name, text));
    });
    const std::size_t words = accident.before().table.size() - kHeaderWords;
    for (std::size_t written = 0; written <= words; ++written) {
        Broker first = accident.entry_without_row([&](std::size_t i) { return i < written; },
                                                  session, counter);
        ASSERT_EQ(first.news(), Lines{});
        expect_same(first, broker);
        const Broker last = accident.entry_without_row([&](std::size_t i) { return i >= written; },
                                                       session, counter);
        expect_same(last, broker);
    }
}

Broker alice_and_bob() {
    Broker broker;
    broker.join(10, "alice");
    broker.join(11, "bob");
    EXPECT_TRUE(broker.say(by_name(broker, "alice"), "hello"));
    (void)broker.news();
    broker.now_ms = 2000;
    return broker;
}

}  // namespace

Test(room, the_next_broker_finds_the_room_as_it_was_at_any_time) {
    for (unsigned seed = 0; seed < 4; ++seed) {
        Broker broker;
        Audience audience(seed);
        for (int i = 0; i < 500; ++i) {
            audience.do_something(broker);
            Broker next(broker.remains());
            EXPECT_EQ(next.news(), Lines{});
            expect_same(next, broker);
        }
        EXPECT_GT(broker.log->next_seq(), 100);
    }
}

Test(room, a_new_broker_for_every_request_makes_the_room_that_one_broker_makes) {
    for (unsigned seed = 10; seed < 14; ++seed) {
        Broker steady;
        auto changing = std::make_unique<Broker>();
        Audience one(seed);
        Audience other(seed);
        for (int i = 0; i < 500; ++i) {
            one.do_something(steady);
            const std::int64_t now_ms = changing->now_ms;
            changing = std::make_unique<Broker>(changing->remains());
            changing->now_ms = now_ms;
            other.do_something(*changing);
            expect_same(*changing, steady);
        }
    }
}

Test(room, an_old_log_with_a_new_table_is_a_past_without_members) {
    Broker broker = alice_and_bob();
    Remains remains = broker.remains();
    remains.table = nothing(4).table;
    Broker next(std::move(remains));
    EXPECT_EQ(next.state(), Lines{});
    EXPECT_EQ(next.news(), Lines{});
    EXPECT_EQ(next.join(10, "alice").session, 4);
    const Broker third(next.remains());
    expect_same(third, next);
}

Test(room, though_the_whole_log_is_lost_members_stay_and_no_number_comes_twice) {
    Broker broker = alice_and_bob();
    const std::uint64_t last = broker.log->next_seq() - 1;
    Remains remains = broker.remains();
    remains.log = nothing(4).log;
    Broker next(std::move(remains));
    EXPECT_EQ(next.state(), broker.state());
    EXPECT_EQ(next.news(), Lines{});
    EXPECT_EQ(next.join(12, "carol").session, last + 1);
    EXPECT_TRUE(next.say(by_name(next, "alice"), "still here"));
    const Broker third(next.remains());
    expect_same(third, next);
}

Test(room, though_the_end_of_the_log_is_lost_what_was_done_is_done) {
    Broker broker = alice_and_bob();
    const Words before = broker.remains().log;
    EXPECT_TRUE(broker.post(by_name(broker, "alice"), EntryKind::Rename, "ally", {}));
    broker.room->remove(by_name(broker, "bob"), LeaveReason::Lost, 0, 5);
    const Member& carol = broker.join(12, "carol");
    Remains remains = broker.remains();
    remains.log = before;
    Broker next(std::move(remains));
    EXPECT_EQ(next.state(), broker.state());
    EXPECT_TRUE(next.attach(12, "carol", carol.session).member == &by_name(next, "carol"));
    EXPECT_EQ(next.join(13, "dave").session, carol.session + 1);
}

Test(room, who_was_written_down_but_not_announced_never_came) {
    Broker broker = alice_and_bob();
    const Broker before(broker.remains());
    const Accident accident(broker, [](Broker& victim) { victim.join(12, "carol"); });
    const std::size_t words = accident.before().table.size() - kHeaderWords;
    for (std::size_t written = 0; written <= words; ++written) {
        Broker next = accident.row_without_entry([&](std::size_t i) { return i < written; });
        expect_same(next, before);
        // It comes again, and then it is as if the first time had been well.
        next.now_ms = broker.now_ms;
        next.join(12, "carol");
        expect_same(next, broker);
    }
}

Test(room, who_was_announced_has_come) {
    Broker broker = alice_and_bob();
    const Accident accident(broker, [](Broker& victim) { victim.join(12, "carol"); });
    Broker next = accident.entry_without_row([](std::size_t) { return true; }, 0, 0);
    expect_same(next, broker);
    EXPECT_TRUE(next.attach(12, "carol").member == &by_name(next, "carol"));
    EXPECT_EQ(next.news(), Lines{});
}

Test(room, what_was_said_counts_though_the_row_of_the_sender_was_not_or_half_written) {
    Broker broker = alice_and_bob();
    expect_survives(broker, "alice", EntryKind::Say, {}, "hello again");
    expect_survives(broker, "alice", EntryKind::Tell, "bob", "psst");
    expect_survives(broker, "alice", EntryKind::Tell, "nobody", "psst");
}

Test(room, a_rename_counts_though_the_row_was_not_or_half_written) {
    Broker broker = alice_and_bob();
    expect_survives(broker, "alice", EntryKind::Rename, "a-much-longer-name", {});
    expect_survives(broker, "a-much-longer-name", EntryKind::Rename, "al", {});
    expect_survives(broker, "al", EntryKind::Rename, "AL", {});
    expect_survives(broker, "bob", EntryKind::Rename, "alice", {});
    EXPECT_EQ(names(broker.room->members().matching({})), (Lines{"AL", "alice"}));
}

Test(room, a_leave_counts_though_the_row_was_not_or_half_written) {
    Broker broker = alice_and_bob();
    expect_survives(broker, "alice", EntryKind::Leave, {}, "bye");
    EXPECT_EQ(names(broker.room->members().matching({})), Lines{"bob"});
}

Test(room, a_removal_counts_though_the_row_was_not_written) {
    Broker broker = alice_and_bob();
    const Accident accident(broker, [](Broker& victim) {
        victim.room->remove(by_name(victim, "alice"), LeaveReason::Killed, 9, 0);
    });
    const Broker next = accident.entry_without_row([](std::size_t) { return false; }, 0, 0);
    expect_same(next, broker);
}

// --- Requests that brokers died of

Test(room, a_request_in_which_a_broker_died_is_tried_again) {
    Broker broker = alice_and_bob();
    const Broker before(broker.remains());
    const Accident accident(broker, [](Broker& victim) {
        ASSERT_TRUE(victim.say(by_name(victim, "alice"), "hello again"));
    });
    for (std::uint32_t deaths = 1; deaths < kPoisonDeaths; ++deaths) {
        Broker next = accident.only_begun(1, 2, deaths);
        EXPECT_EQ(next.news(), Lines{});
        expect_same(next, before);
        next.now_ms = broker.now_ms;
        EXPECT_TRUE(next.say(by_name(next, "alice"), "hello again"));
        expect_same(next, broker);
    }
}

Test(room, a_request_that_kills_one_broker_after_the_other_is_refused_to_its_sender_alone) {
    Broker broker = alice_and_bob();
    const Accident accident(broker, [](Broker&) {});
    Broker next = accident.only_begun(1, 2, kPoisonDeaths);
    EXPECT_EQ(next.room->poisoner(), "alice");
    EXPECT_EQ(next.news(), Lines{"1:alice is refused to 1 5/0"});
    EXPECT_EQ(next.log->newest()->entry.counter, 2);
    Member& alice = by_name(next, "alice");
    EXPECT_EQ(alice.counter, 2);

    // It is sent again, and passed over; life goes on.
    EXPECT_TRUE(next.room->post(alice, {.counter = 2, .kind = EntryKind::Say}, {}, "poison", 0));
    EXPECT_EQ(next.news(), Lines{});
    EXPECT_TRUE(next.say(alice, "better"));
    EXPECT_EQ(next.news(), Lines{"1:alice says better"});
}

Test(room, deaths_in_different_requests_do_not_add_up) {
    const Broker broker = alice_and_bob();
    Remains remains = broker.remains();
    for (std::uint32_t deaths = 0; deaths < 5 * kPoisonDeaths; ++deaths) {
        deaths % kPoisonDeaths == 0 ? Accident::mark(remains, 2, 1) : Accident::mark(remains, 1, 2);
        Broker next(std::move(remains));
        EXPECT_EQ(next.news(), Lines{});
        expect_same(next, broker);
        remains = next.remains();
    }
}

// The broker died before it told a worker that its member had left: the next broker still knows it.
Test(room, who_has_left_is_known_as_long_as_the_log_says_so) {
    Broker broker = alice_and_bob();
    const std::uint64_t alice = by_name(broker, "alice").session;
    const std::uint64_t bob = by_name(broker, "bob").session;
    const std::uint64_t before = broker.log->next_seq() - 1;
    EXPECT_FALSE(broker.room->end_of(alice, before).has_value());
    EXPECT_TRUE(broker.post(by_name(broker, "alice"), EntryKind::Leave, {}, "bye"));
    EXPECT_TRUE(broker.room->end_of(alice, before).has_value());
    EXPECT_FALSE(broker.room->end_of(alice, before + 1).has_value());  // it has read that itself
    EXPECT_FALSE(broker.room->end_of(bob, before).has_value());
    EXPECT_FALSE(broker.room->end_of(0, before).has_value());
    EXPECT_TRUE(broker.room->poisoner().empty());
}

Test(room, a_refused_request_is_refused_once) {
    Broker broker = alice_and_bob();
    const Accident accident(broker, [](Broker&) {});
    const Broker next = accident.only_begun(1, 2, kPoisonDeaths);
    Broker third(next.remains());
    EXPECT_EQ(third.news(), Lines{});
    expect_same(third, next);

    // That holds even if the broker that refused it died before it took the mark away.
    Remains remains = next.remains();
    Accident::mark(remains, 1, 2);
    Broker other(std::move(remains));
    EXPECT_EQ(other.news(), Lines{});
    expect_same(other, next);
}

Test(room, a_refusal_counts_though_the_row_of_the_sender_was_not_written) {
    Broker broker = alice_and_bob();
    const Accident accident(broker, [](Broker&) {});
    const Broker next = accident.only_begun(1, 2, kPoisonDeaths);
    Remains remains{next.remains().log, accident.before().table};
    Accident::mark(remains, 1, 2);
    Broker third(std::move(remains));
    EXPECT_EQ(third.news(), Lines{});
    expect_same(third, next);
}

Test(room, a_mark_for_what_is_in_the_log_means_nothing) {
    Broker broker = alice_and_bob();
    for (const std::uint64_t counter : {0, 1}) {
        Remains remains = broker.remains();
        Accident::mark(remains, 1, counter);
        Broker next(std::move(remains));
        EXPECT_EQ(next.news(), Lines{});
        expect_same(next, broker);
    }
}

Test(room, a_mark_for_a_session_that_is_gone_means_nothing) {
    Broker broker = alice_and_bob();
    EXPECT_TRUE(broker.post(by_name(broker, "alice"), EntryKind::Leave, {}, {}));
    for (const std::uint64_t session : {1, 99}) {
        Remains remains = broker.remains();
        Accident::mark(remains, session, 3);
        Broker next(std::move(remains));
        EXPECT_EQ(next.news(), Lines{});
        expect_same(next, broker);
    }
}

// A broker may die at any point of any request of a member. The next broker finds the request done
// or not done, and it refuses a request that was begun and not done.
Test(room, a_broker_may_die_in_anything_it_does) {
    for (unsigned seed = 20; seed < 24; ++seed) {
        Broker broker;
        Audience audience(seed);
        for (int i = 0; i < 250; ++i) {
            const Lines state = broker.state();
            const std::uint64_t seq = broker.log->next_seq();
            const Accident accident(broker, [&](Broker& victim) { audience.do_something(victim); });
            if (broker.log->next_seq() != seq + 1) continue;
            const Entry entry = broker.log->newest()->entry;
            const std::uint64_t session = entry.counter == 0 ? 0 : entry.from;

            const bool joins = entry.kind == EntryKind::Join;
            const Broker done = accident.entry_without_row(
                [&](std::size_t) { return joins || audience.below(2) == 0; }, session,
                entry.counter);
            expect_same(done, broker);

            const Broker begun = accident.only_begun(session, entry.counter, 1);
            ASSERT_EQ(begun.state(), state);
            ASSERT_TRUE(begun.remains().log == accident.before().log);
            if (session == 0) continue;
            Broker refused = accident.only_begun(session, entry.counter, kPoisonDeaths);
            ASSERT_EQ(refused.news().size(), 1);
            ASSERT_EQ(refused.log->newest()->entry.kind, EntryKind::Refused);
            ASSERT_EQ(refused.log->newest()->entry.to, session);
            ASSERT_EQ(refused.room->members().size(), state.size());
        }
    }
}
