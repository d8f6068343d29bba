// Specification of broker/sessions: the trust boundary. What a worker may ask of the broker, what
// it gets, and what it costs to ask for anything else.

#include "broker/sessions.h"

#include <criterion/criterion.h>
#include <signal.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "broker/room.h"
#include "log/log.h"
#include "protocol/frame.h"
#include "support/expect.h"
#include "support/frames.h"
#include "support/where.h"

using namespace chatd;
using chatd::test::frame_of;
using chatd::test::framed;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;
using Verdict = Sessions::Verdict;

constexpr std::uint32_t kMembersMax = 4;
constexpr std::size_t kRingBytes = 2 * kHistoryBytesMin;  // kReplayMax short messages fit
constexpr std::uint32_t kReplayed = 2;
constexpr Rate kLines{10, 20};
constexpr pid_t kAlicePid = 100;
constexpr pid_t kBobPid = 200;
constexpr std::uint64_t kBirth = 77;

int exit_status(WorkerExit exit) {
    return static_cast<int>(exit) << 8;
}

Attach newcomer() {
    return {
        .birth_ns = kBirth, .session = 0, .last_seq = 0, .messages = 0, .newcomer = 0, .crowds = 0};
}

// A room with its log and a journal of its workers.
class Core : public WorkerObserver {
  public:
    Core()
        : log_memory_(log_memory_bytes(kRingBytes) / 8),
          table_memory_(Members::memory_bytes(kMembersMax) / 8) {
        *reinterpret_cast<LogHeader*>(log_memory_.data()) = empty_log_header(kRingBytes);
        take_up();
    }

    // This broker dies, and the next one takes up what is there.
    void take_up() {
        sessions.reset();
        room.reset();
        log.emplace(std::as_writable_bytes(std::span(log_memory_)));
        room.emplace(std::as_writable_bytes(std::span(table_memory_)), *log, now.wall_ms);
        sessions.emplace(Sessions::Settings{kLines, kReplayed, true, "1.2.3"}, *log, *room,
                         static_cast<WorkerObserver&>(*this));
    }

    void pass(std::chrono::milliseconds time) {
        now.moment += time;
        now.wall_ms += time.count();
    }

    [[nodiscard]] Verdict handle(WorkerState& worker, std::string_view bytes,
                                 test::Where where = test::Where::here()) {
        return sessions->handle(worker, frame_of(bytes, where), now);
    }

    [[nodiscard]] WorkerState first_link(pid_t pid, std::string_view peer = "192.0.2.7:1") {
        sessions->born({.birth_ns = kBirth, .pid = pid}, peer);
        return sessions->connected(pid, nullptr, now.moment).value();
    }

    // A new worker that has joined under this name, and was sent everything so far.
    WorkerState join(pid_t pid, std::string_view name, test::Where where = test::Where::here()) {
        const test::Caller caller(where);
        WorkerState worker = first_link(pid);
        ASSERT_EQ(handle(worker, framed(newcomer(), name, "192.0.2.7:1")), Verdict::GoOn);
        ASSERT_EQ(worker.state, WorkerState::State::Member);
        (void)sent(worker);
        return worker;
    }

    [[nodiscard]] Verdict post(WorkerState& worker, EntryKind kind, std::string_view name,
                               std::string_view text) {
        const Member* const member = room->members().by_session(worker.session);
        const std::uint64_t counter = member == nullptr ? 1 : member->counter + 1;
        return handle(worker,
                      framed(Post{.counter = counter, .kind = kind, .reason = LeaveReason::Quit},
                             name, text));
    }

    [[nodiscard]] Verdict say(WorkerState& worker, std::string_view text) {
        return post(worker, EntryKind::Say, {}, text);
    }

    void end(const WorkerState* worker, pid_t pid, int wait_status,
             std::uint64_t birth_ns = kBirth) {
        const Ended ended{
            .birth_ns = birth_ns, .lived_ms = 1500, .pid = pid, .wait_status = wait_status};
        sessions->worker_ended(worker, ended, now);
    }

    // Everything that this session is to be sent by now, as the broker sends it at the end of a
    // turn.
    Lines sent(WorkerState& worker, test::Where where = test::Where::here()) {
        const test::Caller caller(where);
        Sessions::answered(worker);
        std::string bytes;
        const auto send = [&bytes](std::span<const Piece> pieces) {
            const std::size_t before = bytes.size();
            for (const Piece& piece : pieces) bytes += piece.bytes;
            return std::optional(bytes.size() - before);
        };
        Crowds crowds(*log);
        crowds.set_end(log->head());
        ASSERT_TRUE(worker.reader.flush(*log, crowds, sessions->standing_of(worker), send));
        Lines lines;
        std::string_view rest = bytes;
        for (Frame frame{}; take_frame(rest, frame) == FrameStatus::Whole;) {
            lines.push_back(in_words(frame));
        }
        ASSERT_EQ(rest, "");
        return lines;
    }

    // The lines of the journal since this was last asked.
    Lines journal() { return std::exchange(journal_, {}); }

    [[nodiscard]] Lines members() const {
        Lines names;
        for (const Member* const member : room->members().matching({}))
            names.emplace_back(member->name());
        return names;
    }

    std::optional<Log> log;
    std::optional<Room> room;
    std::optional<Sessions> sessions;
    Now now{Moment(500s), 1700488979000};

  private:
    static std::string in_words(const Frame& frame) {
        const std::string name(frame.name);
        const std::string text(frame.text);
        switch (frame.type) {
            case FrameType::Welcome:
                return "welcome " + std::to_string(frame.as<Welcome>().session) + " acked " +
                       std::to_string(frame.as<Welcome>().acked) + ": " + text;
            case FrameType::Denied:
                return "denied " + std::to_string(static_cast<int>(frame.as<Denied>().reason));
            case FrameType::Gap: return "gap " + std::to_string(frame.as<Gap>().messages);
            case FrameType::People:
                return "people " + std::to_string(frame.as<People>().matching) + " of " +
                       std::to_string(frame.as<People>().members);
            case FrameType::Person:
                return "person " + name + " " + text +
                       (frame.as<Person>().stopped != 0 ? " stopped" : "");
            case FrameType::Replay: return "replay " + std::to_string(frame.as<Replay>().messages);
            case FrameType::Done: return "done " + std::to_string(frame.as<Done>().left_out);
            case FrameType::Entry: return entry_in_words(frame.as<Entry>(), name, text);
            default: return "?";
        }
    }

    static std::string entry_in_words(const Entry& entry, const std::string& name,
                                      const std::string& text) {
        switch (entry.kind) {
            case EntryKind::Join: return name + " joins";
            case EntryKind::Leave:
                return name + " leaves " + std::to_string(entry.reason) + "/" +
                       std::to_string(entry.detail);
            case EntryKind::Rename: return name + " becomes " + text;
            case EntryKind::Refused: return name + " is refused " + std::to_string(entry.reason);
            case EntryKind::Closing: return "closing";
            default: return name + ": " + text;
        }
    }

    void joined(const WorkerState& worker, std::string_view peer) override {
        journal_.push_back(worker.name + " joined from " + std::string(peer));
    }
    void renamed(const WorkerState& worker, std::string_view old_name) override {
        journal_.push_back(std::string(old_name) + " became " + worker.name);
    }
    void broke_rules(const WorkerState& worker) override {
        journal_.push_back("pid " + std::to_string(worker.process.pid) + " broke the rules");
    }
    void ended(std::string_view name, const Ended& ended) override {
        journal_.push_back(std::string(name) + " ended, pid " + std::to_string(ended.pid) + ": " +
                           describe_worker_end(ended.wait_status));
    }
    void was_a_stranger(const Member& member) override {
        journal_.push_back(std::string(member.name()) + " was a stranger");
    }

    std::vector<std::uint64_t> log_memory_;
    std::vector<std::uint64_t> table_memory_;
    Lines journal_;
};

std::string denied(Refusal reason) {
    return "denied " + std::to_string(static_cast<int>(reason));
}

std::string leaves(const std::string& name, LeaveReason reason, int detail = 0) {
    return name + " leaves " + std::to_string(static_cast<int>(reason)) + "/" +
           std::to_string(detail);
}

}  // namespace

TestSuite(sessions, .timeout = 20);

// --- Coming in

Test(sessions, a_newcomer_is_welcomed_with_the_names_of_all_and_is_a_member) {
    Core core;
    core.join(kAlicePid, "alice");
    WorkerState bob = core.first_link(kBobPid, "192.0.2.8:1");
    EXPECT_EQ(core.handle(bob, framed(newcomer(), "bob", "198.51.100.1:1")), Verdict::GoOn);
    EXPECT_TRUE(bob.is_urgent);
    EXPECT_EQ(core.sent(bob), Lines{"welcome 2 acked 0: alice bob"});
    EXPECT_EQ(core.members(), (Lines{"alice", "bob"}));
    EXPECT_EQ(core.journal(),
              (Lines{"alice joined from 192.0.2.7:1", "bob joined from 192.0.2.8:1"}));
}

Test(sessions, a_newcomer_who_asks_for_it_is_shown_the_last_messages) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    for (const char* text : {"one", "two", "three"})
        EXPECT_EQ(core.say(alice, text), Verdict::GoOn);
    WorkerState bob = core.first_link(kBobPid);
    Attach attach = newcomer();
    attach.newcomer = 1;
    EXPECT_EQ(core.handle(bob, framed(attach, "bob", "peer")), Verdict::GoOn);
    EXPECT_EQ(core.sent(bob),
              (Lines{"welcome 5 acked 0: alice bob", "alice: two", "alice: three", "done 0"}));
}

Test(sessions, a_name_that_is_taken_is_denied_and_another_may_be_tried_on_the_same_link) {
    Core core;
    core.join(kAlicePid, "alice");
    WorkerState bob = core.first_link(kBobPid);
    EXPECT_EQ(core.handle(bob, framed(newcomer(), "ALICE", "peer")), Verdict::GoOn);
    EXPECT_EQ(core.sent(bob), Lines{denied(Refusal::NameTaken)});
    EXPECT_EQ(core.handle(bob, framed(newcomer(), "bob", "peer")), Verdict::GoOn);
    EXPECT_EQ(bob.state, WorkerState::State::Member);
}

Test(sessions, a_full_room_is_denied) {
    Core core;
    for (std::uint32_t i = 0; i < kMembersMax; ++i) {
        core.join(kAlicePid + static_cast<pid_t>(i), std::string("abcdefgh").substr(i, 1) + "x");
    }
    WorkerState late = core.first_link(kBobPid);
    EXPECT_EQ(core.handle(late, framed(newcomer(), "late", "peer")), Verdict::GoOn);
    EXPECT_EQ(core.sent(late), Lines{denied(Refusal::RoomFull)});
}

Test(sessions, a_bad_name_ends_the_link_and_nobody_joins) {
    Core core;
    for (const char* const name : {"", "a b", "\xFF"}) {
        WorkerState bob = core.first_link(kBobPid);
        EXPECT_EQ(core.handle(bob, framed(newcomer(), name, "peer")), Verdict::End);
    }
    EXPECT_EQ(core.members(), Lines{});
}

Test(sessions, a_member_whose_name_nobody_may_take_any_more_comes_back) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    WorkerState again(alice.process);
    Attach attach = newcomer();
    attach.session = alice.session;
    EXPECT_EQ(core.handle(again, framed(attach, "-alic\u0435-", "peer")), Verdict::GoOn);
    EXPECT_EQ(again.state, WorkerState::State::Member);
}

// Once people read in /who what the worker of a member said of its address.
Test(sessions, the_address_of_a_member_is_what_the_parent_says) {
    Core core;
    WorkerState alice = core.first_link(kAlicePid, "192.0.2.7:1");
    EXPECT_EQ(core.handle(alice, framed(newcomer(), "alice", "198.51.100.1:1")), Verdict::GoOn);
    (void)core.sent(alice);
    EXPECT_EQ(core.handle(alice, framed(AskWho{})), Verdict::GoOn);
    EXPECT_EQ(core.sent(alice).at(1), "person alice 192.0.2.7:1");
}

Test(sessions, a_worker_is_known_from_its_birth_to_its_end) {
    Core core;
    EXPECT_FALSE(core.sessions->knows(kAlicePid));
    const WorkerState alice = core.join(kAlicePid, "alice");
    EXPECT_TRUE(core.sessions->knows(kAlicePid));
    core.end(nullptr, kAlicePid, SIGKILL, kBirth - 5);  // who had the pid before
    EXPECT_TRUE(core.sessions->knows(kAlicePid));
    core.end(&alice, kAlicePid, SIGKILL);
    EXPECT_FALSE(core.sessions->knows(kAlicePid));
}

// Once such a member stayed for ever.
Test(sessions, members_that_are_no_workers_leave_once_all_workers_are_known) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    core.join(kBobPid, "bob");
    core.join(300, "carol");
    core.take_up();
    (void)core.journal();
    alice = core.first_link(kAlicePid);
    core.sessions->born({.birth_ns = kBirth + 5, .pid = 300}, "peer");
    core.sessions->remove_strangers(core.now);
    EXPECT_EQ(core.members(), Lines{"alice"});
    EXPECT_EQ(core.journal(), (Lines{"bob was a stranger", "carol was a stranger"}));
}

Test(sessions, a_second_attach_on_a_link_ends_it) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    EXPECT_EQ(core.handle(alice, framed(newcomer(), "alice", "peer")), Verdict::End);
    EXPECT_EQ(core.members(), Lines{"alice"});
}

Test(sessions, only_requests_of_workers_are_taken) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    for (const std::string& frame : {framed(Ended{}), framed(CloseRoom{}), framed(Ping{}),
                                     framed(Welcome{}), framed(Entry{}), framed(Done{})}) {
        WorkerState copy = alice;
        EXPECT_EQ(core.handle(copy, frame), Verdict::End);
    }
    EXPECT_EQ(core.members(), Lines{"alice"});
}

// --- Coming back

Test(sessions, a_member_that_comes_back_over_a_new_link_goes_on_where_it_was) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    WorkerState bob = core.join(kBobPid, "bob");
    EXPECT_EQ(core.say(bob, "seen"), Verdict::GoOn);
    const std::uint64_t seen = core.log->next_seq() - 1;
    EXPECT_EQ(core.say(bob, "unseen"), Verdict::GoOn);
    WorkerState again(alice.process);
    Attach attach = newcomer();
    attach.session = alice.session;
    attach.last_seq = seen;
    attach.messages = 1;
    EXPECT_EQ(core.handle(again, framed(attach, "alice", "peer")), Verdict::GoOn);
    EXPECT_EQ(core.sent(again), (Lines{"welcome 1 acked 0: alice bob", "bob: unseen"}));
    EXPECT_EQ(core.members(), (Lines{"alice", "bob"}));
}

Test(sessions, a_member_whose_welcome_was_lost_with_a_broker_does_not_join_twice) {
    Core core;
    core.join(kAlicePid, "alice");
    core.take_up();
    WorkerState again = core.first_link(kAlicePid);
    EXPECT_EQ(core.handle(again, framed(newcomer(), "alice", "peer")), Verdict::GoOn);
    EXPECT_EQ(core.sent(again), Lines{"welcome 1 acked 0: alice"});
    EXPECT_EQ(core.members(), Lines{"alice"});
}

Test(sessions, nobody_takes_up_the_session_of_another_process) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    WorkerState bob = core.join(kBobPid, "bob");
    EXPECT_EQ(core.post(alice, EntryKind::Tell, "bob", "secret"), Verdict::GoOn);
    WorkerState thief = core.first_link(300);
    Attach attach = newcomer();
    attach.session = bob.session;
    EXPECT_EQ(core.handle(thief, framed(attach, "bob", "peer")), Verdict::GoOn);
    EXPECT_EQ(core.sent(thief), Lines{denied(Refusal::Removed)});
    EXPECT_EQ(core.members(), (Lines{"alice", "bob"}));
}

Test(sessions, a_process_that_claims_another_birth_than_its_own_loses_its_link) {
    Core core;
    for (const std::uint64_t birth_ns : {std::uint64_t{0}, kBirth - 1, kBirth + 1}) {
        WorkerState eve = core.first_link(300);
        Attach attach = newcomer();
        attach.birth_ns = birth_ns;
        EXPECT_EQ(core.handle(eve, framed(attach, "eve", "peer")), Verdict::End);
    }
    EXPECT_EQ(core.members(), Lines{});
}

Test(sessions, a_process_that_has_left_does_not_join_again) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    EXPECT_EQ(core.post(alice, EntryKind::Leave, {}, {}), Verdict::GoOn);
    WorkerState again(alice.process);
    EXPECT_EQ(core.handle(again, framed(newcomer(), "alice", "peer")), Verdict::Dismiss);
    EXPECT_EQ(core.sent(again), Lines{denied(Refusal::Removed)});
    EXPECT_EQ(core.members(), Lines{});
}

Test(sessions, a_new_process_with_the_pid_of_a_member_puts_that_member_out) {
    Core core;
    core.join(kAlicePid, "alice");
    core.take_up();  // The next broker has no link of the old process.
    core.sessions->born({.birth_ns = kBirth + 1, .pid = kAlicePid}, "peer");
    WorkerState next = core.sessions->connected(kAlicePid, nullptr, core.now.moment).value();
    Attach attach = newcomer();
    attach.birth_ns = kBirth + 1;
    EXPECT_EQ(core.handle(next, framed(attach, "carol", "peer")), Verdict::GoOn);
    EXPECT_EQ(core.members(), Lines{"carol"});
}

Test(sessions, a_worker_whose_leave_was_not_told_reads_on_to_it_and_nothing_later) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    WorkerState bob = core.join(kBobPid, "bob");
    const std::uint64_t seen = core.log->next_seq() - 1;
    EXPECT_EQ(core.post(bob, EntryKind::Tell, "alice", "secret"), Verdict::GoOn);
    EXPECT_EQ(core.say(bob, "before"), Verdict::GoOn);
    EXPECT_EQ(core.post(alice, EntryKind::Leave, {}, {}), Verdict::GoOn);
    EXPECT_EQ(core.say(bob, "after"), Verdict::GoOn);
    core.take_up();
    WorkerState again = core.first_link(kAlicePid);
    Attach attach = newcomer();
    attach.session = alice.session;
    attach.last_seq = seen;
    EXPECT_EQ(core.handle(again, framed(attach, "alice", "peer")), Verdict::GoOn);
    EXPECT_EQ(again.state, WorkerState::State::Departed);
    // The broker cannot tell any more whether this is alice, so it does not send her private words.
    EXPECT_EQ(core.sent(again), (Lines{"bob: before", leaves("alice", LeaveReason::Quit)}));
    // The worker gets nothing else.
    EXPECT_EQ(core.handle(again, framed(AskWho{})), Verdict::Dismiss);
}

Test(sessions, a_walk_through_the_log_for_a_session_is_not_to_be_had_twice) {
    Core core;
    WorkerState stranger = core.first_link(300);
    Attach attach = newcomer();
    attach.session = 12345;
    EXPECT_EQ(core.handle(stranger, framed(attach, "eve", "peer")), Verdict::GoOn);
    EXPECT_EQ(core.sent(stranger), Lines{denied(Refusal::Removed)});
    WorkerState again(stranger.process);
    EXPECT_EQ(core.handle(again, framed(attach, "eve", "peer")), Verdict::Dismiss);
}

// --- Requests

Test(sessions, what_a_member_says_is_in_the_log_and_urgent) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    EXPECT_EQ(core.sessions->urgent_end(), 0);
    EXPECT_EQ(core.say(alice, "hello"), Verdict::GoOn);
    EXPECT_EQ(core.sessions->urgent_end(), core.log->head());
    EXPECT_EQ(core.sent(alice), Lines{"alice: hello"});
}

Test(sessions, a_leave_is_urgent_only_for_its_own_worker) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    EXPECT_EQ(core.post(alice, EntryKind::Leave, {}, {}), Verdict::GoOn);
    EXPECT_TRUE(alice.is_urgent);
    EXPECT_EQ(core.sessions->urgent_end(), 0);
}

Test(sessions, a_worker_that_is_no_member_may_post_nothing) {
    Core core;
    WorkerState eve = core.first_link(300);
    EXPECT_EQ(core.say(eve, "hello"), Verdict::End);
}

Test(sessions, what_a_member_sent_after_its_leave_is_void) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    EXPECT_EQ(core.post(alice, EntryKind::Leave, {}, {}), Verdict::GoOn);
    const Position head = core.log->head();
    EXPECT_EQ(core.say(alice, "too late"), Verdict::GoOn);
    EXPECT_EQ(core.log->head(), head);
}

Test(sessions, a_request_that_no_honest_worker_makes_expels_the_worker) {
    const std::vector<std::string> bad = {
        framed(Post{.counter = 2, .kind = EntryKind::Say, .reason = {}}, {}, "hole"),
        framed(Post{.counter = 1, .kind = EntryKind::Say, .reason = {}}, {}, ""),
        framed(Post{.counter = 1, .kind = EntryKind::Say, .reason = {}}, {}, "\x1b["),
        framed(Post{.counter = 1, .kind = EntryKind::Join, .reason = {}}, {}, "x"),
        framed(Post{.counter = 1, .kind = EntryKind::Closing, .reason = {}}),
        framed(Post{.counter = 1, .kind = EntryKind::Rename, .reason = {}}, "a b"),
        framed(Post{.counter = 1, .kind = EntryKind::Tell, .reason = {}}, "\xFF", "x"),
        framed(Post{.counter = 1, .kind = EntryKind::Leave, .reason = LeaveReason::Killed}),
    };
    for (const std::string& frame : bad) {
        Core core;
        WorkerState alice = core.join(kAlicePid, "alice");
        WorkerState bob = core.join(kBobPid, "bob");
        (void)core.journal();
        EXPECT_EQ(core.handle(alice, frame), Verdict::Dismiss);
        EXPECT_EQ(core.sent(alice).at(0), denied(Refusal::Removed));
        EXPECT_EQ(core.sent(bob), Lines{leaves("alice", LeaveReason::Expelled)});
        EXPECT_EQ(core.journal(), Lines{"pid 100 broke the rules"});
    }
}

Test(sessions, who_was_expelled_gets_nothing_over_a_new_link_either) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    EXPECT_EQ(core.post(alice, EntryKind::Join, {}, "x"), Verdict::Dismiss);
    WorkerState again(alice.process);
    EXPECT_EQ(core.handle(again, framed(newcomer(), "alice", "peer")), Verdict::Dismiss);
    EXPECT_EQ(core.handle(again, framed(AskWho{})), Verdict::Dismiss);
    EXPECT_EQ(core.members(), Lines{});
}

Test(sessions, a_new_name_is_told_to_the_journal_and_a_refused_one_is_not) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    core.join(kBobPid, "bob");
    (void)core.journal();
    EXPECT_EQ(core.post(alice, EntryKind::Rename, "BOB", {}), Verdict::GoOn);
    EXPECT_EQ(core.journal(), Lines{});
    EXPECT_EQ(core.post(alice, EntryKind::Rename, "ally", {}), Verdict::GoOn);
    EXPECT_EQ(core.journal(), Lines{"alice became ally"});
    EXPECT_EQ(alice.name, "ally");
}

// --- How much

Test(sessions, a_worker_may_send_at_once_what_an_honest_one_can_have_saved_up) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    const std::uint32_t most = kLines.burst + kRequestsSavedUp - 1;  // Its Attach counts too.
    for (std::uint32_t i = 0; i < most; ++i) ASSERT_EQ(core.say(alice, "x"), Verdict::GoOn);
    EXPECT_EQ(core.say(alice, "x"), Verdict::Dismiss);
    EXPECT_EQ(core.members(), Lines{});
    EXPECT_EQ(core.journal().back(), "pid 100 broke the rules");
}

Test(sessions, after_that_it_may_send_at_the_rate_of_its_lines) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    for (std::uint32_t i = 0; i < kLines.burst + kRequestsSavedUp - 1; ++i) {
        ASSERT_EQ(core.say(alice, "x"), Verdict::GoOn);
    }
    core.pass(100ms);
    EXPECT_EQ(core.say(alice, "x"), Verdict::GoOn);
    EXPECT_EQ(core.say(alice, "x"), Verdict::Dismiss);
}

Test(sessions, a_new_link_is_no_new_beginning) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    while (core.sessions->connected(kAlicePid, &alice, core.now.moment)) continue;
    core.pass(100ms);
    auto again = core.sessions->connected(kAlicePid, &alice, core.now.moment);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(core.handle(*again, framed(newcomer(), "alice", "peer")), Verdict::Dismiss);
}

Test(sessions, a_rate_of_zero_is_no_limit) {
    EXPECT_EQ(rate_of_requests({0, 1}).per_second, 0);
}

// --- Questions

Test(sessions, a_member_may_ask_who_is_here) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    core.join(kBobPid, "bob");
    (void)core.sent(alice);
    EXPECT_EQ(core.handle(alice, framed(AskWho{}, "B")), Verdict::GoOn);
    EXPECT_TRUE(alice.is_urgent);
    EXPECT_EQ(core.sent(alice), (Lines{"people 1 of 2", "person bob 192.0.2.7:1", "done 0"}));
}

Test(sessions, who_asks_is_told_who_is_stopped) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    core.join(kBobPid, "bob");
    for (const std::uint32_t stopped : {1U, 0U}) {
        (void)core.sent(alice);
        Sessions::answered(alice);
        core.sessions->born({.birth_ns = kBirth, .pid = kBobPid, .stopped = stopped},
                            "192.0.2.7:1");
        EXPECT_EQ(core.handle(alice, framed(AskWho{}, "B")), Verdict::GoOn);
        const std::string bob =
            stopped != 0 ? "person bob 192.0.2.7:1 stopped" : "person bob 192.0.2.7:1";
        EXPECT_EQ(core.sent(alice), (Lines{"people 1 of 2", bob, "done 0"}));
    }
}

Test(sessions, a_member_may_ask_for_a_replay) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    for (const char* text : {"one", "two"}) EXPECT_EQ(core.say(alice, text), Verdict::GoOn);
    (void)core.sent(alice);
    EXPECT_EQ(core.handle(alice, framed(AskReplay{.messages = 1})), Verdict::GoOn);
    EXPECT_EQ(core.sent(alice), (Lines{"replay 1", "alice: two", "done 0"}));
}

Test(sessions, a_replay_has_a_most_whatever_is_asked_for) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    for (std::uint32_t i = 0; i <= kReplayMax; ++i) ASSERT_EQ(core.say(alice, "x"), Verdict::GoOn);
    (void)core.sent(alice);
    EXPECT_EQ(core.handle(alice, framed(AskReplay{.messages = UINT32_MAX})), Verdict::GoOn);
    EXPECT_EQ(core.sent(alice).at(0), "replay " + std::to_string(kReplayMax));
}

Test(sessions, one_question_at_a_time) {
    for (const std::string& second : {framed(AskWho{}), framed(AskReplay{.messages = 1})}) {
        Core core;
        WorkerState alice = core.join(kAlicePid, "alice");
        EXPECT_EQ(core.handle(alice, framed(AskWho{})), Verdict::GoOn);
        EXPECT_EQ(core.handle(alice, second), Verdict::End);
        EXPECT_EQ(core.members(), Lines{"alice"});
    }
}

Test(sessions, the_next_question_may_come_after_the_answer) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    EXPECT_EQ(core.handle(alice, framed(AskWho{})), Verdict::GoOn);
    (void)core.sent(alice);
    EXPECT_EQ(core.handle(alice, framed(AskWho{})), Verdict::GoOn);
}

Test(sessions, a_worker_that_is_no_member_may_ask_nothing) {
    Core core;
    for (const std::string& question : {framed(AskWho{}), framed(AskReplay{.messages = 1})}) {
        WorkerState eve = core.first_link(300);
        EXPECT_EQ(core.handle(eve, question), Verdict::End);
    }
}

// --- The end of a worker

Test(sessions, a_member_leaves_with_its_process_for_the_reason_that_its_end_gives) {
    struct Case {
        int wait_status;
        LeaveReason reason;
        int detail;
        const char* words;
    };
    for (const Case& each :
         {Case{SIGKILL, LeaveReason::Killed, SIGKILL, "killed by signal 9"},
          Case{exit_status(WorkerExit::Lost), LeaveReason::Lost, 0, "connection lost"},
          Case{71 << 8, LeaveReason::Failed, 71, "exit status 71"}}) {
        Core core;
        WorkerState alice = core.join(kAlicePid, "alice");
        WorkerState bob = core.join(kBobPid, "bob");
        (void)core.journal();
        core.end(&alice, kAlicePid, each.wait_status);
        EXPECT_EQ(core.sent(bob), Lines{leaves("alice", each.reason, each.detail)});
        EXPECT_EQ(core.journal(), Lines{std::string("alice ended, pid 100: ") + each.words});
    }
}

Test(sessions, a_member_that_has_said_goodbye_leaves_once) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    WorkerState bob = core.join(kBobPid, "bob");
    EXPECT_EQ(core.post(alice, EntryKind::Leave, {}, {}), Verdict::GoOn);
    core.end(&alice, kAlicePid, exit_status(WorkerExit::Goodbye));
    EXPECT_EQ(core.sent(bob), Lines{leaves("alice", LeaveReason::Quit)});
}

Test(sessions, a_worker_that_was_never_a_member_ends_as_a_login) {
    Core core;
    const WorkerState eve = core.first_link(300);
    core.end(&eve, 300, exit_status(WorkerExit::Late));
    core.end(nullptr, 301, exit_status(WorkerExit::Goodbye));
    EXPECT_EQ(core.journal(), (Lines{"(login) ended, pid 300: told no name in time",
                                     "(login) ended, pid 301: said goodbye"}));
}

Test(sessions, a_member_that_died_before_it_came_back_to_this_broker_is_still_named) {
    Core core;
    core.join(kAlicePid, "alice");
    core.take_up();
    (void)core.journal();
    core.end(nullptr, kAlicePid, SIGKILL);
    EXPECT_EQ(core.journal(), Lines{"alice ended, pid 100: killed by signal 9"});
    EXPECT_EQ(core.members(), Lines{});
}

Test(sessions, the_end_of_an_older_process_of_the_same_pid_does_not_concern_a_member) {
    Core core;
    core.join(kAlicePid, "alice");
    core.end(nullptr, kAlicePid, SIGKILL, kBirth - 5);
    EXPECT_EQ(core.members(), Lines{"alice"});
}

Test(sessions, the_next_process_of_a_pid_has_limits_of_its_own) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    while (core.sessions->connected(kAlicePid, &alice, core.now.moment)) continue;
    core.sessions->born({.birth_ns = kBirth + 1, .pid = kAlicePid}, "peer");
    const auto next = core.sessions->connected(kAlicePid, &alice, core.now.moment);
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->process.birth_ns, kBirth + 1);
    EXPECT_FALSE(next->process.has_joined);
}

// --- The end of the server

Test(sessions, when_the_room_closes_all_are_told_once_and_nobody_is_told_who_leaves) {
    Core core;
    const WorkerState alice = core.join(kAlicePid, "alice");
    WorkerState bob = core.join(kBobPid, "bob");
    core.sessions->close_room(core.now);
    core.sessions->close_room(core.now);
    EXPECT_EQ(core.sessions->urgent_end(), core.log->head());
    core.end(&alice, kAlicePid, exit_status(WorkerExit::Closed));
    EXPECT_EQ(core.sent(bob), Lines{"closing"});
}

// --- How a member stands

Test(sessions, a_member_stands_with_its_name_and_its_last_request_and_a_stranger_with_neither) {
    Core core;
    WorkerState alice = core.join(kAlicePid, "alice");
    EXPECT_EQ(core.say(alice, "one"), Verdict::GoOn);
    EXPECT_EQ(core.sessions->standing_of(alice).name, "alice");
    EXPECT_EQ(core.sessions->standing_of(alice).acked, 1);
    const WorkerState eve = core.first_link(300);
    EXPECT_EQ(core.sessions->standing_of(eve).name, "");
    EXPECT_EQ(core.sessions->standing_of(eve).acked, kNoLongerMember);
}
