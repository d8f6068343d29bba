// Specification of worker/uplink: each request takes effect exactly once, whatever breaks or dies.
#include "worker/uplink.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "support/conversation_client.h"
#include "support/expect.h"
#include "support/where.h"

using chatd::AskReplay;
using chatd::AskWho;
using chatd::Attach;
using chatd::Entry;
using chatd::EntryKind;
using chatd::Frame;
using chatd::FrameType;
using chatd::Gap;
using chatd::kNoLongerMember;
using chatd::kTextBytesMax;
using chatd::kUnackedBytesMax;
using chatd::LeaveReason;
using chatd::People;
using chatd::Uplink;
using chatd::test::Caller;
using chatd::test::crowd;
using chatd::test::described_frames;
using chatd::test::for_each_frame;
using chatd::test::kBob;
using chatd::test::kMe;
using chatd::test::kNothing;
using chatd::test::kNow;
using chatd::test::Sent;
using chatd::test::welcome_to;
using chatd::test::Where;

namespace {

constexpr std::uint64_t kBirth = 77;
constexpr std::string_view kPeer = "192.0.2.7:51234";

// An uplink of alice, and what it has sent since the last look.
class Alice {
  public:
    // Without a link.
    Alice() : uplink(kBirth, std::string(kPeer)) {}

    Sent sent() { return described_frames(std::exchange(uplink.frames, {})); }

    void says(std::string_view text) { uplink.post(EntryKind::Say, {}, text); }

    // A new link, over which the broker has acknowledged so much. Returns what was sent after the
    // Welcome.
    Sent links(std::uint64_t acked = 0, Where where = Where::here()) {
        const Caller caller(where);
        uplink.link_closed();
        uplink.link_opened("alice");
        EXPECT_EQ(sent().size(), 1);  // Attach
        EXPECT_TRUE(uplink.welcomed(welcome_to(1, acked)));
        return sent();
    }

    // The same for a newcomer, which is shown the past.
    void joins(Where where = Where::here()) {
        (void)links(0, where);
        uplink.answer_is_done();
    }

    Uplink uplink;
};

Entry entry(std::uint64_t seq, std::uint64_t from, std::uint64_t counter = 0) {
    Entry entry{};
    entry.kind = EntryKind::Say;
    entry.seq = seq;
    entry.messages = 100 + seq - kMe;
    entry.from = from;
    entry.counter = counter;
    return entry;
}

// The Attach that is sent when a link is opened.
Attach attach_of(Uplink& uplink, Where where = Where::here()) {
    const Caller caller(where);
    Attach attach{};
    uplink.link_closed();
    uplink.link_opened("alice");
    for_each_frame(std::exchange(uplink.frames, {}), [&](const Frame& frame) {
        EXPECT_EQ(frame.type, FrameType::Attach);
        EXPECT_EQ(frame.name, "alice");
        EXPECT_EQ(frame.text, kPeer);
        attach = frame.as<Attach>();
    });
    return attach;
}

}  // namespace

TestSuite(uplink, .timeout = 20);

// --- Numbers ---

Test(uplink, requests_are_numbered_from_one_without_holes) {
    Alice alice;
    alice.joins();
    alice.says("one");
    alice.uplink.post(EntryKind::Tell, "bob", "two");
    alice.uplink.post(EntryKind::Leave, {}, "bye", LeaveReason::Quit);
    EXPECT_EQ(alice.sent(), (Sent{"1 say: one", "2 tell bob: two", "3 leave quit: bye"}));
    EXPECT_EQ(alice.uplink.last_counter(), 3);
}

Test(uplink, a_question_has_no_number) {
    Alice alice;
    alice.joins();
    alice.says("one");
    alice.uplink.ask(AskWho{}, "al");
    alice.says("two");
    EXPECT_EQ(alice.sent(), (Sent{"1 say: one", "who [al]", "2 say: two"}));
}

Test(uplink, numbers_go_on_over_a_new_link) {
    Alice alice;
    alice.joins();
    alice.says("one");
    EXPECT_EQ(alice.links(1), kNothing);
    alice.says("two");
    EXPECT_EQ(alice.sent(), Sent{"2 say: two"});
}

// --- Before the Welcome ---

Test(uplink, nothing_but_attach_is_sent_before_the_welcome) {
    Alice alice;
    alice.says("one");
    alice.uplink.ask(AskReplay{.messages = 5});
    EXPECT_EQ(alice.sent(), kNothing);
    alice.uplink.link_opened("alice");
    EXPECT_EQ(alice.sent(), Sent{"attach alice session 0 has 0"});
    alice.says("two");
    EXPECT_EQ(alice.sent(), kNothing);
    EXPECT_TRUE(alice.uplink.welcomed(welcome_to(1)));
    EXPECT_EQ(alice.sent(), (Sent{"1 say: one", "2 say: two", "past 5"}));
}

Test(uplink, another_name_may_be_tried_over_the_same_link) {
    Alice alice;
    alice.uplink.attach("alice");
    EXPECT_EQ(alice.sent(), kNothing);  // There is no link.
    alice.uplink.link_opened("alice");
    alice.uplink.attach("alicia");
    EXPECT_EQ(alice.sent(),
              (Sent{"attach alice session 0 has 0", "attach alicia session 0 has 0"}));
}

Test(uplink, what_was_not_sent_when_the_link_closed_is_not_sent_over_the_next) {
    Alice alice;
    alice.joins();
    alice.says("one");
    alice.uplink.frames.erase(0, 5);  // A part has gone out.
    alice.uplink.link_closed();
    EXPECT_EQ(alice.uplink.frames, "");
    EXPECT_FALSE(alice.uplink.is_linked());
    EXPECT_EQ(alice.links(), Sent{"1 say: one"});
}

// --- What Attach carries ---

Test(uplink, attach_of_a_new_worker_has_no_session) {
    Alice alice;
    const Attach attach = attach_of(alice.uplink);
    EXPECT_EQ(attach.birth_ns, kBirth);
    EXPECT_EQ(attach.session, 0);
    EXPECT_EQ(attach.last_seq, 0);
    EXPECT_EQ(attach.messages, 0);
    EXPECT_EQ(attach.newcomer, 1);
    EXPECT_EQ(attach.crowds, 1);
}

Test(uplink, attach_of_a_newcomer_has_its_session_and_asks_for_the_past_again) {
    Alice alice;
    (void)alice.links();
    const Attach attach = attach_of(alice.uplink);
    EXPECT_EQ(attach.session, kMe);
    EXPECT_EQ(attach.last_seq, kMe);
    EXPECT_EQ(attach.messages, 100);
    EXPECT_EQ(attach.newcomer, 1);
}

Test(uplink, attach_of_a_member_that_is_back_has_what_it_has_read) {
    Alice alice;
    alice.joins();
    EXPECT_EQ(alice.uplink.read(entry(45, kBob)), Uplink::Age::New);
    Attach attach = attach_of(alice.uplink);
    EXPECT_EQ(attach.session, kMe);
    EXPECT_EQ(attach.last_seq, 45);
    EXPECT_EQ(attach.messages, 105);
    EXPECT_EQ(attach.newcomer, 0);

    alice.uplink.read(crowd(60, 9, 0));
    attach = attach_of(alice.uplink);
    EXPECT_EQ(attach.last_seq, 60);
    EXPECT_EQ(attach.messages, 105);

    alice.uplink.read(Gap{.messages = 37, .acked = 0});
    attach = attach_of(alice.uplink);
    EXPECT_EQ(attach.last_seq, 60);
    EXPECT_EQ(attach.messages, 142);
}

Test(uplink, a_later_welcome_changes_neither_session_nor_place) {
    Alice alice;
    alice.joins();
    EXPECT_EQ(alice.uplink.read(entry(45, kBob)), Uplink::Age::New);
    (void)alice.links();
    EXPECT_EQ(alice.uplink.session(), kMe);
    EXPECT_EQ(attach_of(alice.uplink).last_seq, 45);
}

// --- Acknowledgements ---

Test(uplink, what_is_not_acknowledged_is_sent_again_in_order_before_the_question) {
    Alice alice;
    alice.joins();
    for (const char* text : {"one", "two", "three"}) alice.says(text);
    alice.uplink.ask(AskWho{});
    (void)alice.sent();
    EXPECT_EQ(alice.links(1), (Sent{"2 say: two", "3 say: three", "who []"}));
    EXPECT_EQ(alice.links(0), (Sent{"2 say: two", "3 say: three", "who []"}));
}

Test(uplink, an_own_entry_acknowledges_its_request_and_all_before) {
    Alice alice;
    alice.joins();
    for (const char* text : {"one", "two", "three"}) alice.says(text);
    EXPECT_EQ(alice.uplink.read(entry(45, kMe, 2)), Uplink::Age::New);
    EXPECT_FALSE(alice.uplink.is_all_acknowledged());
    EXPECT_EQ(alice.links(), Sent{"3 say: three"});
}

Test(uplink, another_s_entry_acknowledges_nothing) {
    Alice alice;
    alice.joins();
    alice.says("one");
    EXPECT_EQ(alice.uplink.read(entry(45, kBob, 1)), Uplink::Age::New);
    EXPECT_EQ(alice.links(), Sent{"1 say: one"});
}

Test(uplink, a_welcome_acknowledges) {
    Alice alice;
    alice.joins();
    for (const char* text : {"one", "two"}) alice.says(text);
    EXPECT_EQ(alice.links(1), Sent{"2 say: two"});
    EXPECT_EQ(alice.links(2), kNothing);
    EXPECT_TRUE(alice.uplink.is_all_acknowledged());
}

Test(uplink, a_gap_acknowledges_and_one_for_a_member_no_longer_acknowledges_everything) {
    Alice alice;
    alice.joins();
    for (const char* text : {"one", "two", "three"}) alice.says(text);
    alice.uplink.read(Gap{.messages = 1, .acked = 2});
    EXPECT_EQ(alice.links(), Sent{"3 say: three"});
    alice.uplink.read(Gap{.messages = 0, .acked = kNoLongerMember});
    EXPECT_TRUE(alice.uplink.is_all_acknowledged());
}

Test(uplink, an_acknowledgement_of_what_was_never_sent_does_no_harm) {
    Alice alice;
    alice.joins();
    EXPECT_EQ(alice.links(UINT64_MAX), kNothing);
    alice.says("one");
    EXPECT_EQ(alice.sent(), Sent{"1 say: one"});
    EXPECT_FALSE(alice.uplink.is_all_acknowledged());
    EXPECT_EQ(alice.links(), Sent{"1 say: one"});
}

// All that is kept would go out once more each time, whether the broker reads it or not.
Test(uplink, a_second_welcome_over_one_link_is_refused_and_sends_nothing) {
    Alice alice;
    alice.joins();
    alice.says("one");
    (void)alice.sent();
    EXPECT_FALSE(alice.uplink.welcomed(welcome_to(1, 1)));
    EXPECT_EQ(alice.sent(), kNothing);
    EXPECT_FALSE(alice.uplink.is_all_acknowledged());
}

// --- Bounds ---

Test(uplink, requests_are_kept_up_to_a_bound_until_they_are_acknowledged) {
    Alice alice;
    alice.joins();
    const std::string text(kTextBytesMax, 'x');
    while (!alice.uplink.is_busy()) alice.says(text);
    EXPECT_GE(alice.uplink.frames.size(), kUnackedBytesMax);
    EXPECT_LT(alice.uplink.frames.size(), kUnackedBytesMax + chatd::kFrameBytesMax);
    (void)alice.links(1);
    EXPECT_FALSE(alice.uplink.is_busy());
    (void)alice.links(alice.uplink.last_counter());
    EXPECT_TRUE(alice.uplink.is_all_acknowledged());
    while (!alice.uplink.is_busy()) alice.says(text);
    EXPECT_LT(alice.uplink.frames.size(), kUnackedBytesMax + chatd::kFrameBytesMax);
}

// --- Entries ---

Test(uplink, an_entry_is_new_once) {
    Alice alice;
    alice.joins();
    EXPECT_EQ(alice.uplink.read(entry(41, kBob)), Uplink::Age::New);
    EXPECT_EQ(alice.uplink.read(entry(42, kBob)), Uplink::Age::New);
    EXPECT_NE(alice.uplink.read(entry(42, kBob)), Uplink::Age::New);
}

Test(uplink, an_entry_of_the_past_is_shown_once_for_each_answer) {
    Alice alice;
    alice.joins();
    alice.uplink.ask(AskReplay{.messages = 2});
    EXPECT_EQ(alice.uplink.read(entry(7, kBob)), Uplink::Age::Replayed);
    EXPECT_EQ(alice.uplink.read(entry(8, kBob)), Uplink::Age::Replayed);
    EXPECT_EQ(alice.links(), Sent{"past 2"});
    EXPECT_EQ(alice.uplink.read(entry(7, kBob)), Uplink::Age::Seen);
    EXPECT_EQ(alice.uplink.read(entry(8, kBob)), Uplink::Age::Seen);
    EXPECT_EQ(alice.uplink.read(entry(9, kBob)), Uplink::Age::Replayed);
    alice.uplink.answer_is_done();
    alice.uplink.ask(AskReplay{.messages = 1});
    EXPECT_EQ(alice.uplink.read(entry(9, kBob)), Uplink::Age::Replayed);
}

// --- Questions ---

Test(uplink, a_question_keeps_it_busy_until_the_answer_is_done) {
    Alice alice;
    alice.joins();
    EXPECT_FALSE(alice.uplink.is_busy());
    alice.uplink.ask(AskWho{});
    EXPECT_TRUE(alice.uplink.is_busy());
    alice.uplink.answer_is_done();
    EXPECT_FALSE(alice.uplink.is_busy());
    EXPECT_EQ(alice.sent(), Sent{"who []"});
    EXPECT_EQ(alice.links(), kNothing);
}

Test(uplink, an_answer_that_a_link_cuts_off_is_thrown_away_and_asked_for_again) {
    Alice alice;
    alice.joins();
    alice.uplink.ask(AskWho{});
    std::string people;
    append_frame(people, People{.now_ms = kNow, .members = 1, .matching = 1});
    for_each_frame(people, [&](const Frame& frame) { alice.uplink.add_to_answer(frame); });
    EXPECT_EQ(alice.uplink.answer(), people);
    EXPECT_EQ(alice.links(), Sent{"who []"});
    EXPECT_EQ(alice.uplink.answer(), "");
}

Test(uplink, the_replay_to_a_newcomer_answers_no_question) {
    Alice alice;
    alice.uplink.ask(AskWho{});
    EXPECT_EQ(alice.links(), Sent{"who []"});
    alice.uplink.answer_is_done();
    EXPECT_TRUE(alice.uplink.is_busy());
    alice.uplink.answer_is_done();
    EXPECT_FALSE(alice.uplink.is_busy());
}

// --- What the broker owes ---

Test(uplink, a_broker_owes_a_welcome_the_replay_an_acknowledgement_and_an_answer) {
    Alice alice;
    EXPECT_TRUE(alice.uplink.waits_for_broker());
    (void)alice.links();
    EXPECT_TRUE(alice.uplink.waits_for_broker());  // The past has not come.
    alice.uplink.answer_is_done();
    EXPECT_FALSE(alice.uplink.waits_for_broker());
    alice.says("one");
    EXPECT_TRUE(alice.uplink.waits_for_broker());
    EXPECT_EQ(alice.uplink.read(entry(45, kMe, 1)), Uplink::Age::New);
    EXPECT_FALSE(alice.uplink.waits_for_broker());
    alice.uplink.ask(AskWho{});
    EXPECT_TRUE(alice.uplink.waits_for_broker());
    alice.uplink.answer_is_done();
    EXPECT_FALSE(alice.uplink.waits_for_broker());
    alice.uplink.link_closed();
    EXPECT_TRUE(alice.uplink.waits_for_broker());
    EXPECT_FALSE(alice.uplink.is_welcomed());
}
