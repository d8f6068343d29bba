// Specification of private words: /msg, and /r to whoever sent the last.
#include <criterion/criterion.h>

#include <string>

#include "support/conversation_client.h"
#include "support/expect.h"

using chatd::Entry;
using chatd::EntryKind;
using chatd::Refusal;
using chatd::test::crowd;
using chatd::test::kBob;
using chatd::test::kEve;
using chatd::test::kMe;
using chatd::test::Sent;
using Client = chatd::test::ConversationClient;
using Stage = Client::Stage;

TestSuite(private_words, .timeout = 20);

// --- To one member ---

Test(private_words, msg_is_for_one_member) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/msg bob  psst, listen\n"), Sent{"1 tell bob: psst, listen"});
    EXPECT_EQ(client.sent_for("/msg 小明 嘘\n"), Sent{"2 tell 小明: 嘘"});
    client.comes_back(EntryKind::Tell, 1, "psst, listen", kBob);
    EXPECT_EQ(client.screen(), "");
}

Test(private_words, what_people_write_around_a_name_is_no_part_of_it) {
    for (const char* line : {"/msg bob: hi", "/msg @bob hi", "/msg @bob: hi", "/msg bob, hi",
                             "/msg bob:hi", "/msg　bob　hi", "／msg bob：hi", "/msg ＠bob： hi",
                             "/msg bob， hi", "\u3000/msg\u00A0bob\u2003hi"}) {
        Client client(Stage::Talking);
        EXPECT_EQ(client.sent_for(std::string(line) + "\n"), Sent{"1 tell bob: hi"});
    }
    Client client(Stage::Talking);

    EXPECT_EQ(client.sent_for("/msg bob :)\n"), Sent{"1 tell bob: :)"});
    EXPECT_EQ(client.shown_for("/msg bob,eve hi\n"), "Nobody here is called bob,eve.\n");
}

Test(private_words, msg_needs_a_name_and_words) {
    Client client(Stage::Talking);
    for (const char* line : {"/msg\n", "/msg bob\n", "/msg bob:\n", "/msg @ hi\n", "/msg : hi\n",
                             "/msg bob \u3000\n"}) {
        EXPECT_EQ(client.shown_for(line), "Say whom and what: /msg bob hello\n");
    }
}

Test(private_words, a_member_with_an_impossible_name_is_not_looked_for) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.shown_for("/msg b/b hello\n"), "Nobody here is called b/b.\n");
    const std::string name(81, 'x');
    EXPECT_EQ(client.shown_for("/msg " + name + " hello\n"),
              "Nobody here is called\n" + name + ".\n");
}

Test(private_words, a_name_that_nobody_may_take_today_may_be_that_of_a_member) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/msg -b\u0456ll- hello\n"), Sent{"1 tell -b\u0456ll-: hello"});
}

Test(private_words, a_client_learns_that_the_member_is_not_here) {
    Client client(Stage::Talking);
    client.types("/msg bob hello\n");
    client.is_refused(1, Refusal::NobodyThere, "bob");
    EXPECT_EQ(client.screen(), "Nobody here is called bob.\n");
}

Test(private_words, a_client_may_send_private_words_to_itself) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/msg alice note\n"), Sent{"1 tell alice: note"});
    client.comes_back(EntryKind::Tell, 1, "note", kMe);
    EXPECT_EQ(client.screen(), "alice tells you: note\n");
    EXPECT_EQ(client.sent_for("/r another\n"), Sent{"2 tell alice: another"});
}

// --- Whom /r answers ---

Test(private_words, r_answers_the_last_sender) {
    Client client(Stage::Talking);
    client.hears(kBob, "bob", "psst");
    client.hears(kEve, "eve", "hey");
    client.happens(EntryKind::Say, kBob, "bob", "to all");
    (void)client.screen();
    EXPECT_EQ(client.sent_for("/r yes?\n"), Sent{"1 tell eve: yes?"});
    client.hears(kBob, "bob", "again");
    (void)client.screen();
    EXPECT_EQ(client.sent_for("/r what?\n"), Sent{"2 tell bob: what?"});
}

Test(private_words, r_follows_the_sender_to_a_new_name) {
    Client client(Stage::Talking);
    client.hears(kBob, "bob", "psst");
    client.happens(EntryKind::Rename, kEve, "eve", "eva");
    client.happens(EntryKind::Rename, kBob, "bob", "rob");
    client.happens(EntryKind::Rename, kBob, "rob", "bert");
    (void)client.screen();
    EXPECT_EQ(client.sent_for("/r yes?\n"), Sent{"1 tell bert: yes?"});
}

Test(private_words, r_needs_words_and_somebody_to_answer) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.shown_for("/r\n"), "Say what: /r hello\n");
    EXPECT_EQ(client.shown_for("/r hello\n"), "Nobody has told you anything yet.\n");
    client.hears(kBob, "bob", "psst");
    (void)client.screen();
    EXPECT_EQ(client.shown_for("/r  \n"), "Say what: /r hello\n");
}

Test(private_words, r_does_not_answer_replayed_words) {
    Client client(Stage::Talking);
    Entry old = client.entry(EntryKind::Tell, kBob);
    old.seq = 5;
    old.to = kMe;
    client.broker(old, "bob", "psst");
    EXPECT_EQ(client.screen(), "[14:02] bob tells you: psst\n");
    EXPECT_EQ(client.shown_for("/r hello\n"), "Nobody has told you anything yet.\n");
}

Test(private_words, r_does_not_answer_a_sender_that_left_in_a_crowd) {
    Client client(Stage::Talking);
    client.hears(kBob, "bob", "psst");
    client.broker(crowd(70, 0, 2), {}, "carol bob");
    (void)client.screen();
    EXPECT_EQ(client.shown_for("/r hello\n"), "Nobody has told you anything yet.\n");
}

Test(private_words, r_does_not_answer_a_sender_that_may_have_left_unnamed) {
    Client client(Stage::Talking);
    client.hears(kBob, "bob", "psst");
    client.broker(crowd(70, 0, 9), {}, "carol dave erin");
    (void)client.screen();
    EXPECT_EQ(client.shown_for("/r hello\n"), "Nobody has told you anything yet.\n");
}

Test(private_words, r_answers_a_sender_that_stays_when_a_crowd_leaves) {
    Client client(Stage::Talking);
    client.hears(kBob, "bob", "psst");
    client.broker(crowd(70, 9, 2), {}, "x y z carol bobby");
    (void)client.screen();
    EXPECT_EQ(client.sent_for("/r hello\n"), Sent{"1 tell bob: hello"});
}
