// Specification of limits: how fast a client may be, how long idle, and how much a worker holds for
// it.
#include <criterion/criterion.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/bounds.h"
#include "support/conversation_client.h"
#include "support/expect.h"
#include "support/where.h"

using chatd::EntryKind;
using chatd::kInputBytesMax;
using chatd::kUnackedBytesMax;
using chatd::Language;
using chatd::LeaveReason;
using chatd::Limits;
using chatd::WorkerExit;
using chatd::test::kBegin;
using chatd::test::kBob;
using chatd::test::kNothing;
using chatd::test::lines;
using chatd::test::Sent;
using Client = chatd::test::ConversationClient;
using Stage = Client::Stage;
using namespace std::chrono_literals;

namespace {

constexpr Limits kTwoAtOnce = {.rate = {.per_second = 10, .burst = 2}, .to_name = {}, .idle = {}};
constexpr Limits kIdle = {.rate = {}, .to_name = {}, .idle = 600s};

constexpr std::string_view kTooFast =
    "You are faster than the room: from here on 10 of your lines go out a second.\n";

// A client that asks and does not read what it asked for costs no more memory than any other.
void expect_bounded_screen(Client& client, std::string_view question,
                           chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    constexpr std::size_t kEnough = 4 * 1024 * 1024;
    while (client.conversation.wants_input() && client.conversation.screen().size() < kEnough) {
        client.types(question);
    }
    EXPECT_LT(client.conversation.screen().size(), kEnough);
    client.conversation.screen().clear();
    EXPECT_TRUE(client.conversation.wants_input());
}

}  // namespace

TestSuite(client_limits, .timeout = 20);

// --- Memory ---

Test(client_limits, a_client_whose_lines_cannot_be_handled_is_read_up_to_a_bound) {
    Client client(Stage::Entering);
    const std::string piece = lines(1, std::string(1000, 'x'));
    std::size_t bytes = 0;
    while (client.conversation.wants_input() && bytes < 10 * kInputBytesMax) {
        client.types(piece);
        bytes += piece.size();
    }
    EXPECT_GE(bytes, kInputBytesMax);
    EXPECT_LT(bytes, kInputBytesMax + piece.size());
    client.welcome();
    EXPECT_TRUE(client.conversation.wants_input());
    EXPECT_EQ(client.sent().size(), bytes / piece.size());
}

Test(client_limits, a_line_without_end_never_stops_the_reading) {
    Client client(Stage::Talking);
    for (int count = 0; count < 100; ++count) {
        client.types(std::string(1000, 'x'));
        EXPECT_TRUE(client.conversation.wants_input());
    }
}

Test(client_limits, requests_that_are_not_acknowledged_are_kept_up_to_a_bound) {
    Client client(Stage::Talking);
    const std::string piece = lines(4, std::string(4000, 'x'));
    std::size_t typed = 0;
    while (client.conversation.wants_input() && typed < 100) {
        client.types(piece);
        typed += 4;
    }
    EXPECT_LT(typed, 100);
    EXPECT_LT(client.conversation.frames().size(), kUnackedBytesMax + 4100);
    const std::size_t sent = client.sent().size();
    EXPECT_LT(sent, typed);

    for (std::size_t counter = 1; counter <= sent; ++counter) {
        client.comes_back(EntryKind::Say, counter, "x");
    }
    EXPECT_EQ(client.sent().size(), typed - sent);
    EXPECT_TRUE(client.conversation.wants_input());
}

Test(client_limits, everything_that_is_kept_is_sent_again_and_the_rest_after_its_acknowledgement) {
    Client client(Stage::Talking);
    client.types(lines(24, std::string(4000, 'x')));
    const std::size_t kept = client.sent().size();
    client.relinks();
    client.welcome(0);
    EXPECT_EQ(client.sent().size(), kept);
    client.relinks();
    client.welcome(kept);
    EXPECT_EQ(client.sent().size(), 24 - kept);
}

Test(client_limits, a_client_that_does_not_read_the_answers_is_not_read) {
    Client client(Stage::Talking);
    expect_bounded_screen(client, "/help\n");
    expect_bounded_screen(client, "/zzz\n");
}

Test(client_limits, a_client_that_does_not_read_at_the_prompt_is_not_read) {
    Client client;
    expect_bounded_screen(client, "/lang en\n");
    expect_bounded_screen(client, "\xFF\xFD\x06");
}

// --- Rate ---

Test(client_limits, a_client_that_is_too_fast_is_told_once_and_goes_on_in_even_steps) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types("a\nb\nc\nd\n");
    EXPECT_EQ(client.sent(), (Sent{"1 say: a", "2 say: b"}));
    EXPECT_EQ(client.screen(), kTooFast);
    EXPECT_TRUE(client.conversation.wake_at() == kBegin + 100ms);

    client.conversation.time_is(kBegin + 100ms);
    EXPECT_EQ(client.sent(), Sent{"3 say: c"});
    client.conversation.time_is(kBegin + 199ms);
    EXPECT_EQ(client.sent(), kNothing);
    client.conversation.time_is(kBegin + 200ms);
    EXPECT_EQ(client.sent(), Sent{"4 say: d"});
    EXPECT_EQ(client.screen(), "");
    EXPECT_FALSE(client.conversation.wake_at().has_value());
}

Test(client_limits, a_client_that_is_too_fast_again_after_a_rest_is_told_again) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types("a\nb\nc\n");
    EXPECT_EQ(client.screen(), kTooFast);
    client.conversation.time_is(kBegin + 100ms);
    client.conversation.time_is(kBegin + 10s);
    client.types("d\ne\nf\n");
    EXPECT_EQ(client.screen(), kTooFast);
}

Test(client_limits, a_burst_stays_one_while_its_worker_gets_no_processor) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types("a\nb\nc\nd\ne\nf\ng\n");
    EXPECT_EQ(client.screen(), kTooFast);
    client.conversation.time_is(kBegin + 10s);
    EXPECT_EQ(client.screen(), "");
}

// So a client that is gone is noticed, though nobody says anything that would be sent to it.
Test(client_limits, a_client_whose_lines_wait_for_long_is_told_again_each_minute) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types(lines(700, "a"));
    client.conversation.client_finished();
    EXPECT_EQ(client.screen(), kTooFast);
    for (auto now = kBegin; now < kBegin + chatd::kToldAgain; now += 100ms) {
        client.conversation.time_is(now);
    }
    EXPECT_EQ(client.screen(), "");
    client.conversation.time_is(kBegin + chatd::kToldAgain);
    EXPECT_EQ(client.screen(), kTooFast);
    (void)client.sent();
    client.conversation.client_lost();
    EXPECT_EQ(client.sent(), Sent{"603 leave lost"});
}

Test(client_limits, lines_that_came_too_fast_are_said_though_the_client_sends_no_more) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types("a\nb\nc\nlast words");
    client.conversation.client_finished();
    EXPECT_EQ(client.sent(), (Sent{"1 say: a", "2 say: b"}));
    client.conversation.time_is(kBegin + 100ms);
    EXPECT_EQ(client.sent(), Sent{"3 say: c"});
    client.conversation.time_is(kBegin + 200ms);
    EXPECT_EQ(client.sent(), (Sent{"4 say: last words", "5 leave quit"}));
}

Test(client_limits, a_client_that_is_gone_says_no_more_than_the_rate_allows_at_once) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types("a\nb\nc\nd\n");
    EXPECT_EQ(client.sent(), (Sent{"1 say: a", "2 say: b"}));
    client.conversation.client_lost();
    EXPECT_EQ(client.sent(), Sent{"3 leave lost"});
}

Test(client_limits, a_client_without_a_name_is_paced_too) {
    Client client(Stage::Login, Language::English, kTwoAtOnce);
    client.types("/lang zh\n/lang en\n/lang zh\n");
    EXPECT_CONTAINS(client.screen(), "English.\n");
    EXPECT_TRUE(client.conversation.wake_at() == kBegin + chatd::kPromptHeld + 100ms);
}

// --- The rate of all clients of one address ---

Test(client_limits, the_clients_of_one_address_take_turns) {
    chatd::SharedBudget::Spent spent{0};
    const chatd::SharedBudget budget(&spent, {.per_second = 10, .burst = 6});
    Client alice(Stage::Talking, Language::English, {}, budget);  // Each login has cost two units.
    Client bob(Stage::Talking, Language::English, {}, budget);
    alice.types("a\nb\nc\n");
    bob.types("d\n");
    EXPECT_EQ(alice.sent(), (Sent{"1 say: a", "2 say: b"}));
    EXPECT_EQ(bob.sent(), kNothing);
    EXPECT_TRUE(alice.conversation.wake_at() == kBegin + 100ms);
    EXPECT_TRUE(bob.conversation.wake_at() == kBegin + 200ms);
    EXPECT_EQ(alice.screen() + bob.screen(), "");  // They do not wait long.
}

Test(client_limits, a_client_that_waits_long_for_its_address_is_told_once) {
    chatd::SharedBudget::Spent spent{0};
    const chatd::SharedBudget budget(&spent, {.per_second = 1, .burst = 3});
    Client client(Stage::Talking, Language::English, {}, budget);
    client.types("a\nb\nc\nd\n");
    EXPECT_EQ(client.sent(), Sent{"1 say: a"});
    EXPECT_EQ(client.screen(), "Many lines come from your address: yours wait for their turn.\n");
    client.conversation.time_is(kBegin + 1s);
    EXPECT_EQ(client.sent(), Sent{"2 say: b"});
    client.conversation.time_is(kBegin + 2s);
    EXPECT_EQ(client.sent(), Sent{"3 say: c"});
    EXPECT_EQ(client.screen(), "");
}

Test(client_limits, long_lines_questions_and_renames_cost_an_address_more) {
    const auto seconds_after = [](const std::string& line) {
        chatd::SharedBudget::Spent spent{0};
        const chatd::SharedBudget budget(&spent, {.per_second = 1, .burst = 3});
        Client client(Stage::Talking, Language::English, {}, budget);
        client.types(line + "\n");
        client.conversation.client_sent("x");
        return (spent.load() - kBegin.time_since_epoch().count()) / 1'000'000'000 - 4;
    };
    EXPECT_EQ(seconds_after("hello"), 0);
    EXPECT_EQ(seconds_after(std::string(600, 'x')), 1);
    EXPECT_EQ(seconds_after(std::string(600, '\x80')), 3);  // It counts as it is said: U+FFFD.
    EXPECT_EQ(seconds_after("/who"), static_cast<std::int64_t>(chatd::kUnitsOfQuestion) - 1);
    EXPECT_EQ(seconds_after("/history"), static_cast<std::int64_t>(chatd::kUnitsOfQuestion) - 1);
    EXPECT_EQ(seconds_after("/nick bob"), static_cast<std::int64_t>(chatd::kUnitsOfRename));
}

// The manual says so.
Test(client_limits, one_address_needs_nearly_two_minutes_to_push_out_all_that_was_said) {
    const std::string name(chatd::kNameBytesMax, 'n');
    double most_bytes_per_unit = 0;
    for (std::size_t bytes = 1; bytes <= chatd::kTextBytesMax; ++bytes) {
        const std::string text(bytes, 'x');
        const auto units = 1 + chatd::units_of({chatd::Verb::Say, {}, text});
        std::string frame;
        chatd::append_frame(frame, chatd::Entry{}, name, text);
        const std::size_t in_the_log = (frame.size() + 7) / 8 * 8;
        most_bytes_per_unit = std::max(most_bytes_per_unit, double(in_the_log) / units);
    }
    const double units = chatd::kHistoryBytes / most_bytes_per_unit - chatd::kUnitsAtOnce;
    EXPECT_GT(units / chatd::kUnitsPerSecond, 110);
    const double of_64_mib = 16 * chatd::kHistoryBytes / most_bytes_per_unit - chatd::kUnitsAtOnce;
    EXPECT_GT(of_64_mib / chatd::kUnitsPerSecond, 30 * 60);
}

Test(client_limits, a_client_whose_name_waits_for_its_turn_is_not_late) {
    chatd::SharedBudget::Spent spent{(kBegin + 40s).time_since_epoch().count()};
    const chatd::SharedBudget budget(&spent, {.per_second = 1, .burst = 1});
    Client client(Stage::Login, Language::English, {.rate = {}, .to_name = 30s, .idle = {}},
                  budget);
    client.types("alice\n");
    EXPECT_TRUE(client.conversation.wake_at() == kBegin + 40s);
    client.conversation.time_is(kBegin + 40s);
    EXPECT_FALSE(client.end().has_value());
    EXPECT_TRUE(client.conversation.wants_link());
}

Test(client_limits, commands_count_as_lines) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types("/help\n/help\n/quit\n");
    EXPECT_EQ(client.sent(), kNothing);
    client.conversation.time_is(kBegin + 100ms);
    EXPECT_EQ(client.sent(), Sent{"1 leave quit"});
}

Test(client_limits, lines_that_wait_for_an_answer_wait_for_no_time) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types("a\n/who\nb\nc\n");
    EXPECT_EQ(client.sent(), (Sent{"1 say: a", "who []"}));
    EXPECT_FALSE(client.conversation.wake_at().has_value());
}

// --- Idle clients ---

Test(client_limits, a_client_that_is_idle_for_too_long_leaves) {
    Client client(Stage::Talking, Language::English, kIdle);
    client.conversation.time_is(kBegin + 500s);
    client.types("hello\n");
    EXPECT_EQ(client.sent(), Sent{"1 say: hello"});
    EXPECT_TRUE(client.conversation.wake_at() == kBegin + 1100s);
    client.conversation.time_is(kBegin + 1100s);
    EXPECT_EQ(client.screen(), "You have said nothing for 600 seconds. Goodbye.\n");
    EXPECT_EQ(client.sent(), Sent{"2 leave idle"});
    client.comes_back(EntryKind::Say, 1, "hello");
    client.has_left(2, LeaveReason::Idle);
    EXPECT_TRUE(client.end() == WorkerExit::Idle);
}

// Otherwise such a client could hold its place for ever.
Test(client_limits, a_client_that_never_ends_its_line_is_idle) {
    Client client(Stage::Talking, Language::English, kIdle);
    client.types("half a line");
    EXPECT_TRUE(client.conversation.wake_at() == kBegin + 600s);
    client.conversation.time_is(kBegin + 600s);
    EXPECT_EQ(client.screen(), "You have said nothing for 600 seconds. Goodbye.\n");
    EXPECT_EQ(client.sent(), Sent{"1 leave idle"});
}

Test(client_limits, an_idle_client_that_does_not_read_ends_at_once) {
    Client client(Stage::Talking, Language::English, kIdle);
    client.happens(EntryKind::Say, kBob, "bob", "are you there?");
    client.conversation.time_is(kBegin + 600s);
    EXPECT_TRUE(client.end() == WorkerExit::Idle);
}
