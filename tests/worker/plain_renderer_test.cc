// Specification of worker/plain_renderer: how a line looks to the client that reads it.

#include "worker/plain_renderer.h"

#include <criterion/criterion.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/bounds.h"
#include "support/conversation_client.h"
#include "support/expect.h"
#include "support/frames.h"

using chatd::Entry;
using chatd::EntryKind;
using chatd::Gap;
using chatd::kNamesShown;
using chatd::Language;
using chatd::LeaveReason;
using chatd::People;
using chatd::Person;
using chatd::Screen;
using chatd::Text;
using chatd::test::framed;
using chatd::test::welcome_to;

namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

constexpr std::int64_t kMidnight = 1700438400 * kSecond;  // 2023-11-20, UTC
constexpr std::int64_t kNow = kMidnight + 14 * kHour + 2 * kMinute + 59 * kSecond;

std::int64_t utc(std::int64_t) {
    return 0;
}

std::int64_t shanghai(std::int64_t) {
    return 8 * 3600;
}

std::int64_t saint_johns(std::int64_t) {
    return -(3 * 3600 + 30 * 60);
}

// Summer time ended on 2023-11-05 at 06:00 UTC.
std::int64_t new_york(std::int64_t time_s) {
    return (time_s < 1699164000 ? -4 : -5) * 3600;
}

std::string taken(Screen& screen) {
    return std::exchange(screen.out, {});
}

Entry entry(EntryKind kind, std::int64_t time_ms = kNow) {
    Entry entry{};
    entry.kind = kind;
    entry.time_ms = time_ms;
    return entry;
}

Entry leave(LeaveReason reason, std::uint8_t detail = 0) {
    Entry leave = entry(EntryKind::Leave);
    leave.reason = static_cast<std::uint8_t>(reason);
    leave.detail = detail;
    return leave;
}

std::string shown(Language language, const Entry& entry, std::string_view name = {},
                  std::string_view text = {}) {
    Screen screen(language, utc);
    screen->event(entry, name, text, false);
    return taken(screen);
}

std::string english(const Entry& entry, std::string_view name = {}, std::string_view text = {}) {
    return shown(Language::English, entry, name, text);
}

std::string chinese(const Entry& entry, std::string_view name = {}, std::string_view text = {}) {
    return shown(Language::Chinese, entry, name, text);
}

// A line of the past, as it looks at `now_ms` to somebody who lives at `offset`.
std::string past(std::int64_t time_ms, std::int64_t now_ms = kNow, chatd::UtcOffset offset = utc) {
    Screen screen(Language::English, offset);
    screen.set_now(now_ms);
    screen->event(entry(EntryKind::Say, time_ms), "bob", "hi", true);
    return taken(screen);
}

}  // namespace

TestSuite(plain_renderer, .timeout = 20);

// --- Hints ---

Test(plain_renderer, a_hint_is_wrapped_between_words_at_80_columns) {
    Screen screen(Language::English, utc);
    const std::string name = "一二三四五六七八九十甲乙丙丁戊己庚辛壬癸";
    screen->line(Text::NameTaken, {name});
    EXPECT_EQ(taken(screen), "The name " + name + " is taken, or looks like one\nthat is.\n");
    screen->welcome(welcome_to(kNamesShown), "bob",
                    "abcdefghijklmnopqrst bcdefghijklmnopqrstu carol dave erin "
                    "cdefghijklmnopqrstuv frank");
    EXPECT_EQ(taken(screen),
              "Welcome, bob. /help lists the commands; leave with /quit, not Ctrl-D.\n"
              "20 people are here: abcdefghijklmnopqrst, bcdefghijklmnopqrstu, carol, dave,\n"
              "erin, cdefghijklmnopqrstuv, frank.\n");
}

Test(plain_renderer, what_happens_in_the_room_has_one_line) {
    const std::string text(30, 'x');
    const std::string words = text + ' ' + text + ' ' + text;
    EXPECT_EQ(english(entry(EntryKind::Say), "bob", words), "bob says: " + words + "\n");
    EXPECT_EQ(english(leave(LeaveReason::Quit), "bob", words),
              "bob left the chat room: " + words + "\n");
}

// --- What happens ---

Test(plain_renderer, somebody_enters) {
    EXPECT_EQ(english(entry(EntryKind::Join), "bob"), "bob entered the chat room\n");
    EXPECT_EQ(chinese(entry(EntryKind::Join), "小明"), "小明 进入聊天室\n");
}

Test(plain_renderer, somebody_says_something) {
    EXPECT_EQ(english(entry(EntryKind::Say), "bob", "hello"), "bob says: hello\n");
    EXPECT_EQ(chinese(entry(EntryKind::Say), "小明", "你好"), "小明 说： 你好\n");
}

Test(plain_renderer, somebody_does_something) {
    EXPECT_EQ(english(entry(EntryKind::Emote), "bob", "waves"), "* bob waves\n");
    EXPECT_EQ(chinese(entry(EntryKind::Emote), "小明", "挥挥手"), "* 小明 挥挥手\n");
}

Test(plain_renderer, somebody_tells_you_something) {
    EXPECT_EQ(english(entry(EntryKind::Tell), "bob", "psst"), "bob tells you: psst\n");
    EXPECT_EQ(chinese(entry(EntryKind::Tell), "小明", "嘘"), "小明 悄悄对你说： 嘘\n");
}

Test(plain_renderer, somebody_is_renamed) {
    EXPECT_EQ(english(entry(EntryKind::Rename), "bob", "rob"), "bob is now called rob\n");
    EXPECT_EQ(chinese(entry(EntryKind::Rename), "小明", "大明"), "小明 改名为 大明\n");
}

Test(plain_renderer, the_server_closes) {
    EXPECT_EQ(english(entry(EntryKind::Closing)), "The server is shutting down. Goodbye.\n");
    EXPECT_EQ(chinese(entry(EntryKind::Closing)), "服务器即将关闭，再见。\n");
}

Test(plain_renderer, a_refusal_is_no_event) {
    EXPECT_EQ(english(entry(EntryKind::Refused), "bob"), "");
}

Test(plain_renderer, what_is_shown_is_not_interpreted) {
    EXPECT_EQ(english(entry(EntryKind::Say), "bob", "{0} {1} %s"), "bob says: {0} {1} %s\n");
}

// --- Leaving ---

Test(plain_renderer, a_member_that_just_leaves_needs_no_reason) {
    EXPECT_EQ(english(leave(LeaveReason::Quit), "bob"), "bob left the chat room\n");
    EXPECT_EQ(chinese(leave(LeaveReason::Quit), "小明"), "小明 退出了聊天室\n");
}

Test(plain_renderer, every_other_reason_is_shown) {
    EXPECT_EQ(english(leave(LeaveReason::Lost), "bob"),
              "bob left the chat room (connection lost)\n");
    EXPECT_EQ(english(leave(LeaveReason::Removed), "bob"),
              "bob left the chat room (removed by the operator)\n");
    EXPECT_EQ(english(leave(LeaveReason::Killed, SIGKILL), "bob"),
              "bob left the chat room (killed by signal 9)\n");
    EXPECT_EQ(english(leave(LeaveReason::Failed, 255), "bob"),
              "bob left the chat room (its process failed with status 255)\n");
    EXPECT_EQ(english(leave(LeaveReason::Expelled), "bob"),
              "bob left the chat room (its process broke the rules)\n");
}

Test(plain_renderer, every_other_reason_is_shown_in_Chinese) {
    EXPECT_EQ(chinese(leave(LeaveReason::Lost), "小明"), "小明 退出了聊天室（连接中断）\n");
    EXPECT_EQ(chinese(leave(LeaveReason::Removed), "小明"), "小明 退出了聊天室（被管理员请出）\n");
    EXPECT_EQ(chinese(leave(LeaveReason::Killed, SIGKILL), "小明"),
              "小明 退出了聊天室（被信号 9 终止）\n");
    EXPECT_EQ(chinese(leave(LeaveReason::Failed, 255), "小明"),
              "小明 退出了聊天室（进程出错，退出码 255）\n");
    EXPECT_EQ(chinese(leave(LeaveReason::Expelled), "小明"), "小明 退出了聊天室（进程违反协议）\n");
}

Test(plain_renderer, an_unknown_reason_is_not_shown) {
    EXPECT_EQ(english(leave(static_cast<LeaveReason>(99)), "bob"), "bob left the chat room\n");
}

Test(plain_renderer, last_words_follow_a_colon) {
    EXPECT_EQ(english(leave(LeaveReason::Quit), "bob", "good night"),
              "bob left the chat room: good night\n");
    EXPECT_EQ(chinese(leave(LeaveReason::Quit), "小明", "晚安"), "小明 退出了聊天室： 晚安\n");
}

Test(plain_renderer, last_words_cannot_pass_for_a_reason) {
    EXPECT_EQ(english(leave(LeaveReason::Quit), "bob", "(killed by signal 9)"),
              "bob left the chat room: (killed by signal 9)\n");
    EXPECT_EQ(chinese(leave(LeaveReason::Quit), "小明", "（连接中断）"),
              "小明 退出了聊天室： （连接中断）\n");
}

// --- Times ---

Test(plain_renderer, a_live_event_comes_without_its_time) {
    EXPECT_EQ(english(entry(EntryKind::Say), "bob", "hi"), "bob says: hi\n");
}

Test(plain_renderer, a_replayed_event_comes_with_its_time) {
    EXPECT_EQ(past(kNow), "[14:02] bob says: hi\n");
}

Test(plain_renderer, times_may_be_switched_on_and_off) {
    Screen screen(Language::English, utc);
    screen.show_times(true);
    screen->event(entry(EntryKind::Say), "bob", "one", false);
    screen->event(leave(LeaveReason::Quit), "bob", {}, false);
    screen.show_times(false);
    screen->event(entry(EntryKind::Say), "eve", "two", false);
    EXPECT_EQ(taken(screen),
              "[14:02] bob says: one\n"
              "[14:02] bob left the chat room\n"
              "eve says: two\n");
}

Test(plain_renderer, every_event_may_have_its_time) {
    Screen screen(Language::Chinese, utc);
    screen.show_times(true);
    for (const EntryKind kind :
         {EntryKind::Join, EntryKind::Leave, EntryKind::Say, EntryKind::Emote, EntryKind::Tell,
          EntryKind::Rename, EntryKind::Closing}) {
        screen->event(entry(kind), "bob", "x", false);
        EXPECT_TRUE(screen.out.starts_with("[14:02] "));
        EXPECT_TRUE(taken(screen).ends_with('\n'));
    }
}

Test(plain_renderer, lines_that_are_no_events_have_no_time) {
    Screen screen(Language::English, utc);
    screen.show_times(true);
    screen->event(entry(EntryKind::Refused), "bob", {}, false);
    EXPECT_EQ(taken(screen), "");
}

Test(plain_renderer, a_time_has_two_digits_twice) {
    EXPECT_EQ(past(kMidnight), "[00:00] bob says: hi\n");
    EXPECT_EQ(past(kMidnight + 9 * kHour + 5 * kMinute), "[09:05] bob says: hi\n");
}

Test(plain_renderer, an_event_before_today_has_its_date) {
    EXPECT_EQ(past(kMidnight - 1), "[11-19 23:59] bob says: hi\n");
    EXPECT_EQ(past(kMidnight - 19 * kDay), "[11-01 00:00] bob says: hi\n");
    EXPECT_EQ(past(kMidnight - 324 * kDay), "[12-31 00:00] bob says: hi\n");
}

Test(plain_renderer, an_event_a_year_ago_is_not_of_today) {
    EXPECT_EQ(past(kNow - 365 * kDay), "[11-20 14:02] bob says: hi\n");
}

Test(plain_renderer, a_leap_day_has_its_date) {
    constexpr std::int64_t kLeapDay = 1709164800 * kSecond;
    EXPECT_EQ(past(kLeapDay, kLeapDay + kDay), "[02-29 00:00] bob says: hi\n");
}

Test(plain_renderer, a_clock_that_was_set_back_shows_tomorrow_s_date) {
    EXPECT_EQ(past(kNow + kDay), "[11-21 14:02] bob says: hi\n");
}

Test(plain_renderer, there_are_no_dates_before_the_day_is_known) {
    EXPECT_EQ(past(kNow - kDay, 0), "[14:02] bob says: hi\n");
}

Test(plain_renderer, a_live_event_sets_the_day) {
    Screen screen(Language::English, utc);
    screen.set_now(kNow);
    screen->event(entry(EntryKind::Say, kNow + kDay), "bob", "new day", false);
    screen->event(entry(EntryKind::Say, kNow), "bob", "old day", true);
    EXPECT_EQ(taken(screen), "bob says: new day\n[11-20 14:02] bob says: old day\n");
}

Test(plain_renderer, a_replayed_event_does_not_set_the_day) {
    Screen screen(Language::English, utc);
    screen.set_now(kNow);
    screen->event(entry(EntryKind::Say, kNow - kDay), "bob", "one", true);
    screen->event(entry(EntryKind::Say, kNow - kDay), "bob", "two", true);
    EXPECT_EQ(taken(screen), "[11-19 14:02] bob says: one\n[11-19 14:02] bob says: two\n");
}

Test(plain_renderer, times_are_local) {
    EXPECT_EQ(past(kNow, kNow, shanghai), "[22:02] bob says: hi\n");
    EXPECT_EQ(past(kNow, kNow, saint_johns), "[10:32] bob says: hi\n");
}

Test(plain_renderer, today_is_the_local_day) {
    // 00:02 of the next day in Shanghai; the day before ended at 16:00 UTC.
    constexpr std::int64_t kNight = kMidnight + 16 * kHour + 2 * kMinute;
    EXPECT_EQ(past(kNight - 3 * kMinute, kNight, shanghai), "[11-20 23:59] bob says: hi\n");
    EXPECT_EQ(past(kNight - 2 * kMinute, kNight, shanghai), "[00:00] bob says: hi\n");
    EXPECT_EQ(past(kMidnight, kMidnight + 4 * kHour, saint_johns), "[11-19 20:30] bob says: hi\n");
}

Test(plain_renderer, a_time_has_the_offset_of_its_own_season) {
    constexpr std::int64_t kSummerTimeEnds = 1699164000 * kSecond;
    EXPECT_EQ(past(kSummerTimeEnds - 1, kSummerTimeEnds, new_york), "[01:59] bob says: hi\n");
    EXPECT_EQ(past(kSummerTimeEnds, kSummerTimeEnds, new_york), "[01:00] bob says: hi\n");
}

// --- Who is here ---

Test(plain_renderer, a_client_alone_in_the_room_is_told_so) {
    Screen screen(Language::English, utc);
    screen->answer(framed(People{.now_ms = kNow, .members = 1, .matching = 1}), 0);
    EXPECT_EQ(taken(screen), "You are the only one here:\n");
    screen.set_language(Language::Chinese);
    screen->answer(framed(People{.now_ms = kNow, .members = 1, .matching = 1}), 0);
    EXPECT_EQ(taken(screen), "现在只有你一个人：\n");
}

Test(plain_renderer, people_are_counted) {
    Screen screen(Language::English, utc);
    screen->answer(framed(People{.now_ms = kNow, .members = 12, .matching = 12}), 0);
    EXPECT_EQ(taken(screen), "12 people are here:\n");
    screen.set_language(Language::Chinese);
    screen->answer(framed(People{.now_ms = kNow, .members = 12, .matching = 12}), 0);
    EXPECT_EQ(taken(screen), "现在有 12 人：\n");
}

Test(plain_renderer, members_whose_name_begins_with_the_prefix_are_counted) {
    Screen screen(Language::English, utc);
    screen->answer(framed(People{.now_ms = kNow, .members = 12, .matching = 3}, "al"), 0);
    screen->answer(framed(People{.now_ms = kNow, .members = 12, .matching = 0}, "zz"), 0);
    EXPECT_EQ(taken(screen),
              "Names that begin with al, 3 of 12:\n"
              "Nobody here has a name that begins with zz.\n");
    screen.set_language(Language::Chinese);
    screen->answer(framed(People{.now_ms = kNow, .members = 12, .matching = 3}, "小"), 0);
    screen->answer(framed(People{.now_ms = kNow, .members = 12, .matching = 0}, "大"), 0);
    EXPECT_EQ(taken(screen), "名字以 小 开头的，12 人中有 3 人：\n这里没有名字以 大 开头的人。\n");
}

Test(plain_renderer, people_stand_in_a_table_under_their_number) {
    const std::string people =
        framed(People{.now_ms = kNow, .members = 60, .matching = 60}) +
        framed(Person{.since_ms = kNow - kHour, .idle_ms = 5 * kSecond, .pid = 4711}, "bob",
               "192.0.2.7:51234") +
        framed(Person{.since_ms = kNow - kDay, .idle_ms = 0, .pid = 812}, "小明", "[::1]:51234");
    Screen screen(Language::English, utc);
    screen->answer(people, 58);
    EXPECT_EQ(taken(screen),
              "60 people are here:\n"
              "  name   pid        since  idle  address\n"
              "  bob   4711        13:02   5 s  192.0.2.7:51234\n"
              "  小明   812  11-19 14:02   0 s  [::1]:51234\n"
              "  … and 58 more. /who al shows those whose name begins with al.\n");
    screen.set_language(Language::Chinese);
    screen->answer(people, 0);
    EXPECT_EQ(taken(screen),
              "现在有 60 人：\n"
              "  名字  进程号         进入  空闲  地址\n"
              "  bob     4711        13:02  5 秒  192.0.2.7:51234\n"
              "  小明     812  11-19 14:02  0 秒  [::1]:51234\n");
}

Test(plain_renderer, a_table_has_no_time_before_it) {
    Screen screen(Language::English, utc);
    screen.show_times(true);
    screen->answer(framed(People{.now_ms = kNow, .members = 1, .matching = 1}) +
                       framed(Person{.since_ms = kNow, .idle_ms = 0, .pid = 1}, "bob", "peer"),
                   0);
    EXPECT_EQ(taken(screen),
              "You are the only one here:\n"
              "  name  pid  since  idle  address\n"
              "  bob     1  14:02   0 s  peer\n");
}

// --- Other lines ---

Test(plain_renderer, a_client_alone_in_the_room_is_welcomed_so) {
    Screen screen(Language::English, utc);
    screen->welcome(welcome_to(1), "bob", "bob");
    EXPECT_EQ(taken(screen),
              "Welcome, bob. /help lists the commands; leave with /quit, not Ctrl-D.\n"
              "You are the only one here.\n");
    screen.set_language(Language::Chinese);
    screen->welcome(welcome_to(1), "小明", "小明");
    EXPECT_EQ(taken(screen),
              "欢迎你，小明。输入 /help 查看命令；退出请用 /quit，不要按 Ctrl-D。\n"
              "现在只有你一个人。\n");
}

Test(plain_renderer, a_welcome_names_the_members) {
    Screen screen(Language::English, utc);
    screen->welcome(welcome_to(3), "bob", "alice bob 小明");
    EXPECT_EQ(taken(screen),
              "Welcome, bob. /help lists the commands; leave with /quit, not Ctrl-D.\n"
              "3 people are here: alice, bob, 小明.\n");
    screen.set_language(Language::Chinese);
    screen->welcome(welcome_to(3), "bob", "alice bob 小明");
    EXPECT_EQ(taken(screen),
              "欢迎你，bob。输入 /help 查看命令；退出请用 /quit，不要按 Ctrl-D。\n"
              "现在有 3 人：alice、bob、小明。\n");
}

Test(plain_renderer, a_welcome_to_a_crowd_says_that_there_are_others) {
    Screen screen(Language::English, utc);
    screen->welcome(welcome_to(kNamesShown), "bob", "alice bob");
    EXPECT_LACKS(taken(screen), "others");
    screen->welcome(welcome_to(kNamesShown + 1), "bob", "alice bob");
    EXPECT_EQ(taken(screen),
              "Welcome, bob. /help lists the commands; leave with /quit, not Ctrl-D.\n"
              "21 people are here: alice, bob and others.\n");
    screen.set_language(Language::Chinese);
    screen->welcome(welcome_to(kNamesShown + 1), "bob", "alice bob");
    EXPECT_EQ(taken(screen),
              "欢迎你，bob。输入 /help 查看命令；退出请用 /quit，不要按 Ctrl-D。\n"
              "现在有 21 人：alice、bob 等。\n");
}

Test(plain_renderer, one_skipped_message_is_counted_in_the_singular) {
    Screen screen(Language::English, utc);
    screen->gap(Gap{.messages = 1, .acked = 0}, "bob");
    screen->gap(Gap{.messages = 2, .acked = 0}, "bob");
    screen->gap(Gap{.messages = UINT64_MAX, .acked = 0}, "bob");
    EXPECT_EQ(taken(screen),
              "… 1 message skipped\n"
              "… 2 messages skipped\n"
              "… 18446744073709551615 messages skipped\n");
    screen.set_language(Language::Chinese);
    screen->gap(Gap{.messages = 1, .acked = 0}, "bob");
    screen->gap(Gap{.messages = 2, .acked = 0}, "bob");
    EXPECT_EQ(taken(screen), "… 略过了 1 条消息\n… 略过了 2 条消息\n");
}

Test(plain_renderer, a_prompt_does_not_end_its_line) {
    Screen screen(Language::English, utc);
    screen->prompt();
    EXPECT_EQ(taken(screen), "Your name: ");
}

Test(plain_renderer, the_language_may_be_changed) {
    Screen screen(Language::English, utc);
    screen->line(Text::Goodbye);
    screen.set_language(Language::Chinese);
    screen->line(Text::Goodbye);
    EXPECT_EQ(taken(screen), "Goodbye.\n再见。\n");
}

// --- Crowds ---

namespace {

std::string crowd(std::uint32_t entered, std::uint32_t left, std::string_view names,
                  Language language = Language::English, LeaveReason reason = LeaveReason::Quit,
                  std::uint8_t detail = 0) {
    Screen screen(language, utc);
    screen->crowd(chatd::Crowd{.last_seq = 1,
                               .time_ms = kNow,
                               .entered = entered,
                               .left = left,
                               .reason = reason,
                               .detail = detail},
                  names);
    return taken(screen);
}

}  // namespace

Test(plain_renderer, a_few_members_that_come_together_are_all_named) {
    EXPECT_EQ(crowd(2, 0, "alice bob"), "alice and bob entered the chat room\n");
    EXPECT_EQ(crowd(3, 0, "alice bob carol"), "alice, bob and carol entered the chat room\n");
    EXPECT_EQ(crowd(4, 0, "alice bob carol dave"),
              "alice, bob, carol and dave entered the chat room\n");
    EXPECT_EQ(crowd(2, 0, "小明 小红", Language::Chinese), "小明、小红 进入聊天室\n");
}

Test(plain_renderer, of_many_members_that_come_together_the_first_are_named) {
    EXPECT_EQ(crowd(815, 0, "alice bob carol"),
              "alice, bob, carol and 812 others entered the chat room\n");
    EXPECT_EQ(crowd(815, 0, "alice bob carol", Language::Chinese),
              "alice、bob、carol 等 815 人进入聊天室\n");
}

Test(plain_renderer, members_that_leave_together_are_named_the_same_way) {
    EXPECT_EQ(crowd(0, 2, "alice bob"), "alice and bob left the chat room\n");
    EXPECT_EQ(crowd(0, 7, "alice bob carol"),
              "alice, bob, carol and 4 others left the chat room\n");
    EXPECT_EQ(crowd(0, 7, "alice bob carol", Language::Chinese),
              "alice、bob、carol 等 7 人退出了聊天室\n");
}

Test(plain_renderer, a_reason_that_all_have_is_shown) {
    EXPECT_EQ(crowd(0, 2, "alice bob", Language::English, LeaveReason::Killed, 9),
              "alice and bob left the chat room (killed by signal 9)\n");
    EXPECT_EQ(crowd(0, 7, "alice bob carol", Language::English, LeaveReason::Lost),
              "alice, bob, carol and 4 others left the chat room (connection lost)\n");
    EXPECT_EQ(crowd(0, 7, "alice bob carol", Language::Chinese, LeaveReason::Lost),
              "alice、bob、carol 等 7 人退出了聊天室（连接中断）\n");
}

Test(plain_renderer, members_that_come_are_shown_before_members_that_leave) {
    EXPECT_EQ(crowd(5, 1, "alice bob carol dave"),
              "alice, bob, carol and 2 others entered the chat room\n"
              "dave left the chat room\n");
    EXPECT_EQ(crowd(1, 2, "alice bob carol"),
              "alice entered the chat room\n"
              "bob and carol left the chat room\n");
}

Test(plain_renderer, a_crowd_has_its_time_if_times_are_shown) {
    Screen screen(Language::English, utc);
    screen.show_times(true);
    screen->crowd(chatd::Crowd{.last_seq = 1,
                               .time_ms = kNow,
                               .entered = 2,
                               .left = 1,
                               .reason = LeaveReason::Quit,
                               .detail = 0},
                  "alice bob carol");
    EXPECT_EQ(taken(screen),
              "[14:02] alice and bob entered the chat room\n"
              "[14:02] carol left the chat room\n");
}
