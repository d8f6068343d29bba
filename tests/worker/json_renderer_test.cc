// Specification of worker/json_renderer: the objects that a program reads. The examples of
// chatd-json(7) are exactly what is written here.

#include "worker/json_renderer.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "base/settings.h"
#include "support/conversation_client.h"
#include "support/expect.h"
#include "support/file.h"
#include "support/frames.h"

using chatd::code_of;
using chatd::Crowd;
using chatd::Encoding;
using chatd::Entry;
using chatd::EntryKind;
using chatd::Gap;
using chatd::json_errors;
using chatd::json_notices;
using chatd::JsonRenderer;
using chatd::Language;
using chatd::LeaveReason;
using chatd::Limits;
using chatd::People;
using chatd::Person;
using chatd::ProcessAnswer;
using chatd::Processes;
using chatd::ProcessNews;
using chatd::ProcessRole;
using chatd::ProcessRow;
using chatd::Refusal;
using chatd::Replay;
using chatd::Screen;
using chatd::Text;
using chatd::Welcome;
using chatd::WorkerExit;
using chatd::test::contents;
using chatd::test::framed;
using chatd::test::utc;
using namespace std::chrono_literals;

TestSuite(json_renderer, .timeout = 20);

namespace {

using Lines = std::vector<std::string>;

constexpr std::int64_t kTime =  // 2026-11-26 18:05:31.204, in ms
    std::chrono::sys_time<std::chrono::milliseconds>(
        std::chrono::sys_days(std::chrono::year(2026) / 11 / 26) + 18h + 5min + 31s + 204ms)
        .time_since_epoch()
        .count();

Lines lines_of(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// A program, and what it was told since the last call.
struct Program {
    explicit Program(Language language = Language::English, std::uint64_t lines_before = 0)
        : screen(language, utc), json(screen, lines_before) {}

    std::string told() { return std::exchange(screen.out, {}); }

    Screen screen;
    JsonRenderer json;
};

Entry entry(EntryKind kind, std::uint64_t seq = 7) {
    Entry entry{};
    entry.kind = kind;
    entry.seq = seq;
    entry.time_ms = kTime;
    return entry;
}

Entry leave(LeaveReason reason, std::uint8_t detail = 0, std::uint64_t seq = 7) {
    Entry leave = entry(EntryKind::Leave, seq);
    leave.reason = static_cast<std::uint8_t>(reason);
    leave.detail = detail;
    return leave;
}

Welcome welcome(std::uint64_t session, std::uint32_t members) {
    return {.session = session, .acked = 0, .messages = 0, .now_ms = kTime, .members = members};
}

ProcessNews worker(std::string name, std::string call) {
    const ProcessRow row = {.age_ms = 60000,
                            .cpu_ms = 20,
                            .memory_kib = 128,
                            .pid = 4711,
                            .ppid = 4700,
                            .nice = 0,
                            .policy = 3,
                            .role = ProcessRole::Worker,
                            .stat = {'S'}};
    return {row, std::move(name), std::move(call)};
}

ProcessAnswer processes(std::string prefix, std::vector<ProcessNews> processes) {
    return {.as_tree = false,
            .prefix = std::move(prefix),
            .counts = Processes{.processes = 5, .matching = 5},
            .processes = std::move(processes),
            .own = {.pid = 4711, .voluntary = 12, .involuntary = 1, .files = 3, .links = 2},
            .left_out = 0};
}

// What another member does, as the one object that tells it.
std::string event(const Entry& entry, std::string_view name = {}, std::string_view text = {}) {
    Program program;
    program.json.event(entry, name, text, false);
    return program.told();
}

// The part of an object that comes behind its time.
std::string rest_of(std::string_view object) {
    constexpr std::string_view kEnd = R"(31.204Z",)";
    const std::size_t at = object.find(kEnd);
    return std::string(at == object.npos ? object : object.substr(at + kEnd.size()));
}

// --- What the story tells

void tell_the_beginning(Program& program) {
    program.json.hello({.rate = {.per_second = 10, .burst = 20}, .to_name = 30s, .idle = {}}, {});
    program.json.prompt();
    program.screen.answers(1);
    program.json.welcome(welcome(3, 2), "alice", "alice bob");
    program.screen.answers(0);
    program.json.event(entry(EntryKind::Say, 1), "bob", "before", true);
    program.json.answer({}, 0);
}

void tell_what_others_do(Program& program) {
    program.json.event(entry(EntryKind::Join, 4), "carol", {}, false);
    program.json.event(leave(LeaveReason::Quit, 0, 5), "carol", "so long", false);
    program.json.event(leave(LeaveReason::Killed, SIGKILL, 6), "carol", {}, false);
    program.json.crowd({.last_seq = 30,
                        .time_ms = kTime,
                        .entered = 12,
                        .left = 1,
                        .reason = LeaveReason::Lost,
                        .detail = 0},
                       "dave eve frank carol");
    program.json.event(entry(EntryKind::Say, 7), "bob", "anyone for lunch?", false);
    program.json.event(entry(EntryKind::Emote, 9), "bob", "waves", false);
    program.json.event(entry(EntryKind::Tell, 10), "bob", "psst", false);
    program.json.event(entry(EntryKind::Rename, 12), "bob", "robert", false);
    program.json.gap({.messages = 37, .acked = 0}, "alice");
    program.json.event(entry(EntryKind::Closing, 40), {}, {}, false);
}

void tell_the_answers(Program& program) {
    program.screen.answers(2);
    program.json.own(entry(EntryKind::Say, 8), "alice", "in ten minutes", {});
    program.screen.answers(3);
    program.json.own(entry(EntryKind::Tell, 11), "alice", "what?", "bob");
    program.screen.answers(4);
    program.json.answer(framed(People{.now_ms = kTime, .members = 2, .matching = 2}) +
                            framed(Person{.since_ms = kTime, .idle_ms = 2500, .pid = 4711}, "bob",
                                   "192.0.2.7:51234"),
                        0);
    program.screen.answers(5);
    program.json.processes(processes({}, {worker("bob", "ppoll")}));
    program.json.processes(processes("alice", {worker("alice", {})}));
    program.screen.answers(6);
    program.json.line(Text::TimeOn, {});
    program.screen.answers(7);
    program.json.line(Text::NobodyThere, {"zoe"});
}

// All that a program may be told, each kind of object once at least.
Lines the_story() {
    Program program;
    tell_the_beginning(program);
    tell_what_others_do(program);
    tell_the_answers(program);
    for (int kind = 0; kind <= UINT8_MAX; ++kind) {
        program.json.event(entry(static_cast<EntryKind>(kind)), "bob", "x", false);
    }
    for (const Text text : json_notices()) program.json.line(text, {"x", "y", "z"});
    for (const Text text : json_errors()) program.json.line(text, {"x", "y", "z"});
    program.json.line(Text::ServerCloses, {});
    program.json.not_utf8(Encoding::Gbk);
    program.json.end(WorkerExit::Closed);
    return lines_of(program.told());
}

// --- The page

Lines section(std::string_view title) {
    Lines lines;
    bool is_inside = false;
    for (const std::string& line : lines_of(contents("src/chatd-json.7"))) {
        if (line.starts_with(".Sh ")) is_inside = line == ".Sh " + std::string(title);
        if (is_inside) lines.push_back(line);
    }
    return lines;
}

Lines examples() {
    Lines examples;
    for (const std::string& line : section("OBJECTS")) {
        if (line.starts_with('{')) examples.push_back(line);
    }
    return examples;
}

// The tags of the section's lists.
std::multiset<std::string> items(std::string_view title) {
    constexpr std::string_view kItem = ".It Cm ";
    std::multiset<std::string> items;
    for (const std::string& line : section(title)) {
        if (line.starts_with(kItem)) items.insert(line.substr(kItem.size()));
    }
    return items;
}

std::set<std::string> types_of(const Lines& objects) {
    constexpr std::string_view kType = R"({"type":")";
    std::set<std::string> types;
    for (const std::string& object : objects) {
        EXPECT_TRUE(object.starts_with(kType));
        const std::string_view rest = std::string_view(object).substr(kType.size());
        types.emplace(rest.substr(0, rest.find('"')));
    }
    return types;
}

}  // namespace

// --- The page and the renderer -------------------------------------------------------------------

Test(json_renderer, each_example_of_the_page_is_what_a_program_is_told) {
    const Lines written = the_story();
    const Lines due = examples();
    EXPECT_GT(due.size(), 20);
    for (const std::string& example : due) {
        if (std::ranges::count(written, example) == 0) {
            cr_expect(false, "nobody is told %s", example.c_str());
        }
    }
}

Test(json_renderer, each_type_has_an_example_and_an_item_on_the_page) {
    const std::set<std::string> types = types_of(the_story());
    EXPECT_EQ(types_of(examples()), types);
    EXPECT_EQ(items("OBJECTS"), std::multiset<std::string>(types.begin(), types.end()));
}

Test(json_renderer, each_code_is_on_the_page_and_no_other) {
    std::multiset<std::string> codes;
    for (const Text text : json_notices()) codes.insert(code_of(text));
    for (const Text text : json_errors()) codes.insert(code_of(text));
    EXPECT_EQ(std::set<std::string>(codes.begin(), codes.end()).size(), codes.size());
    EXPECT_EQ(items("CODES"), codes);
}

// What only people are told stands in none of these files.
Test(json_renderer, each_text_that_a_worker_shows_is_a_notice_or_an_error) {
    constexpr std::string_view kNames[] = {
#define CHATD_TEXT(name, english, chinese) "Text::" #name,
#include "text/catalogue_data.inc"
#undef CHATD_TEXT
    };
    std::set<Text> listed = {Text::ServerCloses};  // This one is the object closing.
    listed.insert(json_notices().begin(), json_notices().end());
    listed.insert(json_errors().begin(), json_errors().end());
    for (const char* file : {"commands", "conversation", "inquiry", "login"}) {
        const std::string source = contents("src/worker/" + std::string(file) + ".cc");
        std::size_t shown = 0;
        for (std::size_t text = 0; text < std::size(kNames); ++text) {
            const std::string name(kNames[text]);
            const bool is_shown = std::ranges::any_of(std::string_view(",;)}: "), [&](char end) {
                return source.find(name + end) != std::string::npos;
            });
            if (!is_shown) continue;
            ++shown;
            cr_expect(listed.contains(static_cast<Text>(text)), "%s in %s", name.c_str(), file);
        }
        EXPECT_GT(shown, 0);
    }
}

Test(json_renderer, each_object_is_a_line) {
    for (const std::string& object : the_story()) {
        EXPECT_TRUE(object.starts_with('{') && object.ends_with('}'));
    }
    Program program;
    program.json.line(Text::Help, {});
    EXPECT_EQ(lines_of(program.told()).size(), 1);
}

// --- The beginning -------------------------------------------------------------------------------

Test(json_renderer, who_is_in_the_room_already_is_told_its_name) {
    Program program(Language::Chinese);
    program.json.hello({}, "小明");
    EXPECT_EQ(program.told(),
              std::string(R"({"type":"hello","server":"chatd","version":")") + chatd::kVersion +
                  R"(","format":1,"language":"zh","name":"小明","limits":{"name_characters":20,)" +
                  R"("line_bytes":4096,"lines_per_second":0,"lines_at_once":1,"name_seconds":0,)" +
                  R"("idle_seconds":0}})" + "\n");
}

Test(json_renderer, there_is_no_prompt_that_could_be_left) {
    Program program;
    program.json.leave_prompt();
    program.json.end(WorkerExit::Goodbye);
    EXPECT_EQ(program.told(), "");
}

// --- What happens --------------------------------------------------------------------------------

Test(json_renderer, times_are_in_utc_to_the_millisecond) {
    const auto time_of = [](std::int64_t time_ms) {
        Entry join = entry(EntryKind::Join);
        join.time_ms = time_ms;
        const std::string object = event(join, "bob");
        return object.substr(object.find("time") + 7, 24);
    };
    EXPECT_EQ(time_of(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(time_of(-1), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(time_of(951782399999), "2000-02-28T23:59:59.999Z");
    EXPECT_EQ(time_of(951868799999), "2000-02-29T23:59:59.999Z");
    EXPECT_EQ(time_of(kTime), "2026-11-26T18:05:31.204Z");
}

Test(json_renderer, who_leaves_has_a_reason) {
    using enum LeaveReason;
    for (const auto& [reason, word] :
         {std::pair(Quit, "quit"), std::pair(Lost, "lost"), std::pair(Removed, "removed"),
          std::pair(Expelled, "expelled"), std::pair(Idle, "idle")}) {
        EXPECT_EQ(rest_of(event(leave(reason, 9), "bob")),
                  R"("name":"bob","reason":")" + std::string(word) + "\"}\n");
    }
    EXPECT_EQ(rest_of(event(leave(Killed, SIGSEGV), "bob")),
              R"("name":"bob","reason":"killed","detail":11})"
              "\n");
    EXPECT_EQ(rest_of(event(leave(Failed, 0), "bob")),
              R"("name":"bob","reason":"failed","detail":0})"
              "\n");
}

Test(json_renderer, a_crowd_may_only_come_or_only_go) {
    Program program;
    Crowd crowd = {.last_seq = 30,
                   .time_ms = kTime,
                   .entered = 2,
                   .left = 0,
                   .reason = LeaveReason::Quit,
                   .detail = 0};
    program.json.crowd(crowd, "dave 小明");
    EXPECT_EQ(rest_of(program.told()),
              R"("joined":2,"names_joined":["dave","小明"],"left":0,"names_left":[],)"
              R"("reason":"quit"})"
              "\n");
    crowd.entered = 0;
    crowd.left = 9;
    crowd.reason = LeaveReason::Killed;
    crowd.detail = SIGKILL;
    program.json.crowd(crowd, "dave eve frank");
    EXPECT_EQ(rest_of(program.told()),
              R"("joined":0,"names_joined":[],"left":9,"names_left":["dave","eve","frank"],)"
              R"("reason":"killed"})"
              "\n");
}

Test(json_renderer, words_are_escaped) {
    EXPECT_EQ(rest_of(event(entry(EntryKind::Say), "bob", "\"hi\" \\ 小明")),
              R"("name":"bob","text":"\"hi\" \\ 小明"})"
              "\n");
}

Test(json_renderer, a_refusal_and_an_unknown_kind_are_no_events) {
    EXPECT_EQ(event(entry(EntryKind::Refused), "alice", "bob"), "");
    EXPECT_EQ(event(entry(static_cast<EntryKind>(200)), "bob", "x"), "");
    Program program;
    program.json.own(entry(EntryKind::Refused), "alice", "bob", {});
    EXPECT_EQ(program.told(), "");
}

Test(json_renderer, a_server_that_closes_without_the_log_gives_no_time) {
    Program program;
    program.json.line(Text::ServerCloses, {});
    EXPECT_EQ(program.told(), "{\"type\":\"closing\"}\n");
}

// --- The past ------------------------------------------------------------------------------------

Test(json_renderer, what_happened_before_stands_between_two_objects) {
    Program program;
    program.json.event(entry(EntryKind::Say, 1), "bob", "one", true);
    program.json.event(entry(EntryKind::Emote, 2), "bob", "two", true);
    program.json.answer({}, 0);
    EXPECT_EQ(program.told(),
              R"({"type":"past","state":"begin"})"
              "\n"
              R"({"type":"say","seq":1,"time":"2026-11-26T18:05:31.204Z","past":true,)"
              R"("name":"bob","text":"one"})"
              "\n"
              R"({"type":"emote","seq":2,"time":"2026-11-26T18:05:31.204Z","past":true,)"
              R"("name":"bob","text":"two"})"
              "\n"
              R"({"type":"past","state":"end"})"
              "\n");
}

Test(json_renderer, a_newcomer_to_whom_nothing_is_shown_reads_nothing_of_it) {
    Program program;
    program.json.answer({}, 0);
    EXPECT_EQ(program.told(), "");
}

Test(json_renderer, each_past_begins_anew) {
    Program program;
    for (int count = 0; count < 2; ++count) {
        program.screen.answers(2);
        program.json.event(entry(EntryKind::Say, 1), "bob", "one", true);
        program.json.answer(framed(Replay{.now_ms = kTime, .messages = 1}), 0);
        const Lines told = lines_of(program.told());
        EXPECT_EQ(told.size(), 3);
        EXPECT_EQ(told.front(), R"({"type":"past","line":2,"state":"begin"})");
        EXPECT_EQ(told.back(), R"({"type":"past","line":2,"state":"end"})");
    }
}

Test(json_renderer, a_history_without_a_message_is_a_notice) {
    Program program;
    program.screen.answers(2);
    program.json.answer(framed(Replay{.now_ms = kTime, .messages = 0}), 0);
    EXPECT_EQ(program.told(), R"({"type":"notice","line":2,"code":"no-history",)"
                              R"("text":"Nobody has said anything yet.","values":[]})"
                              "\n");
}

// --- The client itself ---------------------------------------------------------------------------

Test(json_renderer, what_the_client_did_itself_says_so) {
    Program program;
    program.screen.answers(9);
    program.json.own(entry(EntryKind::Rename), "alice", "alicia", {});
    EXPECT_EQ(rest_of(program.told()), R"("own":true,"line":9,"name":"alice","to":"alicia"})"
                                       "\n");
    program.json.own(leave(LeaveReason::Quit), "alicia", "bye", {});
    EXPECT_EQ(rest_of(program.told()),
              R"("own":true,"line":9,"name":"alicia","reason":"quit","words":"bye"})"
              "\n");
}

Test(json_renderer, private_words_go_to_the_name_that_the_client_has_then) {
    Program program;
    const auto addressee = [&] {
        (void)program.told();
        program.json.event(entry(EntryKind::Tell), "bob", "psst", false);
        return rest_of(program.told());
    };
    program.json.hello({}, "al");
    EXPECT_CONTAINS(addressee(), R"("to":"al")");
    program.json.welcome(welcome(3, 1), "alice", "alice");
    EXPECT_CONTAINS(addressee(), R"("to":"alice")");
    program.json.own(entry(EntryKind::Rename), "alice", "alicia", {});
    EXPECT_CONTAINS(addressee(), R"("to":"alicia")");
    program.json.gap({.messages = 1, .acked = 0}, "ali");
    EXPECT_CONTAINS(addressee(), R"("to":"ali")");
}

Test(json_renderer, lines_before_the_tongue_was_chosen_are_not_counted) {
    Program program(Language::English, 5);
    program.screen.answers(5);
    program.json.own(entry(EntryKind::Emote), "alice", "waves", {});
    EXPECT_EQ(rest_of(program.told()), R"("own":true,"name":"alice","text":"waves"})"
                                       "\n");
    program.screen.answers(6);
    program.json.own(entry(EntryKind::Emote), "alice", "waves", {});
    EXPECT_EQ(rest_of(program.told()), R"("own":true,"line":1,"name":"alice","text":"waves"})"
                                       "\n");
}

// --- Answers -------------------------------------------------------------------------------------

Test(json_renderer, people_stand_between_who_and_end) {
    Program program;
    program.screen.answers(4);
    const std::string frames =
        framed(People{.now_ms = kTime, .members = 60, .matching = 2}, "b") +
        framed(Person{.since_ms = kTime, .idle_ms = 0, .pid = 11}, "bob", "[2001:db8::1]:7") +
        framed(Person{.since_ms = kTime, .idle_ms = 1, .pid = 12, .stopped = 1}, "bea", {});
    program.json.answer(frames, 3);
    EXPECT_EQ(program.told(),
              R"({"type":"who","line":4,"prefix":"b","members":60,"matching":2})"
              "\n"
              R"({"type":"person","line":4,"name":"bob","pid":11,)"
              R"("since":"2026-11-26T18:05:31.204Z","idle_ms":0,"stopped":false,)"
              R"("address":"[2001:db8::1]:7"})"
              "\n"
              R"({"type":"person","line":4,"name":"bea","pid":12,)"
              R"("since":"2026-11-26T18:05:31.204Z","idle_ms":1,"stopped":true,"address":""})"
              "\n"
              R"({"type":"end","line":4,"of":"who","left_out":3})"
              "\n");
}

Test(json_renderer, nobody_matching_is_an_answer_too) {
    Program program;
    program.json.answer(framed(People{.now_ms = kTime, .members = 2, .matching = 0}, "zoe"), 0);
    EXPECT_EQ(program.told(), R"({"type":"who","prefix":"zoe","members":2,"matching":0})"
                              "\n"
                              R"({"type":"end","of":"who","left_out":0})"
                              "\n");
}

Test(json_renderer, a_process_may_have_no_name_and_no_call) {
    using enum ProcessRole;
    for (const auto& [role, word] :
         {std::pair(Parent, "parent"), std::pair(Broker, "broker"), std::pair(Worker, "worker"),
          std::pair(Lookout, "lookout"), std::pair(Other, "other")}) {
        Program program;
        ProcessNews process = worker({}, {});
        process.row.role = role;
        program.json.processes(processes({}, {process}));
        const Lines told = lines_of(program.told());
        EXPECT_EQ(told.size(), 3);
        EXPECT_EQ(told.at(1), R"({"type":"process","pid":4711,"ppid":4700,"role":")" +
                                  std::string(word) +
                                  R"(","stat":"S","cpu_ms":20,"memory_kib":128,"nice":0,)" +
                                  R"("policy":3,"age_ms":60000})");
    }
}

Test(json_renderer, the_tree_is_answered_like_the_table) {
    Program table;
    Program tree;
    ProcessAnswer answer = processes({}, {worker("bob", {})});
    table.json.processes(answer);
    answer.as_tree = true;
    tree.json.processes(answer);
    EXPECT_EQ(tree.told(), table.told());
}

Test(json_renderer, only_the_own_worker_asked_for_by_name_is_told_of_itself) {
    const auto tells_of_itself = [](const ProcessAnswer& answer) {
        Program program;
        program.json.processes(answer);
        return program.told().find(R"({"type":"self")") != std::string::npos;
    };
    EXPECT_TRUE(tells_of_itself(processes("alice", {worker("alice", {})})));
    EXPECT_FALSE(tells_of_itself(processes({}, {worker("alice", {})})));
    EXPECT_FALSE(tells_of_itself(processes("al", {worker("alice", {})})));
    ProcessAnswer of_another = processes("bob", {worker("bob", {})});
    of_another.own.pid = 4712;
    EXPECT_FALSE(tells_of_itself(of_another));
}

// --- Notices and errors --------------------------------------------------------------------------

Test(json_renderer, a_text_is_in_the_language_of_the_client_and_its_code_in_none) {
    Program program(Language::Chinese);
    program.screen.answers(3);
    program.json.line(Text::NobodyThere, {"小红"});
    EXPECT_EQ(program.told(),
              R"({"type":"error","line":3,"code":"nobody-there","text":"这里没有叫 小红 的人。",)"
              R"("values":["小红"]})"
              "\n");
}

Test(json_renderer, a_text_of_several_lines_is_one_string) {
    Program program;
    program.json.line(Text::Help, {});
    EXPECT_CONTAINS(program.told(), R"(is a command:\n  /who [begins-with]  who)");
}

Test(json_renderer, a_line_that_is_not_utf8_is_an_error_without_advice) {
    for (const Encoding encoding : {Encoding::Gbk, Encoding::Big5}) {
        Program program;
        program.json.not_utf8(encoding);
        EXPECT_EQ(program.told(),
                  R"({"type":"error","code":"not-utf8","text":"This room speaks UTF-8, and )"
                  R"(that was not. Is your terminal set to UTF-8?","values":[]})"
                  "\n");
    }
}
