// Specification of recovery: what a client notices of broken links and of brokers that die, and
// what it does not.
#include <criterion/criterion.h>

#include <cstddef>
#include <string>
#include <utility>

#include "support/conversation_client.h"
#include "support/expect.h"

using chatd::Denied;
using chatd::Done;
using chatd::EntryKind;
using chatd::Gap;
using chatd::kNoLongerMember;
using chatd::LeaveReason;
using chatd::People;
using chatd::Person;
using chatd::Refusal;
using chatd::Replay;
using chatd::WorkerExit;
using chatd::test::crowd;
using chatd::test::kBob;
using chatd::test::kNothing;
using chatd::test::kNow;
using chatd::test::Sent;
using chatd::test::welcome_to;
using Client = chatd::test::ConversationClient;
using Stage = Client::Stage;

TestSuite(recovery, .timeout = 20);

// --- Broken links ---

Test(recovery, requests_that_the_log_may_not_have_are_sent_again) {
    Client client(Stage::Talking);
    client.types("one\ntwo\nthree\n");
    client.comes_back(EntryKind::Say, 1, "one");
    (void)client.sent();
    client.conversation.link_closed();
    EXPECT_TRUE(client.conversation.wants_link());
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(),
              Sent{"attach alice session 40 has " + std::to_string(client.last_seq())});
    client.welcome(2);
    EXPECT_EQ(client.sent(), Sent{"3 say: three"});
    EXPECT_EQ(client.screen(), "");
}

Test(recovery, lines_typed_without_a_link_are_sent_over_the_next) {
    Client client(Stage::Talking);
    client.types("one\n");
    (void)client.sent();
    client.conversation.link_closed();
    EXPECT_EQ(client.sent_for("two\n/nick alicia\n"), kNothing);
    client.conversation.link_opened();
    client.types("three\n");
    (void)client.sent();
    client.welcome(0);
    EXPECT_EQ(client.sent(), (Sent{"1 say: one", "2 say: two", "3 rename alicia", "4 say: three"}));
    EXPECT_EQ(client.sent_for("five\n"), Sent{"5 say: five"});
}

Test(recovery, a_request_that_was_partly_sent_goes_out_once) {
    Client client(Stage::Talking);
    client.types("one\n");
    client.conversation.frames().erase(0, 5);  // The rest is still to be sent.
    client.conversation.link_closed();
    EXPECT_EQ(client.sent(), kNothing);
    client.conversation.link_opened();
    (void)client.sent();
    client.welcome(0);
    EXPECT_EQ(client.sent(), Sent{"1 say: one"});
}

Test(recovery, a_request_whose_entry_has_come_is_never_sent_again) {
    Client client(Stage::Talking);
    client.types("one\n/me two\n/msg bob three\n/nick alicia\n/msg dan five\n");
    client.comes_back(EntryKind::Say, 1, "one");
    client.comes_back(EntryKind::Emote, 2, "two");
    client.comes_back(EntryKind::Tell, 3, "three", kBob);
    client.comes_back(EntryKind::Rename, 4, "alicia");
    client.is_refused(5, Refusal::NobodyThere);
    client.conversation.link_closed();
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(),
              Sent{"attach alicia session 40 has " + std::to_string(client.last_seq())});
    client.welcome(0);
    EXPECT_EQ(client.sent(), kNothing);
}

Test(recovery, links_may_break_any_number_of_times) {
    Client client(Stage::Talking);
    client.types("one\n");
    for (int count = 0; count < 10; ++count) {
        client.conversation.link_closed();
        client.conversation.link_opened();
        client.types("more\n");
    }
    (void)client.sent();
    client.welcome(0);
    const Sent sent = client.sent();
    ASSERT_EQ(sent.size(), 11);
    EXPECT_EQ(sent.front(), "1 say: one");
    EXPECT_EQ(sent.back(), "11 say: more");
}

Test(recovery, a_client_that_is_back_reads_no_second_welcome) {
    Client client(Stage::Talking);
    client.conversation.link_closed();
    client.conversation.link_opened();
    client.welcome(0);
    EXPECT_EQ(client.screen(), "");
}

// Otherwise everything that is not acknowledged would go out once more each time, whether the
// broker reads it or not.
Test(recovery, a_second_welcome_over_one_link_is_refused) {
    Client client(Stage::Talking);
    client.types("one\ntwo\n");
    EXPECT_EQ(client.sent().size(), 2);
    EXPECT_FALSE(client.takes(welcome_to(1), {}, "alice"));
    EXPECT_EQ(client.sent(), kNothing);
    client.relinks();
    client.broker(welcome_to(1), {}, "alice");
    EXPECT_EQ(client.sent().size(), 2);
}

Test(recovery, a_crowd_that_was_shown_is_not_asked_for_again) {
    Client client(Stage::Talking);
    client.broker(crowd(70, 9, 0), {}, "bob carol dave");
    client.conversation.link_closed();
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 40 has 70"});
}

// --- Questions and answers ---

Test(recovery, a_question_is_asked_again_after_a_broken_link) {
    Client client(Stage::Talking);
    client.types("hello\n/who al\n/quit\n");
    client.broker(People{.now_ms = kNow, .members = 1, .matching = 1}, "al");
    client.relinks();
    client.welcome(0);
    EXPECT_EQ(client.sent(), (Sent{"1 say: hello", "who [al]"}));
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"2 leave quit"});
}

Test(recovery, a_question_that_was_answered_is_not_asked_again) {
    Client client(Stage::Talking);
    client.types("/history\n");
    client.broker(Done{});
    client.relinks();
    client.welcome(0);
    EXPECT_EQ(client.sent(), kNothing);
}

Test(recovery, a_question_without_a_link_is_asked_over_the_next) {
    Client client(Stage::Talking);
    client.conversation.link_closed();
    EXPECT_EQ(client.sent_for("/who\n"), kNothing);
    client.conversation.link_opened();
    (void)client.sent();
    client.welcome(0);
    EXPECT_EQ(client.sent(), Sent{"who []"});
}

Test(recovery, an_answer_that_was_cut_off_is_shown_once_and_whole) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/who\n"), Sent{"who []"});
    client.broker(People{.now_ms = kNow, .members = 2, .matching = 2});
    client.broker(Person{.since_ms = kNow, .idle_ms = 0, .pid = 11}, "alice", "peer");
    client.conversation.link_closed();
    client.conversation.link_opened();
    EXPECT_EQ(client.screen(), "");
    (void)client.sent();
    client.welcome();
    EXPECT_EQ(client.sent(), Sent{"who []"});
    client.broker(People{.now_ms = kNow, .members = 1, .matching = 1});
    client.broker(Person{.since_ms = kNow, .idle_ms = 0, .pid = 11}, "alice", "peer");
    client.broker(Done{});
    EXPECT_EQ(client.screen(),
              "You are the only one here:\n"
              "  name   pid  since  idle  address\n"
              "  alice   11  14:02   0 s  peer\n");
}

Test(recovery, a_replay_that_begins_anew_is_not_shown_twice) {
    Client client(Stage::Talking);
    client.types("/history\n");
    client.broker(Replay{.now_ms = kNow, .messages = 3});
    client.replays("bob", "one");
    client.replays("bob", "two");
    EXPECT_EQ(client.screen(), "[14:02] bob says: one\n[14:02] bob says: two\n");
    client.relinks();
    client.welcome(0);
    client.broker(Replay{.now_ms = kNow, .messages = 3});
    client.replay_begins_anew();
    for (const char* text : {"one", "two", "three"}) client.replays("bob", text);
    client.broker(Done{});
    EXPECT_EQ(client.screen(), "[14:02] bob says: three\n");
    client.types("/history\n");
    client.replay_begins_anew();
    client.replays("bob", "one");
    EXPECT_EQ(client.screen(), "[14:02] bob says: one\n");
}

// A broker is killed while it replays to a newcomer; the next broker begins the replay anew.
Test(recovery, the_replay_to_a_newcomer_is_whole_and_comes_once_whatever_links_break) {
    Client client(Stage::Entering);
    client.broker(welcome_to(1), {}, "alice");
    (void)client.screen();
    const std::string past[] = {"one", "two", "three"};
    for (std::size_t shown = 1; shown < 3; ++shown) {
        for (std::size_t i = 0; i < shown; ++i) client.replays("bob", past[i]);
        client.replay_begins_anew();
        client.conversation.link_closed();
        client.conversation.link_opened();
        EXPECT_EQ(client.sent(), Sent{"attach alice session 40 has 40, newcomer"});
        client.broker(welcome_to(1), {}, "alice");
    }
    for (const std::string& line : past) client.replays("bob", line);
    client.broker(Done{});
    EXPECT_EQ(client.screen(),
              "[14:02] bob says: one\n[14:02] bob says: two\n[14:02] bob says: three\n");
    client.conversation.link_closed();
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 40 has 40"});
}

// --- Leaving over a broken link ---

Test(recovery, a_client_that_quits_without_a_link_leaves_over_the_next) {
    Client client(Stage::Talking);
    client.conversation.link_closed();
    client.types("hello\n/quit\n");
    EXPECT_TRUE(client.conversation.wants_link());
    client.conversation.link_opened();
    (void)client.sent();
    client.welcome(0);
    EXPECT_EQ(client.sent(), (Sent{"1 say: hello", "2 leave quit"}));
}

Test(recovery, a_client_that_has_left_ends_though_the_news_of_it_is_lost) {
    for (const auto& [typed, end] :
         {std::pair("/quit\n", WorkerExit::Goodbye), std::pair("", WorkerExit::Lost)}) {
        Client client(Stage::Talking);
        client.types(typed);
        if (end == WorkerExit::Lost) client.conversation.client_lost();
        client.conversation.link_closed();
        client.conversation.link_opened();
        client.broker(Denied{Refusal::Removed});
        EXPECT_EQ(client.screen(), "");
        EXPECT_EQ(client.end(), end);
    }
}

Test(recovery, a_client_that_a_new_broker_does_not_know_is_told_that_something_went_wrong) {
    Client client(Stage::Talking);
    client.conversation.link_closed();
    client.conversation.link_opened();
    client.broker(Denied{Refusal::Removed});
    EXPECT_EQ(client.screen(), "Something went wrong on the server. Please come in again.\n");
    EXPECT_EQ(client.end(), WorkerExit::Failed);
}

// --- Requests that brokers die of ---

Test(recovery, a_poisonous_request_is_not_sent_again) {
    Client client(Stage::Talking);
    client.types("boom\nafter\n");
    client.relinks();
    client.welcome(1);
    EXPECT_EQ(client.sent(), Sent{"2 say: after"});
    client.is_refused(1, Refusal::Poison);
    EXPECT_EQ(client.screen(), "The server stumbled over that and did not do it.\n");
    EXPECT_EQ(client.sent(), kNothing);
}

Test(recovery, a_client_whose_leave_is_poisonous_ends) {
    Client client(Stage::Talking);
    client.types("/quit\n");
    client.relinks();
    client.welcome(1);
    client.is_refused(1, Refusal::Poison);
    // Either the conversation is over now, or the worker asks once more.
    EXPECT_TRUE(client.end().has_value() || client.sent() == Sent{"2 leave quit"});
}

Test(recovery, a_refusal_of_another_request_does_not_end_a_client_that_is_leaving) {
    Client client(Stage::Talking);
    client.types("/nick bob\n/quit\n");
    client.is_refused(1, Refusal::NameTaken, "bob");
    EXPECT_FALSE(client.end().has_value());
    client.has_left(2, LeaveReason::Quit);
    EXPECT_EQ(client.screen(), "The name bob is taken, or looks like one that is.\nGoodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Goodbye);
}

Test(recovery, a_refusal_after_a_broken_link_names_what_was_refused) {
    Client client(Stage::Talking);
    client.types("/nick bob\n/msg dan hello\n");
    client.conversation.link_closed();
    client.conversation.link_opened();
    client.welcome(2);  // Both are in the log, which follows.
    client.is_refused(1, Refusal::NameTaken, "bob");
    client.is_refused(2, Refusal::NobodyThere, "dan");
    EXPECT_EQ(client.screen(),
              "The name bob is taken, or looks like one that is.\nNobody here is called dan.\n");
}

// --- Entries that the client missed ---

Test(recovery, a_client_learns_how_much_it_missed) {
    Client client(Stage::Talking);
    client.broker(Gap{.messages = 37, .acked = 0});
    EXPECT_EQ(client.screen(), "… 37 messages skipped\n");
    client.broker(Gap{.messages = 1, .acked = 0});
    EXPECT_EQ(client.screen(), "… 1 message skipped\n");
    client.broker(Gap{.messages = 0, .acked = 0});
    EXPECT_EQ(client.screen(), "");
    client.happens(EntryKind::Say, kBob, "bob", "hello");
    EXPECT_EQ(client.screen(), "bob says: hello\n");
}

Test(recovery, a_gap_acknowledges_requests) {
    Client client(Stage::Talking);
    client.types("one\ntwo\nthree\n");
    client.broker(Gap{.messages = 1, .acked = 2});
    client.relinks();
    client.welcome(0);
    EXPECT_EQ(client.sent(), Sent{"3 say: three"});
}

Test(recovery, a_gap_carries_a_name_that_changed_unseen) {
    Client client(Stage::Talking);
    client.types("/nick alicia\n");
    client.broker(Gap{.messages = 1, .acked = 1}, "alicia");
    EXPECT_EQ(client.conversation.name(), "alicia");
    client.broker(Gap{.messages = 1, .acked = 1});
    EXPECT_EQ(client.conversation.name(), "alicia");
}

Test(recovery, a_refusal_after_a_gap_names_what_was_refused) {
    Client client(Stage::Talking);
    client.types("/nick bob\n");
    client.broker(Gap{.messages = 37, .acked = 1}, "alice");
    (void)client.screen();
    client.is_refused(1, Refusal::NameTaken, "bob");
    EXPECT_EQ(client.screen(), "The name bob is taken, or looks like one that is.\n");
}

Test(recovery, a_client_whose_own_leave_was_lost_in_a_gap_ends) {
    Client client(Stage::Talking);
    client.types("hello\n/quit\n");
    client.broker(Gap{.messages = 37, .acked = 1});  // The broker has not read the Leave yet.
    EXPECT_FALSE(client.end().has_value());
    client.broker(Gap{.messages = 37, .acked = kNoLongerMember});
    EXPECT_EQ(client.end(), WorkerExit::Goodbye);
}

// --- A broker that does not answer ---

Test(recovery, a_client_is_told_once_that_the_broker_is_silent_and_once_that_it_is_back) {
    Client client(Stage::Talking);
    client.types("hello\n");
    client.conversation.broker_is_silent();
    client.conversation.broker_is_silent();
    EXPECT_EQ(client.screen(),
              "… the room is recovering, please wait; what you said is not lost\n");
    client.happens(EntryKind::Say, kBob, "bob", "hi");
    EXPECT_EQ(client.screen(), "… the room is back\nbob says: hi\n");
    client.happens(EntryKind::Say, kBob, "bob", "again");
    EXPECT_EQ(client.screen(), "bob says: again\n");
    client.conversation.broker_is_silent();
    EXPECT_EQ(client.screen(),
              "… the room is recovering, please wait; what you said is not lost\n");
}

Test(recovery, a_broker_owes_a_newcomer_a_welcome_and_the_replay) {
    Client client;
    EXPECT_FALSE(client.conversation.waits_for_broker());  // The client has given no name yet.
    client.types("alice\n");
    EXPECT_TRUE(client.conversation.waits_for_broker());
    client.conversation.link_opened();
    client.broker(welcome_to(1), {}, "alice");
    EXPECT_TRUE(client.conversation.waits_for_broker());  // The replay has not come.
    client.broker(Done{});
    EXPECT_FALSE(client.conversation.waits_for_broker());
}

Test(recovery, a_broker_owes_an_answer_and_an_acknowledgement_and_a_new_link_a_welcome) {
    Client client(Stage::Talking);
    EXPECT_FALSE(client.conversation.waits_for_broker());
    client.types("/who\n");
    EXPECT_TRUE(client.conversation.waits_for_broker());
    client.broker(People{.now_ms = kNow, .members = 1, .matching = 1});
    client.broker(Done{});
    EXPECT_FALSE(client.conversation.waits_for_broker());
    client.types("hello\n");
    EXPECT_TRUE(client.conversation.waits_for_broker());
    client.comes_back(EntryKind::Say, 1, "hello");
    EXPECT_FALSE(client.conversation.waits_for_broker());
    client.conversation.link_closed();
    EXPECT_TRUE(client.conversation.waits_for_broker());
}
