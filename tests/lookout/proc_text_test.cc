// Specification of lookout/proc_text: what is read out of files of /proc.
#include "lookout/proc_text.h"

#include <criterion/criterion.h>

#include <string>
#include <vector>

#include "support/expect.h"

using namespace chatd;

TestSuite(proc_text, .timeout = 20);

namespace {

// As Linux 6.18 writes it.
const std::string kBeforeName = "4130 (";
const std::string kBehindName =
    ") S 4120 4120 4100 34817 4120 1077936192 131 0 0 0 7 5 0 0 30 10 1 0 902375 2359296 290 "
    "18446744073709551615 1 1 0 0 0 0 0 4096 536944640 0 0 0 17 1 0 3 0 0 0 0 0 0 0 0 0 0 0\n";

std::string stat_with(const std::string& name) {
    return kBeforeName + name + kBehindName;
}

// The column STAT of a process with these.
std::string stat(char state, int nice, pid_t session = 0, pid_t foreground = -1) {
    return stat_as_ps({.pid = 7,
                       .comm = {},
                       .state = state,
                       .group = 7,
                       .session = session,
                       .foreground = foreground,
                       .nice = nice});
}

}  // namespace

Test(proc_text, the_fields_of_stat_are_those_of_the_manual) {
    const std::string text = stat_with("chatd:alice");
    const auto found = parse_stat(text);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->pid, 4130);
    EXPECT_EQ(found->comm, "chatd:alice");
    EXPECT_EQ(found->state, 'S');
    EXPECT_EQ(found->ppid, 4120);
    EXPECT_EQ(found->group, 4120);
    EXPECT_EQ(found->session, 4100);
    EXPECT_EQ(found->foreground, 4120);
    EXPECT_EQ(found->cpu_ticks, 12U);
    EXPECT_EQ(found->nice, 10);
    EXPECT_EQ(found->start_ticks, 902375U);
    EXPECT_EQ(found->policy, 3U);
    EXPECT_EQ(stat_as_ps(*found), "SN+");
}

Test(proc_text, a_process_may_call_itself_what_it_likes) {
    for (const std::string name : {"", " ", ")", "a) R 1 1 (", "x (y", ") Z 1 1 1 1 1\n"}) {
        const std::string text = stat_with(name);
        const auto found = parse_stat(text);
        ASSERT_TRUE(found.has_value());
        EXPECT_EQ(found->comm, name);
        EXPECT_EQ(found->ppid, 4120);
    }
}

Test(proc_text, what_is_cut_short_is_no_stat) {
    const std::string text = stat_with("chatd");
    const std::size_t policy_end = text.find(" 3 0 0") + 2;
    for (std::size_t bytes = 0; bytes + 1 < policy_end; ++bytes) {
        cr_expect(parse_stat(text.substr(0, bytes)).has_value() == false, "%zu", bytes);
    }
    EXPECT_FALSE(parse_stat("x (chatd" + kBehindName).has_value());
    EXPECT_FALSE(parse_stat("1 (chatd) SS 1 1 1").has_value());
}

Test(proc_text, the_state_is_written_as_ps_writes_it) {
    EXPECT_EQ(stat('S', 0), "S");
    EXPECT_EQ(stat('R', 19), "RN");
    EXPECT_EQ(stat('D', -5), "D<");
    EXPECT_EQ(stat('T', 0, 7), "Ts");
    EXPECT_EQ(stat('Z', 0, 0, 7), "Z+");
    EXPECT_EQ(stat('S', 1, 7, 7), "SNs+");
}

Test(proc_text, numbers_of_status_are_found_by_their_field) {
    const std::string status =
        "Name:\tRssAnon:\nRssAnon:\t     116 kB\nvoluntary_ctxt_switches:\t12\n"
        "nonvoluntary_ctxt_switches:\t3\n";
    EXPECT_EQ(number_in_status(status, "RssAnon"), 116U);
    EXPECT_EQ(number_in_status(status, "voluntary_ctxt_switches"), 12U);
    EXPECT_EQ(number_in_status(status, "nonvoluntary_ctxt_switches"), 3U);
    EXPECT_EQ(number_in_status(status, "VmLck"), 0U);
    EXPECT_EQ(number_in_status("", "RssAnon"), 0U);
}

Test(proc_text, children_are_listed_with_a_space_behind_each) {
    EXPECT_EQ(parse_children("12 7 4194304 "), (std::vector<pid_t>{12, 7, 4194304}));
    EXPECT_EQ(parse_children("").size(), 0U);
}

Test(proc_text, a_process_is_in_a_system_call_or_running) {
    EXPECT_TRUE(parse_syscall("271 0x7ffd 0x2 0x0 0x7f 0x8 0x0 0x7ffd 0x7f\n") == 271);
    EXPECT_FALSE(parse_syscall("running\n").has_value());
    EXPECT_FALSE(parse_syscall("-1 0x7ffd 0x7f\n").has_value());
    EXPECT_FALSE(parse_syscall("").has_value());
}

Test(proc_text, the_name_is_in_the_title_of_a_worker) {
    EXPECT_EQ(name_in_title("chatd: worker 小明 192.0.2.7:51234"), "小明");
    EXPECT_EQ(name_in_title("chatd: worker O'Brien [::1]:7 (0.3.0)"), "O'Brien");
    EXPECT_EQ(name_in_title("chatd: broker, 2 members, 17 messages"), "");
    EXPECT_EQ(name_in_comm("chatd:bob"), "bob");
    EXPECT_EQ(name_in_comm("chatd-worker"), "");
}

Test(proc_text, what_can_be_no_name_is_none) {
    for (const char* const name : {"(login)", "\x1B[2J", "a\nb", "\xFF", "",
                                   "\u202E"
                                   "bob"}) {
        EXPECT_EQ(name_in_title("chatd: worker " + std::string(name) + " 192.0.2.7:1"), "");
    }
    // The kernel cuts the short name, perhaps within a character.
    EXPECT_EQ(name_in_comm("chatd:\xE5\xB0\x8F\xE6\x98\x8E\xE5\xB0"), "");
}
