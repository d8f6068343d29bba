// Specification of worker/who_table: what a client reads of the people who are here.
#include "worker/who_table.h"

#include <criterion/criterion.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/bounds.h"
#include "support/expect.h"
#include "text/width.h"

using chatd::columns_of;
using chatd::kNameCharactersMax;
using chatd::kRowColumnsMax;
using chatd::Language;
using chatd::Person;
using chatd::WhoTable;

namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

constexpr std::string_view kLongestAddress =
    "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535";

Person person(std::int32_t pid, std::int64_t idle_ms = 0) {
    return {.since_ms = 0, .idle_ms = idle_ms, .pid = pid};
}

std::string shown(const WhoTable& table) {
    std::string out;
    table.append_to(out);
    return out;
}

std::string idle(Language language, std::int64_t idle_ms) {
    WhoTable table(language);
    table.add(person(1, idle_ms), "bob", "14:02", "peer");
    return shown(table);
}

std::string repeated(std::size_t count, std::string_view text) {
    std::string all;
    for (; count != 0; --count) all += text;
    return all;
}

}  // namespace

TestSuite(who_table, .timeout = 20);

Test(who_table, names_pids_times_and_addresses_stand_in_columns) {
    WhoTable table(Language::English);
    table.add(person(4711, 5 * kSecond), "alice", "14:02", "192.0.2.7:51234");
    table.add(person(812), "小明", "11-19 14:02", "[2001:db8::1]:51234");
    table.add(person(4194304, 59 * kMinute), "bob", "09:05", "192.0.2.8:1");
    EXPECT_EQ(shown(table),
              "  name       pid        since    idle  address\n"
              "  alice     4711        14:02     5 s  192.0.2.7:51234\n"
              "  小明       812  11-19 14:02     0 s  [2001:db8::1]:51234\n"
              "  bob    4194304        09:05  59 min  192.0.2.8:1\n");
}

Test(who_table, they_do_so_in_Chinese_too) {
    WhoTable table(Language::Chinese);
    table.add(person(4711, 5 * kSecond), "alice", "14:02", "192.0.2.7:51234");
    table.add(person(812, 3 * kMinute), "欧阳小明", "11-19 14:02", "[::1]:51234");
    EXPECT_EQ(shown(table),
              "  名字      进程号         进入    空闲  地址\n"
              "  alice       4711        14:02    5 秒  192.0.2.7:51234\n"
              "  欧阳小明     812  11-19 14:02  3 分钟  [::1]:51234\n");
}

Test(who_table, who_is_stopped_is_marked) {
    for (const auto& [language, mark] : {std::pair(Language::English, "3 min, stopped  peer\n"),
                                         std::pair(Language::Chinese, "3 分钟，已暂停  peer\n")}) {
        WhoTable table(language);
        table.add({.since_ms = 0, .idle_ms = 3 * kMinute, .pid = 1, .stopped = 1}, "bob", "14:02",
                  "peer");
        EXPECT_CONTAINS(shown(table), mark);
    }
}

Test(who_table, nobody_is_shown_without_headings) {
    EXPECT_EQ(shown(WhoTable(Language::English)), "");
}

Test(who_table, a_long_IPv6_address_fits_beside_an_ordinary_name) {
    WhoTable table(Language::English);
    table.add(person(12345), "alice", "14:02", "[2001:db8:1234:5678:9abc:def0:1234:5678]:51234");
    EXPECT_EQ(shown(table),
              "  name     pid  since  idle  address\n"
              "  alice  12345  14:02   0 s  [2001:db8:1234:5678:9abc:def0:1234:5678]:51234\n");
}

// Whatever is shown, no row is too wide, and names and addresses can be copied out of it.
Test(who_table, the_widest_rows_fit_and_break_no_name_and_no_address) {
    for (const Language language : {Language::English, Language::Chinese}) {
        for (const char* letter : {"w", "王"}) {
            const std::string name = repeated(kNameCharactersMax, letter);
            WhoTable table(language);
            table.add(person(4194304, 1000 * kDay), name, "11-19 14:02", kLongestAddress);
            table.add(person(1), "al", "14:02", "255.255.255.255:65535");
            const std::string out = shown(table);
            EXPECT_CONTAINS(out, name);
            EXPECT_CONTAINS(out, "\n      " + std::string(kLongestAddress) + "\n");
            EXPECT_CONTAINS(out, "  255.255.255.255:65535\n");
            for (std::size_t begin = 0, end; begin < out.size(); begin = end + 1) {
                end = out.find('\n', begin);
                EXPECT_TRUE(columns_of(out.substr(begin, end - begin)) <= kRowColumnsMax);
            }
        }
    }
}

Test(who_table, a_duration_is_shown_in_its_largest_unit) {
    EXPECT_CONTAINS(idle(Language::English, 0), " 0 s ");
    EXPECT_CONTAINS(idle(Language::English, 999), " 0 s ");
    EXPECT_CONTAINS(idle(Language::English, kMinute - 1), " 59 s ");
    EXPECT_CONTAINS(idle(Language::English, kMinute), " 1 min ");
    EXPECT_CONTAINS(idle(Language::English, kHour - 1), " 59 min ");
    EXPECT_CONTAINS(idle(Language::English, kHour), " 1 h ");
    EXPECT_CONTAINS(idle(Language::English, kDay - 1), " 23 h ");
    EXPECT_CONTAINS(idle(Language::English, kDay), " 1 d ");
    EXPECT_CONTAINS(idle(Language::English, 1000 * kDay), " 1000 d ");
    EXPECT_CONTAINS(idle(Language::Chinese, 5 * kSecond), " 5 秒 ");
    EXPECT_CONTAINS(idle(Language::Chinese, 5 * kMinute), " 5 分钟 ");
    EXPECT_CONTAINS(idle(Language::Chinese, 5 * kHour), " 5 小时 ");
    EXPECT_CONTAINS(idle(Language::Chinese, 5 * kDay), " 5 天 ");
}

Test(who_table, a_clock_that_was_set_back_makes_no_idle_time_negative) {
    EXPECT_CONTAINS(idle(Language::English, -5 * kHour), " 0 s ");
}
