// The client's side of a chat: what it sends, what it shows, and what it does about a break.

#include "chat/session.h"

#include <criterion/criterion.h>

#include <chrono>
#include <string>
#include <utility>

#include "base/bounds.h"
#include "support/expect.h"

using namespace std::chrono_literals;

using chatd::Event;
using chatd::kind_of;
using chatd::Language;
using chatd::LineKind;
using chatd::MessageView;
using chatd::Moment;
using chatd::Paint;
using chatd::Session;

TestSuite(session);

namespace {

constexpr const char* kHello = R"({"type":"hello","server":"chatd","language":"en"})";
constexpr const char* kAskName = R"({"type":"name?"})";
constexpr const char* kTaken =
    R"({"type":"error","line":1,"code":"name-taken","text":"The name is taken.","values":[]})";

std::int64_t utc(std::int64_t /*time_s*/) {
    return 0;
}

// A session with a server that the test plays.
class Play {
  public:
    explicit Play(Session::Settings settings = {.name = "alice"},
                  Language language = Language::English)
        : view(language, Paint::None, utc), session(std::move(settings), view, now) {}

    void connect() {
        ASSERT_TRUE(session.wants_connection(now));
        session.connecting();
        session.connected(now);
    }

    void server(const std::string& line) { session.received(line + "\n", now); }
    void user(const std::string& line) { session.entered(line, now); }

    // An event at so many seconds past 06:00, which is its number too.
    void event(int second, const std::string& members) {
        server("{\"seq\":" + std::to_string(second) + ",\"time\":\"2026-11-26T06:00:" +
               std::to_string(100 + second).substr(1) + ".000Z\"," + members + "}");
    }

    void come_in() {
        connect();
        server(kHello);
        server(kAskName);
        event(10,
              R"("type":"welcome","line":1,"name":"alice","members":2,"names":["alice","bob"])");
        (void)sent();
        (void)shown();
    }

    // The connection breaks and is made again, and the client tells its name.
    void connect_again() {
        session.lost("reset", now);
        now += 1min;
        connect();
        server(kHello);
        server(kAskName);
    }

    // The same, up to the welcome.
    void come_back() {
        connect_again();
        event(30,
              R"("type":"welcome","line":1,"name":"alice","members":2,"names":["alice","bob"])");
        EXPECT_EQ(sent(), "/json\nalice\n/history 1000\n/who\n");
    }
    void caught_up() { server(R"({"type":"end","line":3,"of":"who","left_out":0})"); }

    std::string sent() { return std::exchange(session.output, {}); }
    std::string shown() { return std::exchange(view.out, {}); }
    [[nodiscard]] std::string prompt() const { return session.prompt(now); }

    Moment now{1h};
    MessageView view;
    Session session;
};

}  // namespace

// --- Coming in

Test(session, json_is_asked_for_first_and_the_name_when_the_server_wants_it) {
    Play play;
    play.connect();
    EXPECT_EQ(play.sent(), "/json\n");
    play.server(kHello);
    EXPECT_EQ(play.sent(), "");
    play.server(kAskName);
    EXPECT_EQ(play.sent(), "alice\n");
}

Test(session, a_server_of_another_language_is_told_and_nobody_sees_that) {
    Play play({.name = "alice"}, Language::Chinese);
    play.connect();
    play.server(kHello);
    EXPECT_EQ(play.sent(), "/json\n/lang zh\n");
    play.server(R"({"type":"notice","line":1,"code":"language-is","text":"语言已换成中文。"})");
    EXPECT_EQ(play.shown(), "");
}

Test(session, without_a_name_the_user_is_asked) {
    Play play(Session::Settings{});
    play.connect();
    play.server(kHello);
    play.server(kAskName);
    EXPECT_EQ(play.prompt(), "Your name: ");
    (void)play.sent();
    play.user("bob");
    EXPECT_EQ(play.sent(), "bob\n");
}

Test(session, a_name_that_will_not_do_is_explained_and_asked_for_again) {
    Play play;
    play.connect();
    play.server(kHello);
    play.server(kAskName);
    play.server(kTaken);
    play.server(kAskName);
    EXPECT_EQ(play.shown(), "The name is taken.\n");
    EXPECT_EQ(play.prompt(), "Your name: ");
}

Test(session, a_name_that_is_typed_too_early_is_told_when_the_server_wants_it) {
    Play play(Session::Settings{});
    play.user("alice");
    play.user("hi");
    play.connect();
    play.server(kHello);
    EXPECT_EQ(play.sent(), "/json\n");
    play.server(kAskName);
    EXPECT_EQ(play.sent(), "alice\n");
    play.event(10, R"("type":"welcome","line":1,"name":"alice","members":1,"names":["alice"])");
    EXPECT_EQ(play.sent(), "hi\n");
}

Test(session, who_is_in_reads_who_is_here) {
    Play play;
    play.connect();
    play.server(kHello);
    play.server(kAskName);
    play.server(
        R"({"type":"welcome","seq":1,"line":1,"name":"alice","members":1,"names":["alice"]})");
    EXPECT_CONTAINS(play.shown(), "You are the only one here.");
    EXPECT_EQ(play.prompt(), "alice> ");
}

Test(session, a_server_without_json_is_sent_and_shows_plain_lines) {
    Play play;
    play.connect();
    (void)play.sent();
    play.server("Your name: There is no command \x1b[2J/json.");
    EXPECT_CONTAINS(play.shown(), "Your name: There is no command /json.\n");
    EXPECT_EQ(play.sent(), "alice\n");
    play.user("hi");
    EXPECT_EQ(play.sent(), "hi\n");
    play.server("{\"type\":\"say\"}");
    EXPECT_EQ(play.shown(), "{\"type\":\"say\"}\n");
}

Test(session, a_program_needs_json_unless_it_wants_plain_lines) {
    Play play({.name = "bot", .once = true});
    play.connect();
    play.server("The chat room is full.");
    EXPECT_TRUE(play.session.is_over());
    EXPECT_EQ(play.session.trouble(), "The chat room is full.");
}

Test(session, who_wants_plain_lines_never_asks_for_json) {
    Play play({.name = "alice", .plain = true});
    play.connect();
    EXPECT_EQ(play.sent(), "alice\n");
    play.session.received("Your name: ", play.now);
    EXPECT_EQ(play.prompt(), "Your name: ");
}

// --- Lines and their confirmation

Test(session, a_line_is_shown_when_it_comes_back_and_counted_until_then) {
    Play play;
    play.come_in();
    play.user("hi");
    EXPECT_EQ(play.sent(), "hi\n");
    EXPECT_EQ(play.shown(), "");
    EXPECT_EQ(play.prompt(), "alice (1)> ");
    play.event(11, R"("type":"say","own":true,"line":2,"name":"alice","text":"hi")");
    EXPECT_CONTAINS(play.shown(), "06:00 alice: hi\n");
    EXPECT_EQ(play.prompt(), "alice> ");
}

Test(session, a_line_that_was_refused_is_on_its_way_no_longer) {
    Play play;
    play.come_in();
    play.user("/msg zoe hi");
    play.server(
        R"({"type":"error","line":2,"code":"nobody-there","text":"Nobody is called zoe."})");
    EXPECT_EQ(play.prompt(), "alice> ");
    EXPECT_EQ(play.shown(), "Nobody is called zoe.\n");
}

Test(session, a_notice_confirms_nothing) {
    Play play;
    play.come_in();
    play.user("//hi");
    play.server(R"({"type":"notice","line":2,"code":"said-with-one-slash","text":"One / less."})");
    EXPECT_EQ(play.prompt(), "alice (1)> ");
}

Test(session, the_language_follows_the_command_however_that_is_typed) {
    Play play;
    play.come_in();
    play.user("／LANG  ZH");
    EXPECT_TRUE(play.view.language() == Language::Chinese);
}

Test(session, commands_wait_for_their_answers_and_hold_up_nobody) {
    Play play;
    play.come_in();
    play.user("/who");
    play.user("/time on");
    EXPECT_EQ(play.prompt(), "alice> ");
    EXPECT_EQ(play.session.unanswered(), 2);
    play.server(R"({"type":"notice","line":3,"code":"time-on","text":"With times."})");
    EXPECT_EQ(play.session.unanswered(), 0);
}

Test(session, the_new_name_is_the_users_from_then_on) {
    Play play;
    play.come_in();
    play.event(11, R"("type":"rename","own":true,"name":"alice","to":"alicia")");
    EXPECT_EQ(play.prompt(), "alicia> ");
    play.server(R"({"type":"gap","messages":3,"name":"alix"})");
    EXPECT_EQ(play.prompt(), "alix> ");
}

Test(session, so_many_lines_wait_and_no_more) {
    Play play;
    for (std::size_t i = 0; i < chatd::kOutboxLinesMax; ++i) play.user("hi");
    EXPECT_EQ(play.shown(), "");
    play.user("too many");
    EXPECT_EQ(play.shown(), "Too many of your lines wait already. Not taken: too many\n");
}

Test(session, lines_are_told_apart_by_who_reads_them) {
    EXPECT_TRUE(kind_of("hi") == LineKind::Said);
    EXPECT_TRUE(kind_of("/me waves") == LineKind::Said);
    EXPECT_TRUE(kind_of("//hello") == LineKind::Said);
    EXPECT_TRUE(kind_of("\"/msg bob hi\" is how") == LineKind::Said);
    for (const char* line : {" /MSG bob hi", "/r hi", "／msg bob hi", "/w bob hi", "、msg bob hi",
                             "/mgs bob hi", "//msg bob hi", "r hi"}) {
        EXPECT_TRUE(kind_of(line) == LineKind::Private);
    }
    EXPECT_TRUE(kind_of("/who") == LineKind::Command);
    EXPECT_TRUE(kind_of("/quit bye") == LineKind::Quit);
}

// --- Breaks

Test(session, after_a_break_the_pauses_grow) {
    Play play;
    play.come_in();
    auto longest = 0ms;
    for (int i = 0; i < 12; ++i) {
        play.session.lost("reset", play.now);
        EXPECT_FALSE(play.session.wants_connection(play.now));
        EXPECT_CONTAINS(play.prompt(), "[cut off; again in ");
        const Moment before = play.now;
        while (!play.session.wants_connection(play.now)) {
            play.now = std::max(*play.session.deadline(play.now), play.now + 1ms);
        }
        const auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(play.now - before);
        EXPECT_GE(pause.count(), longest.count() / 2);
        longest = std::max(longest, pause);
        play.session.connecting();
    }
    EXPECT_GE(longest.count(), 20'000);
    EXPECT_LE(longest.count(), 30'001);
    EXPECT_EQ(play.shown(), "The connection is lost: reset\n");
}

Test(session, enter_connects_at_once) {
    Play play;
    play.come_in();
    play.session.lost("reset", play.now);
    play.user("");
    EXPECT_TRUE(play.session.wants_connection(play.now));
}

Test(session, its_own_dead_connection_may_hold_the_name_for_a_while) {
    Play play;
    play.come_in();
    play.connect_again();
    (void)play.sent();
    (void)play.shown();
    play.server(kTaken);
    play.server(kAskName);
    EXPECT_CONTAINS(play.prompt(), "[alice is still held; again in ");
    EXPECT_EQ(play.shown(), "");
    EXPECT_EQ(play.sent(), "");
    play.now += 2s;
    play.session.tick(play.now);
    EXPECT_EQ(play.sent(), "alice\n");
}

Test(session, whoever_finds_the_own_name_with_somebody_else_can_take_another) {
    Play play;
    play.come_in();
    play.connect_again();
    (void)play.sent();
    play.server(kTaken);
    play.server(kAskName);
    EXPECT_CONTAINS(play.prompt(), "/nick NAME");
    play.user("/nick alicia");
    EXPECT_EQ(play.sent(), "alicia\n");
}

Test(session, what_was_missed_is_shown_once_and_in_order) {
    Play play;
    play.come_in();
    play.event(12, R"("type":"say","name":"bob","text":"seen")");
    (void)play.shown();
    play.come_back();
    (void)play.shown();
    // What a newcomer is shown, then the answer to /history, and what happens meanwhile.
    play.event(21, R"("type":"say","past":true,"name":"bob","text":"second")");
    play.event(31, R"("type":"say","name":"bob","text":"live")");
    play.event(12, R"("type":"say","past":true,"line":2,"name":"bob","text":"seen")");
    play.event(20, R"("type":"say","past":true,"line":2,"name":"bob","text":"first")");
    play.event(21, R"("type":"say","past":true,"line":2,"name":"bob","text":"second")");
    play.event(31, R"("type":"say","past":true,"line":2,"name":"bob","text":"live")");
    EXPECT_EQ(play.shown(), "");
    play.caught_up();
    EXPECT_EQ(play.shown(),
              "You are back.\n— while you were away —\n06:00 bob: first\n06:00 bob: second\n"
              "— now —\n06:00 bob: live\n");
}

Test(session, a_line_that_was_not_confirmed_is_sent_again) {
    Play play;
    play.come_in();
    play.user("hi");
    (void)play.sent();
    play.come_back();
    play.user("more");
    play.caught_up();
    EXPECT_EQ(play.sent(), "hi\nmore\n");
    play.event(31, R"("type":"say","own":true,"line":4,"name":"alice","text":"hi")");
    EXPECT_EQ(play.prompt(), "alice (1)> ");
}

Test(session, a_line_that_was_said_before_the_break_is_not_sent_again) {
    Play play;
    play.come_in();
    play.user("hi");
    play.user("/me waves");
    (void)play.sent();
    play.come_back();
    play.event(20, R"("type":"say","past":true,"name":"alice","text":"hi")");
    play.event(21, R"("type":"emote","past":true,"name":"alice","text":"waves")");
    play.caught_up();
    EXPECT_EQ(play.sent(), "");
    EXPECT_EQ(play.prompt(), "alice> ");
}

Test(session, what_was_typed_during_the_break_is_no_line_of_before) {
    Play play;
    play.come_in();
    play.session.lost("reset", play.now);
    play.user("hi");
    play.come_back();
    play.event(20, R"("type":"say","past":true,"name":"alice","text":"hi")");
    play.caught_up();
    EXPECT_EQ(play.sent(), "hi\n");
}

Test(session, a_line_that_the_server_has_cleaned_is_still_the_same) {
    Play play;
    play.come_in();
    play.user("a\tb ");
    play.user("//c");
    (void)play.sent();
    play.come_back();
    play.event(20, R"("type":"say","past":true,"name":"alice","text":"a b")");
    play.event(21, R"("type":"say","past":true,"name":"alice","text":"/c")");
    play.caught_up();
    EXPECT_EQ(play.sent(), "");
}

Test(session, a_line_that_was_said_under_an_earlier_name_is_not_sent_again) {
    Play play;
    play.come_in();
    play.user("hi");
    play.event(11, R"("type":"rename","own":true,"name":"alice","to":"alicia")");
    (void)play.sent();
    play.connect_again();
    play.event(30, R"("type":"welcome","line":1,"name":"alicia","members":1,"names":["alicia"])");
    (void)play.sent();
    play.event(20, R"("type":"say","past":true,"name":"alice","text":"hi")");
    play.caught_up();
    EXPECT_EQ(play.sent(), "");
}

// Whoever has missed more than the server shows at once is told so, and decides what to say again.
// A gap may swallow what confirms a line.
Test(session, after_a_gap_the_history_tells_which_lines_were_said) {
    Play play;
    play.come_in();
    play.user("hi");
    play.user("/msg bob psst");
    play.user("still on its way");
    (void)play.sent();
    play.server(R"({"type":"gap","messages":37,"name":"alice"})");
    EXPECT_EQ(play.sent(), "/history 1000\n/who\n");
    play.user("later");
    EXPECT_EQ(play.sent(), "");
    play.event(31, R"("type":"say","own":true,"line":4,"name":"alice","text":"still on its way")");
    play.event(20, R"("type":"say","past":true,"line":5,"name":"alice","text":"hi")");
    (void)play.shown();
    play.server(R"({"type":"end","line":6,"of":"who","left_out":0})");
    EXPECT_EQ(play.shown(),
              "Nobody may have read this, send it again if you like: /msg bob psst\n"
              "— 2026-11-26 —\n06:00 alice: still on its way\n");
    EXPECT_EQ(play.sent(), "later\n");
    EXPECT_EQ(play.prompt(), "alice (1)> ");
}

Test(session, a_gap_asks_nothing_of_who_waits_for_nothing) {
    Play play;
    play.come_in();
    play.server(R"({"type":"gap","messages":37,"name":"alice"})");
    EXPECT_EQ(play.sent(), "");
}

Test(session, lines_that_may_have_been_said_before_what_is_shown_are_named) {
    Play play;
    play.come_in();
    play.user("hi");
    (void)play.sent();
    play.come_back();
    play.user("more");
    for (std::uint32_t i = 0; i < chatd::kMissedAsked; ++i) {
        const std::string millisecond = std::to_string(1000 + i).substr(1);
        play.server(R"({"type":"say","past":true,"line":2,"name":"bob","text":"a","seq":)" +
                    std::to_string(20 + i) + R"(,"time":"2026-11-26T06:00:20.)" + millisecond +
                    "Z\"}");
    }
    play.caught_up();
    const std::string shown = play.shown();
    EXPECT_CONTAINS(shown, "Older messages were missed too");
    EXPECT_CONTAINS(shown, "Nobody may have read this, send it again if you like: hi\n");
    EXPECT_EQ(play.sent(), "more\n");
}

Test(session, what_speaks_to_the_user_and_was_missed_rings) {
    Play play;
    play.come_in();
    play.come_back();
    play.event(20, R"("type":"say","past":true,"name":"bob","text":"alice?")");
    play.caught_up();
    EXPECT_TRUE(play.view.rings);
}

Test(session, private_lines_that_were_not_confirmed_are_named_and_not_sent_again) {
    Play play;
    play.come_in();
    play.user("/msg bob psst");
    (void)play.sent();
    play.session.lost("reset", play.now);
    EXPECT_CONTAINS(play.shown(),
                    "Nobody may have read this, send it again if you like: /msg bob psst\n");
    play.come_back();
    play.caught_up();
    EXPECT_EQ(play.sent(), "");
}

Test(session, whoever_was_thrown_out_comes_back_only_by_wish) {
    Play play;
    play.come_in();
    play.server(R"({"type":"error","code":"operator-removes","text":"Goodbye."})");
    play.session.lost("closed", play.now);
    EXPECT_FALSE(play.session.deadline(play.now));
    EXPECT_CONTAINS(play.prompt(), "[cut off; Enter connects]");
    play.user("");
    EXPECT_TRUE(play.session.wants_connection(play.now));
}

Test(session, a_server_that_says_nothing_counts_as_cut_off) {
    Play play;
    play.connect();
    play.now += chatd::kGreetingTime;
    play.session.tick(play.now);
    EXPECT_FALSE(play.session.has_connection());
    EXPECT_EQ(play.shown(), "The connection is lost: the server does not answer\n");
}

// Nothing tells what has become of a plain line.
Test(session, plain_lines_are_not_sent_again) {
    Play play({.name = "alice", .plain = true});
    play.connect();
    EXPECT_EQ(play.sent(), "alice\n");
    play.session.lost("reset", play.now);
    play.user("typed while away");
    play.now += 1min;
    play.connect();
    EXPECT_EQ(play.sent(), "alice\ntyped while away\n");
    play.session.lost("reset", play.now);
    play.now += 1min;
    play.connect();
    EXPECT_EQ(play.sent(), "alice\n");
}

// --- The end

Test(session, leaving_waits_for_the_server_to_close) {
    Play play;
    play.come_in();
    play.session.leave(play.now);
    EXPECT_EQ(play.sent(), "/quit\n");
    EXPECT_FALSE(play.session.is_over());
    play.session.lost("", play.now);
    EXPECT_TRUE(play.session.is_over());
}

Test(session, leaving_does_not_wait_for_ever) {
    Play play;
    play.come_in();
    play.session.leave(play.now);
    play.now += chatd::kQuitTime;
    play.session.tick(play.now);
    EXPECT_TRUE(play.session.is_over());
}

Test(session, what_was_typed_before_quit_is_said_before_it) {
    Play play;
    play.come_in();
    play.user("hi");
    play.user("/quit so long");
    EXPECT_EQ(play.sent(), "hi\n/quit so long\n");
    play.session.lost("", play.now);
    EXPECT_TRUE(play.session.is_over());
}

// --- For programs

Test(session, once_a_break_is_the_end_and_tells_why) {
    Play play({.name = "bot", .once = true});
    play.connect();
    play.session.lost("refused", play.now);
    EXPECT_TRUE(play.session.is_over());
    EXPECT_EQ(play.session.trouble(), "refused");
}

Test(session, once_a_refused_line_is_remembered) {
    Play play({.name = "alice", .once = true});
    play.come_in();
    play.user("/msg zoe hi");
    play.server(
        R"({"type":"error","line":2,"code":"nobody-there","text":"Nobody is called zoe."})");
    EXPECT_EQ(play.session.trouble(), "Nobody is called zoe.");
    EXPECT_EQ(play.session.waiting(), 0);
}

Test(session, once_a_line_of_which_nothing_tells_is_trouble) {
    Play play({.name = "alice", .once = true});
    play.come_in();
    play.user("hi");
    play.session.leave(play.now);
    play.session.lost("", play.now);
    EXPECT_CONTAINS(play.session.trouble(), "Nobody may have read this");
}

Test(session, once_a_taken_name_is_tried_again_but_not_for_ever) {
    Play play({.name = "alice", .once = true});
    play.connect();
    play.server(kHello);
    for (int tries = 1; !play.session.is_over(); ++tries) {
        ASSERT_TRUE(tries <= chatd::kLoginAttemptsMax);
        play.server(kAskName);
        play.now += 30s;
        play.session.tick(play.now);
        play.server(kTaken);
    }
    EXPECT_EQ(play.session.trouble(), "The name is taken.");
}

// --- For the input row

Test(session, tab_knows_who_is_in_the_room) {
    Play play;
    play.come_in();
    play.event(11, R"("type":"join","name":"carol")");
    play.event(12, R"("type":"leave","name":"bob")");
    play.event(13, R"("type":"rename","name":"carol","to":"carla")");
    EXPECT_EQ(play.session.names(), (std::vector<std::string>{"alice", "carla"}));
}
