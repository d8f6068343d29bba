// Specification of how a conversation ends: the client leaves, the operator removes it, the server
// closes.
#include <criterion/criterion.h>

#include "support/conversation_client.h"
#include "support/expect.h"

using chatd::CloseRoom;
using chatd::Done;
using chatd::EntryKind;
using chatd::LeaveReason;
using chatd::WorkerExit;
using chatd::test::kBob;
using chatd::test::kNothing;
using chatd::test::Sent;
using Client = chatd::test::ConversationClient;
using Stage = Client::Stage;

TestSuite(endings, .timeout = 20);

// --- The client quits ---

Test(endings, a_client_that_quits_sees_what_came_before_and_a_goodbye) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/quit\n"), Sent{"1 leave quit"});
    EXPECT_FALSE(client.end().has_value());
    client.happens(EntryKind::Say, kBob, "bob", "wait");
    client.has_left(1, LeaveReason::Quit);
    EXPECT_EQ(client.screen(), "bob says: wait\nGoodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Goodbye);
}

Test(endings, quit_may_have_last_words) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/quit good night\n"), Sent{"1 leave quit: good night"});
}

Test(endings, lines_after_quit_are_not_read) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/quit\nhello\n/who\n"), Sent{"1 leave quit"});
    EXPECT_EQ(client.sent_for("hello again\n"), kNothing);
    client.has_left(1, LeaveReason::Quit);
    EXPECT_EQ(client.sent(), kNothing);
}

Test(endings, a_client_that_the_room_expels_is_told_that_something_went_wrong) {
    Client client(Stage::Talking);
    client.has_left(0, LeaveReason::Expelled);
    EXPECT_EQ(client.screen(), "Something went wrong on the server. Please come in again.\n");
    EXPECT_EQ(client.end(), WorkerExit::Failed);
}

Test(endings, nothing_happens_after_the_end) {
    Client client(Stage::Talking);
    client.types("/quit\n");
    client.has_left(1, LeaveReason::Quit);
    (void)client.screen();
    (void)client.sent();
    EXPECT_FALSE(client.conversation.wants_link());
    EXPECT_FALSE(client.conversation.wants_input());
    client.happens(EntryKind::Say, kBob, "bob", "hello?");
    EXPECT_TRUE(client.takes(CloseRoom{}));
    client.types("hello\n");
    client.conversation.client_finished();
    client.conversation.client_lost();
    client.conversation.operator_removes();
    client.conversation.server_closes();
    EXPECT_EQ(client.screen(), "");
    EXPECT_EQ(client.sent(), kNothing);
    EXPECT_EQ(client.end(), WorkerExit::Goodbye);
}

// --- The client sends no more ---

Test(endings, the_end_of_input_leaves_without_a_goodbye) {
    Client client(Stage::Talking);
    client.types("hello\n");
    client.conversation.client_finished();
    EXPECT_FALSE(client.conversation.wants_input());
    EXPECT_EQ(client.sent(), (Sent{"1 say: hello", "2 leave quit"}));
    client.has_left(2, LeaveReason::Quit);
    EXPECT_EQ(client.screen(), "");
    EXPECT_EQ(client.end(), WorkerExit::Goodbye);
}

Test(endings, a_last_line_without_end_is_said_before_leaving) {
    Client client(Stage::Talking);
    client.types("one\ntwo");
    EXPECT_EQ(client.sent(), Sent{"1 say: one"});
    client.conversation.client_finished();
    EXPECT_EQ(client.sent(), (Sent{"2 say: two", "3 leave quit"}));
}

Test(endings, a_last_command_without_end_is_obeyed) {
    Client client(Stage::Talking);
    client.types("/quit bye");
    client.conversation.client_finished();
    EXPECT_EQ(client.sent(), Sent{"1 leave quit: bye"});
}

Test(endings, the_end_of_input_waits_for_the_answer_to_a_question) {
    Client client(Stage::Talking);
    client.types("/who\nbye\n");
    client.conversation.client_finished();
    EXPECT_EQ(client.sent(), Sent{"who []"});
    client.broker(Done{});
    EXPECT_EQ(client.sent(), (Sent{"1 say: bye", "2 leave quit"}));
}

// --- The client is lost ---

Test(endings, a_lost_client_leaves_and_its_part_of_a_line_is_not_said) {
    Client client(Stage::Talking);
    client.types("hello\nhalf a li");
    client.conversation.client_lost();
    EXPECT_EQ(client.sent(), (Sent{"1 say: hello", "2 leave lost"}));
    client.has_left(2, LeaveReason::Lost);
    EXPECT_EQ(client.end(), WorkerExit::Lost);
}

Test(endings, a_client_lost_during_a_question_leaves_after_the_answer) {
    Client client(Stage::Talking);
    client.types("/who\n");
    client.conversation.client_lost();
    (void)client.sent();
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"1 leave lost"});
}

Test(endings, a_client_that_has_quit_and_is_lost_leaves_once) {
    Client client(Stage::Talking);
    client.types("/quit\n");
    client.conversation.client_finished();
    client.conversation.client_lost();
    EXPECT_EQ(client.sent(), Sent{"1 leave quit"});
    client.has_left(1, LeaveReason::Quit);
    EXPECT_EQ(client.end(), WorkerExit::Goodbye);
}

// --- The operator ---

Test(endings, the_operator_removes_a_client_at_the_prompt) {
    Client client;
    (void)client.screen();
    client.conversation.operator_removes();
    EXPECT_EQ(client.screen(), "\nThe operator has closed your connection. Goodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Removed);
}

Test(endings, the_operator_removes_a_client_that_is_entering) {
    Client client(Stage::Entering);
    client.conversation.operator_removes();
    EXPECT_EQ(client.screen(), "The operator has closed your connection. Goodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Removed);
}

Test(endings, the_operator_removes_a_client_in_the_room) {
    Client client(Stage::Talking);
    client.conversation.operator_removes();
    EXPECT_EQ(client.screen(), "The operator has closed your connection. Goodbye.\n");
    EXPECT_EQ(client.sent(), Sent{"1 leave removed"});
    EXPECT_FALSE(client.end().has_value());
    client.has_left(1, LeaveReason::Removed);
    EXPECT_EQ(client.screen(), "");
    EXPECT_EQ(client.end(), WorkerExit::Removed);
}

Test(endings, a_removed_client_says_no_more) {
    Client client(Stage::Talking);
    client.types("/who\nhello\n");
    (void)client.sent();
    client.conversation.operator_removes();
    EXPECT_EQ(client.sent(), Sent{"1 leave removed"});
    client.broker(Done{});
    client.types("hello again\n");
    client.conversation.client_finished();
    EXPECT_EQ(client.sent(), kNothing);
}

Test(endings, the_operator_need_not_wait_for_a_broker) {
    Client client(Stage::Talking);
    client.conversation.link_closed();
    client.conversation.operator_removes();
    EXPECT_FALSE(client.end().has_value());
    client.conversation.operator_removes();
    EXPECT_EQ(client.end(), WorkerExit::Removed);
}

Test(endings, the_operator_removes_a_client_that_is_leaving) {
    Client client(Stage::Talking);
    client.types("/quit\n");
    client.conversation.operator_removes();
    EXPECT_EQ(client.screen(), "The operator has closed your connection. Goodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Removed);
}

// A supervisor may signal every process of the server.
Test(endings, the_operator_removes_nobody_while_the_server_closes) {
    Client client(Stage::Talking);
    client.conversation.server_closes();
    client.conversation.operator_removes();
    EXPECT_EQ(client.screen(), "");
    EXPECT_EQ(client.sent(), kNothing);
    EXPECT_FALSE(client.end().has_value());
}

// --- The server ---

Test(endings, a_closing_server_says_so_to_clients_that_are_not_in_the_room) {
    Client login;
    (void)login.screen();
    login.conversation.server_closes();
    EXPECT_EQ(login.screen(), "\nThe server is shutting down. Goodbye.\n");
    EXPECT_EQ(login.end(), WorkerExit::Closed);

    Client entering(Stage::Entering);
    entering.conversation.server_closes();
    EXPECT_EQ(entering.screen(), "The server is shutting down. Goodbye.\n");
    EXPECT_EQ(entering.end(), WorkerExit::Closed);
}

Test(endings, a_closing_server_says_so_to_the_room_through_the_log) {
    Client client(Stage::Talking);
    client.conversation.server_closes();
    EXPECT_EQ(client.screen(), "");
    client.happens(EntryKind::Say, kBob, "bob", "what was that?");
    client.happens(EntryKind::Closing, 0, {});
    EXPECT_EQ(client.screen(), "bob says: what was that?\nThe server is shutting down. Goodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Closed);
}

Test(endings, a_closing_server_ends_a_client_that_is_leaving) {
    Client client(Stage::Talking);
    client.types("/quit\n");
    client.conversation.server_closes();
    EXPECT_FALSE(client.end().has_value());
    client.happens(EntryKind::Closing, 0, {});
    EXPECT_EQ(client.end(), WorkerExit::Closed);
}
