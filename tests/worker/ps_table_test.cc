// Specification of worker/ps_table: what a client reads of processes.
#include "worker/ps_table.h"

#include <criterion/criterion.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "support/expect.h"
#include "text/width.h"

using namespace chatd;

TestSuite(ps_table, .timeout = 20);

namespace {

ProcessNews process(ProcessRole role, pid_t pid, std::string_view name = {},
                    std::string_view stat = "S") {
    ProcessNews news{.row = {.age_ms = 65'000,
                             .cpu_ms = 1239,
                             .memory_kib = 116,
                             .pid = pid,
                             .ppid = role == ProcessRole::Parent ? 4100 : 4120,
                             .nice = 0,
                             .policy = 3,
                             .role = role},
                     .name = std::string(name),
                     .call = {}};
    std::memcpy(news.row.stat, stat.data(), stat.size());
    return news;
}

const std::vector<ProcessNews> kServer = {
    process(ProcessRole::Parent, 4120, {}, "Ss"), process(ProcessRole::Broker, 4125),
    process(ProcessRole::Lookout, 4126, {}, "RN"), process(ProcessRole::Worker, 4130, "alice"),
    process(ProcessRole::Worker, 4194304, "欧阳小明", "T<s+")};

std::string table(Language language, const std::vector<ProcessNews>& processes) {
    std::string out;
    append_ps_table(out, language, processes);
    return out;
}

std::string tree(const std::vector<ProcessNews>& processes) {
    std::string out;
    append_ps_tree(out, processes);
    return out;
}

std::string details(Language language, const ProcessNews& process, const OwnNews& own) {
    std::string out;
    append_ps_details(out, language, process, own);
    return out;
}

}  // namespace

Test(ps_table, processes_stand_in_columns) {
    EXPECT_EQ(table(Language::English, kServer),
              "      pid  ppid  role     stat            cpu s  KiB  ni    age  name\n"
              "     4120  4100  parent   Ss    sleeping   1.23  116   0  1 min  -\n"
              "     4125  4120  broker   S     sleeping   1.23  116   0  1 min  -\n"
              "     4126  4120  lookout  RN    running    1.23  116   0  1 min  -\n"
              "     4130  4120  worker   S     sleeping   1.23  116   0  1 min  alice\n"
              "  4194304  4120  worker   T<s+  stopped    1.23  116   0  1 min  欧阳小明\n");
}

Test(ps_table, they_do_so_in_Chinese_too) {
    EXPECT_EQ(table(Language::Chinese, kServer),
              "   进程号  父进程号  角色     状态          CPU 秒  KiB  ni  已运行  名字\n"
              "     4120      4100  父进程   Ss    睡眠      1.23  116   0  1 分钟  -\n"
              "     4125      4120  broker   S     睡眠      1.23  116   0  1 分钟  -\n"
              "     4126      4120  lookout  RN    运行      1.23  116   0  1 分钟  -\n"
              "     4130      4120  worker   S     睡眠      1.23  116   0  1 分钟  alice\n"
              "  4194304      4120  worker   T<s+  已暂停    1.23  116   0  1 分钟  欧阳小明\n");
}

Test(ps_table, each_state_has_its_word) {
    for (const auto& [stat, word] : {std::pair("R", "running"),
                                     {"S", "sleeping"},
                                     {"D", "blocked"},
                                     {"T", "stopped"},
                                     {"t", "traced"},
                                     {"Z", "zombie"}}) {
        EXPECT_CONTAINS(table(Language::English, {process(ProcessRole::Worker, 1, "al", stat)}),
                        std::string("  ") + word + "  ");
    }
}

// The kernel keeps nine bytes of it.
Test(ps_table, a_zombie_s_name_that_may_have_been_longer_is_marked) {
    const auto shown = [](std::string_view name, std::string_view stat) {
        return tree({kServer[0], process(ProcessRole::Worker, 4131, name, stat)});
    };
    EXPECT_CONTAINS(shown("bartholom", "Z"), "chatd:bartholom…(4131)");
    EXPECT_CONTAINS(shown("阿卜杜", "Z"), "chatd:阿卜杜…(4131)");
    EXPECT_CONTAINS(shown("bartholo", "Z"), "chatd:bartholo(4131)");
    EXPECT_CONTAINS(shown("小明", "Z"), "chatd:小明(4131)");
    EXPECT_CONTAINS(shown("bartholomew", "S"), "chatd:bartholomew(4131)");
    EXPECT_CONTAINS(table(Language::English, {process(ProcessRole::Worker, 4131, "阿卜杜", "Z")}),
                    "  阿卜杜…\n");
}

Test(ps_table, below_a_zombie_stands_why_it_has_a_pid) {
    const ProcessNews zombie = process(ProcessRole::Worker, 4131, "bob", "Z");
    EXPECT_CONTAINS(table(Language::English, {kServer[3], zombie}),
                    "  bob\n  A zombie has ended: it keeps its pid until the parent collects it "
                    "(waitid).\n");
    EXPECT_CONTAINS(table(Language::Chinese, {zombie}), "僵尸进程已经结束");
    EXPECT_EQ(table(Language::English, kServer).find("A zombie"), std::string::npos);
}

// A lookout that was taken over can say anything.
Test(ps_table, nothing_but_letters_comes_out_of_a_state) {
    const std::string out =
        table(Language::English, {process(ProcessRole::Worker, 1, "al", "\x1B[2J\xFF\n")});
    EXPECT_CONTAINS(out, "  [2J ");
    EXPECT_EQ(out.find('\x1B'), std::string::npos);
}

Test(ps_table, no_row_of_ordinary_processes_is_too_wide) {
    for (const Language language : {Language::English, Language::Chinese}) {
        const std::string out = table(language, kServer);
        for (std::size_t begin = 0, end; begin < out.size(); begin = end + 1) {
            end = out.find('\n', begin);
            EXPECT_TRUE(columns_of(out.substr(begin, end - begin)) <= kRowColumnsMax);
        }
    }
}

Test(ps_table, a_tree_is_drawn_as_pstree_draws_it_with_names_intact) {
    EXPECT_EQ(tree(kServer),
              "chatd(4120)─┬─chatd-broker(4125)\n"
              "            ├─chatd-lookout(4126)\n"
              "            ├─chatd:alice(4130)\n"
              "            └─chatd:欧阳小明(4194304)\n");
    EXPECT_EQ(tree({kServer[0], process(ProcessRole::Worker, 7)}),
              "chatd(4120)───chatd-worker(7)\n");
    EXPECT_EQ(tree({kServer[0]}), "chatd(4120)\n");
    EXPECT_EQ(tree({}), "");
}

Test(ps_table, workers_alone_are_drawn_below_their_parent) {
    EXPECT_EQ(tree({kServer[3], kServer[4]}),
              "chatd(4120)─┬─chatd:alice(4130)\n"
              "            └─chatd:欧阳小明(4194304)\n");
    EXPECT_EQ(tree({kServer[3]}), "chatd(4120)───chatd:alice(4130)\n");
}

Test(ps_table, details_of_a_process_are_its_scheduling_and_where_it_waits) {
    ProcessNews alice = kServer[3];
    EXPECT_EQ(details(Language::English, alice, {.pid = 1}),
              "  alice:\n  scheduling policy SCHED_BATCH, waits in (not shown)\n");
    alice.call = "ppoll";
    alice.row.policy = 42;
    EXPECT_EQ(details(Language::Chinese, alice, {.pid = 1}),
              "  alice：\n  调度策略 42，正在等待的系统调用 ppoll\n");
}

// Others' context switches would tell who writes to whom.
Test(ps_table, of_itself_a_worker_knows_more) {
    const OwnNews own{.pid = 4130,
                      .voluntary = 12,
                      .involuntary = 3,
                      .files = 4,
                      .links = 2,
                      .unread = 5,
                      .unconfirmed = 77};
    EXPECT_CONTAINS(details(Language::English, kServer[3], own),
                    "  context switches: 12 voluntary, 3 involuntary\n"
                    "  descriptors: 4 files, 1 TCP, 2 Unix, 2 O_PATH, 1 eventfd\n"
                    "  bytes: 5 unread from the broker, 77 not confirmed by your client\n");
    EXPECT_EQ(details(Language::English, kServer[4], own).find("context"), std::string::npos);
}

Test(ps_table, no_line_of_the_details_is_too_wide) {
    ProcessNews process = kServer[3];
    for (process.name = {}; columns_of(process.name) < 2 * kNameCharactersMax;)
        process.name += "明";
    process.call = "landlock_create_ruleset";
    for (const Language language : {Language::English, Language::Chinese}) {
        const std::string out = details(
            language, process, {.pid = 4130, .voluntary = 1'000'000, .involuntary = 1'000'000});
        for (std::size_t begin = 0, end; begin < out.size(); begin = end + 1) {
            end = out.find('\n', begin);
            EXPECT_TRUE(columns_of(out.substr(begin, end - begin)) <= kRowColumnsMax);
        }
    }
}
