// Specification of a conversation with a program: when objects begin, which line of the client each
// of them answers, and that nothing but objects is written.
#include <criterion/criterion.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/bounds.h"
#include "base/settings.h"
#include "support/conversation_client.h"
#include "support/expect.h"
#include "support/frames.h"
#include "text/json_reader.h"

using chatd::Conversation;
using chatd::Denied;
using chatd::Done;
using chatd::Entry;
using chatd::EntryKind;
using chatd::Gap;
using chatd::kLineBytesMax;
using chatd::kPromptHeld;
using chatd::kUnitsOfLogin;
using chatd::Language;
using chatd::LeaveReason;
using chatd::Limits;
using chatd::People;
using chatd::Person;
using chatd::Processes;
using chatd::Refusal;
using chatd::Replay;
using chatd::SharedBudget;
using chatd::WorkerExit;
using chatd::test::frame_of;
using chatd::test::framed;
using chatd::test::kBegin;
using chatd::test::kBob;
using chatd::test::kEve;
using chatd::test::kMe;
using chatd::test::kNothing;
using chatd::test::kNow;
using chatd::test::kPrompt;
using chatd::test::lines;
using chatd::test::Sent;
using chatd::test::utc;
using chatd::test::welcome_to;
using Stage = chatd::test::ConversationClient::Stage;
using namespace std::chrono_literals;

TestSuite(conversation_json, .timeout = 20);

namespace {

bool is_control(char byte) {
    return static_cast<unsigned char>(byte) < ' ' || byte == '\x7F';
}

bool is_object(std::string_view line) {
    const auto json = chatd::parse_json(line);
    return json && json->kind == chatd::Json::Kind::Object &&
           std::ranges::none_of(line, is_control);
}

// What came out, which must be objects, each with the end of a line. Of each, seq and time are left
// out, which are not the same in each test.
std::string told_in(std::string bytes) {
    std::string told;
    for (std::string_view rest = bytes; !rest.empty();) {
        const std::size_t end = rest.find('\n');
        std::string object(rest.substr(0, end));
        cr_expect(end != rest.npos && is_object(object), "no object: %s",
                  chatd::test::escaped(object).c_str());
        const std::size_t seq = object.find(R"(,"seq":)");
        const std::size_t time = object.find(R"(,"time":")");
        if (time != object.npos) object.erase(seq, object.find("Z\"", time) + 2 - seq);
        told.append(object).append("\n");
        if (end == rest.npos) break;
        rest.remove_prefix(end + 1);
    }
    return told;
}

// A program that has said /json. In the room, its name was its first line.
class Program : public chatd::test::ConversationClient {
  public:
    explicit Program(Stage stage = Stage::Talking, Language language = Language::English,
                     Limits limits = {}, SharedBudget budget = {})
        : ConversationClient(Stage::Login, language, limits, budget) {
        (void)screen();
        types("/json\n");
        if (stage != Stage::Login) {
            (void)screen();
            types("alice\n");
            conversation.link_opened();
            if (stage == Stage::Talking) welcome();
            (void)sent();
        }
        (void)screen();
    }

    std::string told() { return told_in(screen()); }
    std::string told_for(std::string_view bytes) {
        types(bytes);
        return told();
    }
};

Conversation::Settings settings(SharedBudget budget = {}) {
    return {.language = Language::English,
            .utc_offset = utc,
            .birth_ns = 77,
            .peer = "192.0.2.7:51234",
            .limits = {},
            .share = {.budget = budget, .browsers = {}}};
}

std::string taken(Conversation& conversation) {
    return std::exchange(conversation.screen(), {});
}

// As it begins a conversation in English without limits; with a name for a client in the room.
std::string hello(const std::string& name = {}) {
    return std::string(R"({"type":"hello","server":"chatd","version":")") + chatd::kVersion +
           R"(","format":1,"language":"en",)" +
           (name.empty() ? "" : R"("name":")" + name + R"(",)") +
           R"("limits":{"name_characters":20,"line_bytes":4096,"lines_per_second":0,)" +
           R"("lines_at_once":1,"name_seconds":0,"idle_seconds":0}})" + "\n";
}

const std::string kAsksForName = "{\"type\":\"name?\"}\n";

std::string say(int line, const std::string& text) {
    return R"({"type":"say","own":true,"line":)" + std::to_string(line) +
           R"(,"name":"alice","text":")" + text + "\"}\n";
}

}  // namespace

// --- How it begins -------------------------------------------------------------------------------

Test(conversation_json, a_first_line_json_gets_no_prompt) {
    for (const std::string_view line : {"/json\n", "/json\r\n", " /JSON \n", "／json\n"}) {
        Conversation conversation(settings());
        conversation.time_is(kBegin);
        EXPECT_EQ(taken(conversation), "");
        conversation.client_sent(line);
        EXPECT_EQ(taken(conversation), hello() + kAsksForName);
        conversation.time_is(kBegin + 1h);
        EXPECT_EQ(taken(conversation), "");
    }
}

Test(conversation_json, everything_may_come_at_once) {
    Conversation conversation(settings());
    conversation.time_is(kBegin);
    conversation.client_sent("/json\nalice\nhello\n/quit\n");
    EXPECT_EQ(taken(conversation), hello() + kAsksForName);
    conversation.link_opened();
    (void)taken(conversation);
    conversation.frames().clear();
    EXPECT_TRUE(conversation.broker_sent(frame_of(framed(welcome_to(1), {}, "alice"))));
    EXPECT_EQ(told_in(taken(conversation)),
              R"({"type":"welcome","line":1,"name":"alice","members":1,"names":["alice"]})"
              "\n");
    EXPECT_EQ(chatd::test::described_frames(conversation.frames()),
              (Sent{"1 say: hello", "2 leave quit"}));
}

// 255, 254 and 10 would be a command of telnet, and no line would end there.
Test(conversation_json, a_program_speaks_no_telnet) {
    for (const std::string_view bytes : {"/json\nalice\n\xff\xfe\nhello\n", "\xff\xfe\nhello\n"}) {
        Conversation conversation(settings());
        conversation.time_is(kBegin);
        if (!bytes.starts_with('/')) conversation.client_sent("/json\nalice\n");
        conversation.client_sent(bytes);
        conversation.link_opened();
        (void)taken(conversation);
        conversation.frames().clear();
        EXPECT_TRUE(conversation.broker_sent(frame_of(framed(welcome_to(1), {}, "alice"))));
        EXPECT_CONTAINS(taken(conversation), R"("line":2,"code":"not-utf8")");
        EXPECT_EQ(chatd::test::described_frames(conversation.frames()),
                  (Sent{"1 say: \ufffd\ufffd", "2 say: hello"}));
    }
}

// A person may read that the lines wait; a program must never read plain text.
Test(conversation_json, a_first_line_json_that_waits_for_its_turn_is_still_the_first) {
    SharedBudget::Spent spent{(kBegin + 40s).time_since_epoch().count()};
    Conversation conversation(settings(SharedBudget(&spent, {.per_second = 1, .burst = 1})));
    conversation.time_is(kBegin);
    conversation.client_sent("/json\n");
    conversation.ask_name(kBegin + kPromptHeld);
    conversation.time_is(kBegin + 40s);
    EXPECT_TRUE(told_in(taken(conversation)).starts_with(hello() + kAsksForName));
}

Test(conversation_json, behind_the_prompt_objects_begin_on_a_line_of_their_own) {
    chatd::test::ConversationClient client;
    EXPECT_EQ(client.screen(), kPrompt);
    client.types("/json\n");
    EXPECT_EQ(client.screen(), "\n" + hello() + kAsksForName);
}

Test(conversation_json, a_client_in_the_room_may_begin_too_and_is_told_its_name) {
    chatd::test::ConversationClient client(Stage::Talking);
    client.happens(EntryKind::Say, kBob, "bob", "one");
    EXPECT_EQ(client.shown_for("/json\n"), "bob says: one\n" + hello("alice"));
    client.happens(EntryKind::Say, kBob, "bob", "two");
    EXPECT_EQ(told_in(client.screen()), R"({"type":"say","name":"bob","text":"two"})"
                                        "\n");
    client.types("hello\n");
    client.comes_back(EntryKind::Say, 1, "hello");
    EXPECT_EQ(told_in(client.screen()), say(1, "hello"));
}

Test(conversation_json, json_once_more_says_hello_again_and_the_lines_are_counted_on) {
    Program newcomer(Stage::Login);
    EXPECT_EQ(newcomer.told_for("/json\n"), hello() + kAsksForName);
    EXPECT_CONTAINS(newcomer.told_for("/help\n"), R"({"type":"notice","line":2,)");
    Program member;
    member.types("one\n/json\ntwo\n");
    EXPECT_EQ(member.told(), hello("alice"));
    member.comes_back(EntryKind::Say, 1, "one");
    member.comes_back(EntryKind::Say, 2, "two");
    EXPECT_EQ(member.told(), say(2, "one") + say(4, "two"));
}

Test(conversation_json, what_a_client_said_before_is_its_own_and_has_no_line) {
    chatd::test::ConversationClient client(Stage::Talking);
    client.types("one\n/msg bob psst\n/json\ntwo\n");
    (void)client.screen();
    client.comes_back(EntryKind::Say, 1, "one");
    client.comes_back(EntryKind::Tell, 2, "psst", kBob);
    client.comes_back(EntryKind::Say, 3, "two");
    EXPECT_EQ(told_in(client.screen()),
              R"({"type":"say","own":true,"name":"alice","text":"one"})"
              "\n"
              R"({"type":"tell","own":true,"name":"alice","to":"bob","text":"psst"})"
              "\n" +
                  say(1, "two"));
}

// --- The name ------------------------------------------------------------------------------------

Test(conversation_json, a_name_that_will_not_do_is_an_error_and_asked_for_again) {
    Program program(Stage::Login);
    EXPECT_EQ(program.told_for("a b\n"),
              R"({"type":"error","line":1,"code":"name-bad-character","text":"A name is made of )"
              R"(letters and digits, with _ - . ' or · inside; no spaces.","values":[]})"
              "\n" +
                  kAsksForName);
    program.types("alice\n");
    program.conversation.link_opened();
    program.broker(Denied{Refusal::NameTaken});
    EXPECT_EQ(program.told(),
              R"({"type":"error","line":2,"code":"name-taken","text":"The name alice is taken, )"
              R"(or looks like one that is.","values":["alice"]})"
              "\n" +
                  kAsksForName);
}

Test(conversation_json, lines_that_were_dropped_behind_a_refused_name_are_counted) {
    Program program(Stage::Login);
    program.types("a b\ntwo\n\nfour\nfi");
    (void)program.told();
    program.types("ve\n");
    program.conversation.link_opened();
    (void)program.told();
    program.types("six\nseven\n");
    program.broker(Denied{Refusal::NameTaken});
    EXPECT_CONTAINS(program.told(), R"({"type":"error","line":5,"code":"name-taken")");
    program.types("eight\n");
    program.broker(welcome_to(1), {}, "eight");
    EXPECT_CONTAINS(program.told(), R"("line":8,"name":"eight")");
}

Test(conversation_json, what_comes_after_a_refused_name_by_itself_answers_no_line) {
    Program program(Stage::Entering);
    program.broker(Denied{Refusal::NameTaken});
    (void)program.told();
    program.conversation.operator_removes();
    EXPECT_LACKS(program.told(), R"("line":)");
}

Test(conversation_json, commands_at_the_prompt_are_answered_with_their_line) {
    Program program(Stage::Login);
    EXPECT_EQ(program.told_for("\x04/lang zh\n"),
              R"({"type":"notice","line":1,"code":"language-is","text":"语言已换成中文。",)"
              R"("values":[]})"
              "\n" +
                  kAsksForName);
    EXPECT_CONTAINS(program.told_for("/help\n"), R"({"type":"notice","line":2,"code":"name-help")");
    EXPECT_EQ(program.told_for("/quit\n"),
              R"({"type":"notice","line":3,"code":"goodbye","text":"再见。","values":[]})"
              "\n");
    EXPECT_EQ(program.end(), WorkerExit::Nameless);
}

Test(conversation_json, a_program_that_tells_no_name_in_time_is_told_so) {
    Program program(Stage::Login, Language::English, {.rate = {}, .to_name = 30s, .idle = {}});
    program.conversation.time_is(kBegin + 30s);
    EXPECT_EQ(program.told(),
              R"({"type":"error","code":"no-name-in-time","text":"No name within 30 seconds. )"
              R"(Goodbye.","values":["30"]})"
              "\n");
    EXPECT_EQ(program.end(), WorkerExit::Late);
}

// --- What the client did itself ------------------------------------------------------------------

Test(conversation_json, each_own_event_names_the_line_that_made_it) {
    Program program;
    EXPECT_EQ(program.told_for("hello\n\n/me waves\n/msg bob psst\n/nick alicia\n"), "");
    program.comes_back(EntryKind::Say, 1, "hello");
    program.comes_back(EntryKind::Emote, 2, "waves");
    program.comes_back(EntryKind::Tell, 3, "psst", kBob);
    program.comes_back(EntryKind::Rename, 4, "alicia");
    EXPECT_EQ(program.told(),
              say(2, "hello") +
                  R"({"type":"emote","own":true,"line":4,"name":"alice","text":"waves"})"
                  "\n"
                  R"({"type":"tell","own":true,"line":5,"name":"alice","to":"bob","text":"psst"})"
                  "\n"
                  R"({"type":"rename","own":true,"line":6,"name":"alice","to":"alicia"})"
                  "\n");
}

Test(conversation_json, what_others_do_in_between_answers_no_line) {
    Program program;
    program.types("hello\n");
    program.happens(EntryKind::Say, kBob, "bob", "hi");
    program.comes_back(EntryKind::Say, 1, "hello");
    program.happens(EntryKind::Say, kBob, "bob", "hm");
    EXPECT_EQ(program.told(), R"({"type":"say","name":"bob","text":"hi"})"
                              "\n" +
                                  say(2, "hello") +
                                  R"({"type":"say","name":"bob","text":"hm"})"
                                  "\n");
}

Test(conversation_json, empty_lines_and_lines_that_are_too_long_count) {
    Program program;
    program.types("\n \n" + std::string(kLineBytesMax + 1, 'x') + "\nhello\n");
    EXPECT_EQ(program.told(),
              R"({"type":"error","line":4,"code":"line-too-long","text":"That line was too long )"
              R"(and was not sent: 4096 bytes at most.","values":[]})"
              "\n");
    program.comes_back(EntryKind::Say, 1, "hello");
    EXPECT_EQ(program.told(), say(5, "hello"));
}

Test(conversation_json, a_refused_request_is_an_error_with_its_line) {
    Program program;
    program.types("/nick bob\n/msg zoe hi\nhello\n");
    program.is_refused(1, Refusal::NameTaken, "bob");
    program.is_refused(2, Refusal::NobodyThere, "zoe");
    program.is_refused(3, Refusal::Poison);
    EXPECT_EQ(program.told(),
              R"({"type":"error","line":2,"code":"name-taken","text":"The name bob is taken, )"
              R"(or looks like one that is.","values":["bob"]})"
              "\n"
              R"({"type":"error","line":3,"code":"nobody-there","text":"Nobody here is called )"
              R"(zoe.","values":["zoe"]})"
              "\n"
              R"({"type":"error","line":4,"code":"poison","text":"The server stumbled over that )"
              R"(and did not do it.","values":[]})"
              "\n");
}

Test(conversation_json, own_private_words_go_to_the_name_as_it_was_typed) {
    Program program;
    program.types("/msg @Bob: psst\n/msg 小明 嘘\n");
    program.hears(kEve, "eve", "hey");
    program.types("/r yes?\n");
    program.comes_back(EntryKind::Tell, 1, "psst", kBob);
    program.comes_back(EntryKind::Tell, 2, "嘘", kBob);
    program.comes_back(EntryKind::Tell, 3, "yes?", kEve);
    EXPECT_EQ(program.told(),
              R"({"type":"tell","name":"eve","to":"alice","text":"hey"})"
              "\n"
              R"({"type":"tell","own":true,"line":2,"name":"alice","to":"Bob","text":"psst"})"
              "\n"
              R"({"type":"tell","own":true,"line":3,"name":"alice","to":"小明","text":"嘘"})"
              "\n"
              R"({"type":"tell","own":true,"line":4,"name":"alice","to":"eve","text":"yes?"})"
              "\n");
}

Test(conversation_json, private_words_to_oneself_come_once) {
    Program program;
    program.types("/msg alice note\n");
    program.comes_back(EntryKind::Tell, 1, "note", kMe);
    EXPECT_EQ(program.told(),
              R"({"type":"tell","own":true,"line":2,"name":"alice","to":"alice","text":"note"})"
              "\n");
    EXPECT_EQ(program.sent().size(), 1);
    EXPECT_EQ(program.sent_for("/r another\n"), Sent{"2 tell alice: another"});
}

// --- Broken links and gaps -----------------------------------------------------------------------

// The broker has died after it took the first two and before this worker read their entries.
Test(conversation_json, own_events_keep_their_lines_over_a_broken_link) {
    Program program;
    program.types("one\n/msg bob two\nthree\n");
    program.relinks();
    program.welcome(2);
    EXPECT_EQ(program.sent(), Sent{"3 say: three"});
    program.types("four\n");
    program.comes_back(EntryKind::Say, 1, "one");
    program.comes_back(EntryKind::Tell, 2, "two", kBob);
    program.comes_back(EntryKind::Say, 3, "three");
    program.comes_back(EntryKind::Say, 4, "four");
    EXPECT_EQ(program.told(),
              say(2, "one") +
                  R"({"type":"tell","own":true,"line":3,"name":"alice","to":"bob","text":"two"})"
                  "\n" +
                  say(4, "three") + say(5, "four"));
}

Test(conversation_json, own_events_keep_their_lines_behind_a_gap) {
    Program program;
    program.types("one\ntwo\nthree\n");
    program.broker(Gap{.messages = 2, .acked = 2});
    program.comes_back(EntryKind::Say, 3, "three");
    EXPECT_EQ(program.told(), R"({"type":"gap","messages":2,"name":"alice"})"
                              "\n" +
                                  say(4, "three"));
}

Test(conversation_json, a_refusal_behind_a_gap_names_its_line) {
    Program program;
    program.types("one\n/msg zoe hi\n");
    program.broker(Gap{.messages = 2, .acked = 2});
    (void)program.told();
    program.is_refused(2, Refusal::NobodyThere, "zoe");
    EXPECT_CONTAINS(program.told(), R"({"type":"error","line":3,"code":"nobody-there")");
}

Test(conversation_json, a_gap_tells_the_own_name_which_may_have_changed_in_it) {
    Program program;
    program.types("/nick alicia\n");
    program.broker(Gap{.messages = 0, .acked = 1}, "alicia");
    program.hears(kBob, "bob", "psst");
    EXPECT_EQ(program.told(), R"({"type":"gap","messages":0,"name":"alicia"})"
                              "\n"
                              R"({"type":"tell","name":"bob","to":"alicia","text":"psst"})"
                              "\n");
    program.broker(Gap{.messages = 3, .acked = 1});
    EXPECT_EQ(program.told(), R"({"type":"gap","messages":3,"name":"alicia"})"
                              "\n");
}

Test(conversation_json, a_program_whose_own_events_are_all_lost_in_gaps_may_go_on) {
    constexpr std::size_t kBatch = 1000;
    Program program;
    std::size_t sent = 0;
    for (std::size_t due = kBatch; due < 3 * chatd::kRequestsSavedUp; due += kBatch) {
        program.types(lines(kBatch, "x"));
        sent += program.sent().size();
        EXPECT_EQ(sent, due);
        program.broker(Gap{.messages = kBatch, .acked = sent});
    }
}

// --- Answers -------------------------------------------------------------------------------------

Test(conversation_json, people_are_listed_with_the_line_that_asked) {
    Program program;
    EXPECT_EQ(program.told_for("hello\n/who b\n/quit\n"), "");
    program.broker(People{.now_ms = kNow, .members = 2, .matching = 1}, "b");
    program.broker(Person{.since_ms = kNow, .idle_ms = 0, .pid = 11}, "bob", "peer");
    program.comes_back(EntryKind::Say, 1, "hello");
    EXPECT_EQ(program.told(), say(2, "hello"));
    program.broker(Done{.left_out = 0});
    EXPECT_EQ(program.told(),
              R"({"type":"who","line":3,"prefix":"b","members":2,"matching":1})"
              "\n"
              R"({"type":"person","line":3,"name":"bob","pid":11,)"
              R"("since":"2023-11-20T14:02:59.000Z","idle_ms":0,"stopped":false,"address":"peer"})"
              "\n"
              R"({"type":"end","line":3,"of":"who","left_out":0})"
              "\n");
}

Test(conversation_json, an_answer_keeps_its_line_over_a_broken_link) {
    Program program;
    program.types("/who\nhello\n");
    program.broker(People{.now_ms = kNow, .members = 1, .matching = 1});
    program.relinks();
    program.welcome();
    program.broker(People{.now_ms = kNow, .members = 1, .matching = 1});
    program.broker(Done{.left_out = 0});
    EXPECT_EQ(program.told(), R"({"type":"who","line":2,"prefix":"","members":1,"matching":1})"
                              "\n"
                              R"({"type":"end","line":2,"of":"who","left_out":0})"
                              "\n");
}

Test(conversation_json, processes_are_listed_with_the_line_that_asked) {
    const auto lookout_sends = [](Program& program, const std::string& frame) {
        EXPECT_TRUE(program.conversation.inquiry().take(frame_of(frame), {}));
    };
    for (const char* command : {"/ps bo\n", "/tree bo\n"}) {
        Program program;
        program.types(command);
        program.types("hello\n");
        program.happens(EntryKind::Say, kBob, "bob", "hi");
        EXPECT_EQ(program.told(), R"({"type":"say","name":"bob","text":"hi"})"
                                  "\n");
        lookout_sends(program, framed(Processes{.processes = 9, .matching = 0}, "bo"));
        lookout_sends(program, framed(Done{.left_out = 0}));
        program.conversation.inquiry_closed();
        EXPECT_EQ(program.told(),
                  R"({"type":"ps","line":2,"prefix":"bo","processes":9,"matching":0})"
                  "\n"
                  R"({"type":"end","line":2,"of":"ps","left_out":0})"
                  "\n");
        program.comes_back(EntryKind::Say, 1, "hello");
        EXPECT_EQ(program.told(), say(3, "hello"));
    }
}

Test(conversation_json, a_lookout_that_does_not_answer_is_an_error_with_the_line) {
    Program program;
    program.types("/ps\n");
    program.conversation.inquiry().fail();
    program.conversation.inquiry_closed();
    EXPECT_CONTAINS(program.told(), R"({"type":"error","line":2,"code":"no-lookout")");
    program.happens(EntryKind::Say, kBob, "bob", "hi");
    EXPECT_EQ(program.told(), R"({"type":"say","name":"bob","text":"hi"})"
                              "\n");
}

Test(conversation_json, the_past_answers_the_line_that_asked_for_it) {
    Program program;
    program.types("/history 2\n/history\n");
    program.broker(Replay{.now_ms = kNow, .messages = 1});
    program.replays("bob", "one");
    program.happens(EntryKind::Say, kBob, "bob", "now");
    program.broker(Done{});
    program.broker(Replay{.now_ms = kNow, .messages = 0});
    program.broker(Done{});
    EXPECT_EQ(program.told(),
              R"({"type":"past","line":2,"state":"begin"})"
              "\n"
              R"({"type":"say","past":true,"line":2,"name":"bob","text":"one"})"
              "\n"
              R"({"type":"say","name":"bob","text":"now"})"
              "\n"
              R"({"type":"past","line":2,"state":"end"})"
              "\n"
              R"({"type":"notice","line":3,"code":"no-history","text":"Nobody has said anything )"
              R"(yet.","values":[]})"
              "\n");
}

Test(conversation_json, the_past_that_a_newcomer_is_shown_answers_no_line) {
    Program program(Stage::Entering);
    program.types("/who\n");
    program.broker(welcome_to(2), {}, "alice bob");
    program.replays("bob", "one");
    program.broker(Done{});
    program.broker(People{.now_ms = kNow, .members = 2, .matching = 0});
    program.broker(Done{});
    EXPECT_EQ(program.told(),
              R"({"type":"welcome","line":1,"name":"alice","members":2,"names":["alice","bob"]})"
              "\n"
              R"({"type":"past","state":"begin"})"
              "\n"
              R"({"type":"say","past":true,"name":"bob","text":"one"})"
              "\n"
              R"({"type":"past","state":"end"})"
              "\n"
              R"({"type":"who","line":2,"prefix":"","members":2,"matching":0})"
              "\n"
              R"({"type":"end","line":2,"of":"who","left_out":0})"
              "\n");
}

Test(conversation_json, notices_and_errors_name_their_line) {
    Program program;
    EXPECT_EQ(program.told_for("/time on\n/nik\n//x\n"),
              R"({"type":"notice","line":2,"code":"time-on","text":"What happens is now shown )"
              R"(with its time.","values":[]})"
              "\n"
              R"({"type":"error","line":3,"code":"no-such-command-nearest","text":"There is no )"
              R"(command /nik. Did you mean /nick?","values":["/nik","/nick"]})"
              "\n"
              R"({"type":"notice","line":4,"code":"said-with-one-slash","text":"That was said )"
              R"(with one / less.","values":[]})"
              "\n");
}

Test(conversation_json, notices_that_come_by_themselves_answer_no_line) {
    Program program(Stage::Talking, Language::English,
                    {.rate = {.per_second = 10, .burst = 3}, .to_name = {}, .idle = 600s});
    program.types("one\ntwo\nthree\nfour\n");
    EXPECT_CONTAINS(program.told(), R"({"type":"notice","code":"too-fast")");
    program.conversation.broker_is_silent();
    EXPECT_CONTAINS(program.told(), R"({"type":"notice","code":"room-recovers")");
    program.comes_back(EntryKind::Say, 1, "one");
    EXPECT_CONTAINS(program.told(), R"({"type":"notice","code":"room-is-back")");
    program.conversation.time_is(kBegin + 1s);
    program.conversation.time_is(kBegin + 700s);
    EXPECT_CONTAINS(program.told(), R"({"type":"error","code":"idle-too-long")");
}

// --- The end -------------------------------------------------------------------------------------

Test(conversation_json, a_program_that_quits_reads_its_own_leave_and_a_goodbye) {
    Program program;
    program.types("/quit so long\n");
    program.happens(EntryKind::Leave, kBob, "bob");
    program.has_left(1, LeaveReason::Quit);
    EXPECT_EQ(program.told(),
              R"({"type":"leave","name":"bob","reason":"quit"})"
              "\n"
              R"({"type":"leave","own":true,"line":2,"name":"alice","reason":"quit"})"
              "\n"
              R"({"type":"notice","line":2,"code":"goodbye","text":"Goodbye.","values":[]})"
              "\n");
    EXPECT_EQ(program.end(), WorkerExit::Goodbye);
}

Test(conversation_json, the_end_of_input_is_no_line) {
    Program program;
    program.types("bye");
    program.conversation.client_finished();
    program.comes_back(EntryKind::Say, 1, "bye");
    program.has_left(2, LeaveReason::Quit);
    EXPECT_EQ(program.told(), say(2, "bye") +
                                  R"({"type":"leave","own":true,"name":"alice","reason":"quit"})"
                                  "\n");
}

Test(conversation_json, a_server_that_closes_says_so_in_the_order_of_the_room) {
    Program program;
    program.conversation.server_closes();
    program.happens(EntryKind::Say, kBob, "bob", "oh");
    program.happens(EntryKind::Closing, 0, {});
    EXPECT_EQ(program.told(), R"({"type":"say","name":"bob","text":"oh"})"
                              "\n"
                              R"({"type":"closing"})"
                              "\n");
    EXPECT_EQ(program.end(), WorkerExit::Closed);
}

Test(conversation_json, a_server_that_closes_before_the_client_is_in_the_room_says_so) {
    Program program(Stage::Login);
    program.conversation.server_closes();
    EXPECT_EQ(program.screen(), "{\"type\":\"closing\"}\n");
    EXPECT_EQ(program.end(), WorkerExit::Closed);
}

Test(conversation_json, a_program_that_the_operator_removes_is_told_so) {
    Program program;
    program.conversation.operator_removes();
    program.has_left(1, LeaveReason::Removed);
    EXPECT_EQ(program.told(),
              R"({"type":"error","code":"operator-removes","text":"The operator has closed your )"
              R"(connection. Goodbye.","values":[]})"
              "\n"
              R"({"type":"leave","own":true,"name":"alice","reason":"removed"})"
              "\n");
}

// --- Nothing but objects -------------------------------------------------------------------------

Test(conversation_json, whatever_is_typed_and_said_only_objects_are_written) {
    const std::string odd = "\x1B[2J\"\\\x01\xC2\x9B\xE4\xBD\t\xF0\x9F\x98\x80\x7F";
    for (const Language language : {Language::English, Language::Chinese}) {
        Program program(Stage::Login, language);
        program.types(odd + "\n" + std::string(5000, 'x') + "\n/help\n/nix\n");
        EXPECT_NE(program.told(), "");
        program.types("\nalice\n");
        EXPECT_NE(program.told(), "");
        Program in_the_room(Stage::Talking, language);
        for (const char* command : {"/help", "/me", "/msg", "/msg \"\\ x", "/r", "/nick",
                                    "/nick a b", "/nick alice", "/history x", "/time", "/lang",
                                    "/nix", "/zzzzzzzz", "/whoo x", "//x", "/json", "/"}) {
            in_the_room.types(std::string(command) + ' ' + odd + '\n');
            (void)in_the_room.told();
            in_the_room.types(std::string(command) + '\n');
            (void)in_the_room.told();
        }
        in_the_room.happens(EntryKind::Say, kBob, "bob", "\"\\");
        in_the_room.happens(static_cast<EntryKind>(200), kBob, "bob", "x");
        EXPECT_EQ(in_the_room.told(), R"({"type":"say","name":"bob","text":"\"\\"})"
                                      "\n");
    }
}
