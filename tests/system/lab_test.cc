// scripts/lab shows in each step what it promises, in both languages. It finds its small programs
// in $HELPERS, or would have to build them each time.
#include <criterion/criterion.h>

#include <functional>
#include <regex>
#include <string>
#include <vector>

#include "base/settings.h"
#include "support/command.h"
#include "support/expect.h"
#include "support/spawn.h"
#include "support/wait.h"
#include "support/where.h"

using namespace chatd::test;

TestSuite(lab, .timeout = 30);

namespace {

struct Words {
    std::string language;
    std::string question;
    std::string answer;
};
const Words kBothLanguages[] = {{"en", "\nQuestion: ", "\nAnswer: "},
                                {"zh", "\n问题：", "\n答案："}};

std::string take_step(int step, const Words& words) {
    const Command::Result result = Command::run(
        {"scripts/lab", "--auto", "--step", std::to_string(step), "--lang", words.language}, {},
        {.takes = std::chrono::seconds(20)});
    cr_expect(result.status == 0, "step %d: %s", step, escaped(result.out).c_str());
    EXPECT_CONTAINS(result.out, words.question);
    EXPECT_CONTAINS(result.out, words.answer);
    EXPECT_TRUE(reap_strays(soon()).empty());
    // A line that is too long for a terminal goes on in the next one.
    return std::regex_replace(result.out, std::regex("( \\\\)?\n {8}(?! )"), " ");
}

// Hands what this step prints to `check`, in both languages.
void each(int step, const std::function<void(const std::string&)>& check) {
    if (chatd::kSanitized)
        cr_skip_test("not with sanitizers: the steps measure processes as they are");
    for (const Words& words : kBothLanguages) check(take_step(step, words));
}

// What the groups of the pattern match; the pattern must be there.
std::vector<std::string> find(const std::string& text, const std::string& pattern,
                              Where where = Where::here()) {
    const Caller caller(where);
    std::smatch match;
    if (!std::regex_search(text, match, std::regex(pattern))) {
        throw std::runtime_error("not found: " + pattern + Caller::all() + "\n" + text);
    }
    return {match.begin() + 1, match.end()};
}

// Of what is not installed, or not permitted, a step says so instead.
bool is_installed(const std::string& program) {
    return Command::run({"sh", "-c", "command -v " + program}).status == 0;
}

int number(const std::string& digits) {
    return std::stoi(digits);
}

}  // namespace

Test(lab, a_program_runs_as_two_processes) {
    each(1, [](const std::string& out) {
        const auto parents =
            find(out, "\n *(\\d+) +\\d+ S.*chatd: parent .*\n *(\\d+) +\\d+ S.*chatd: parent ");
        EXPECT_NE(parents[0], parents[1]);
        if (is_installed("ps")) {
            find(out, "\nUSER +PID +%CPU +%MEM +VSZ +RSS +TTY +STAT +START +TIME +COMMAND\n.* " +
                          parents[0] + " ");
        }
        if (is_installed("pstree")) {
            find(out, "\nchatd\\(" + parents[0] + "\\)-\\+-chatd-broker\\(\\d+\\)\n");
        }
    });
}

Test(lab, fork_returns_in_parent_and_child) {
    each(2, [](const std::string& out) {
        const auto worker = find(out, "\n *(\\d+) +(\\d+) S.* chatd: worker alice ");
        find(out, "\n *" + worker[1] + " +\\d+ S.* chatd: parent ");
        find(out, " parent\\[" + worker[1] + "\\] fork returned " + worker[0] + "\n");
        find(out, " worker\\[" + worker[0] + "\\] fork returned 0\n");
        if (is_installed("strace")) {
            find(out, "accept4\\([^]*clone\\(.* = " + worker[0] + "\n|[Pp]ermi");
        }
        if (is_installed("ss")) find(out, "\nLISTEN .*\"chatd\",pid=" + worker[1] + ",");
    });
}

Test(lab, memory_is_copied_when_it_is_written_to) {
    each(3, [](const std::string& out) {
        const auto forked = find(out, "child, after fork +\\d+ +(\\d+) +(\\d+) ");
        const auto written = find(out, "child, has written +\\d+ +(\\d+) +(\\d+) ");
        EXPECT_GE(number(forked[0]), 8192 - 64);
        EXPECT_LE(number(written[0]), number(forked[0]) - 4096 + 1024);
        EXPECT_GE(number(written[1]) - number(forked[1]), 4096 - 64);
        const std::string status = "\nVmRSS: \\d+ .*VmPTE: \\d+ +\\(KiB\\)\n[^]*";
        find(out, status + status + status + "\nRss: \\d+ +Pss: \\d+ +Private_Dirty: \\d+ ");
        const std::string kernel = "\nKernelStack: .*\nPageTables: .*\nsockets: used \\d+\n";
        find(out, kernel + "[^]*guest\\$i[^]*" + kernel);
    });
}

Test(lab, all_states_are_seen) {
    each(4, [](const std::string& out) {
        find(out, " S +chatd: worker alice ");
        find(out, " R[N<]? +bash -c while ");
        const auto switches = find(out, "(?:went from|主动让出 CPU 的次数就从) (\\d+)\\D+(\\d+)");
        EXPECT_GT(number(switches[1]), number(switches[0]));
        find(out, ", 2 clients, 1 stopped\n.* T +chatd: worker bob ");
        find(out, "\n.* T +(stopped|已暂停) .* bob\n");
        find(out, " Z +\\[chatd:bob\\] <defunct>");
        find(out, "kill -STOP (\\d+)\n\n.*\n.*\n *\\1 +\\d+ D ");
    });
}

Test(lab, zombies_and_orphans_are_made_and_adopted) {
    each(5, [](const std::string& out) {
        const auto zombie = find(out, "\n *(\\d+) +\\d+ Z +0 \\[chatd:bob\\] <defunct>");
        find(out, "\n.* Z +(zombie|僵尸) .* bob\n");
        const auto orphan = find(out, "\n *(\\d+) +(\\d+) S +sleep");
        find(out, "\n *" + orphan[1] + " +\\d+ ");
        // The tables of what the parent has reaped, and of the processes that died with it.
        const std::string heading = "(?: *PID .*\n)?";
        find(out, " -p " + zombie[0] + "\n" + heading + "\n");
        find(out,
             "kill -9 (\\d+)\n\n\\$ ps .* -p \\1,.*\n" + heading + "(?: *\\d+ +\\d+ Z.*\n)*\n");
    });
}

Test(lab, a_nice_process_gets_less) {
    each(6, [](const std::string& out) {
        const auto shares = find(out, "\\D0\\D+([\\d.]+)%\\D+10\\D+([\\d.]+)%");
        EXPECT_GT(number(shares[0]), number(shares[1]));
        find(out, " RN +10 ");
        const auto last = find(out, "\\D0\\D+([\\d.]+)%\\D+19\\D+([\\d.]+)%");
        EXPECT_GT(number(last[0]), number(last[1]));
        if (is_installed("renice")) EXPECT_CONTAINS(out, "old priority 10, new priority 19\n");
        if (is_installed("top")) {
            find(out, " PR +NI .*\n");
            find(out, "\n *\\d+ +\\S+ +20 +0 .* bash\n");
            find(out, "\n *\\d+ +\\S+ +39 +19 .* bash\n");
        }
        EXPECT_CONTAINS(out, "cannot set niceness: Permission denied\n");
    });
}

Test(lab, a_local_socket_is_tried_by_hand) {
    each(7, [](const std::string& out) {
        const auto listener = find(out, "SO_PEERCRED: pid (\\d+)");
        find(out, "kill -9 " + listener[0] + "\n");
        find(out, "\nsrwx\\S+ .*\\.sock\n");
        if (is_installed("ss")) find(out, "\nu_\\S+ LISTEN .*/run/broker-\\d+\\.sock ");
        EXPECT_CONTAINS(out, "connect: Connection refused\n");
        EXPECT_CONTAINS(out, "bind: Address already in use\n");
    });
}

Test(lab, a_frame_is_read_byte_by_byte) {
    each(8, [](const std::string& out) {
        EXPECT_CONTAINS(out, " 58 00 00 00 01 22 05 02 ");
        EXPECT_CONTAINS(out, " a l i c e h e l l o b o b\n");
        // Each field begins where the one before it ends; the last is the pad.
        const std::string value = " +.*\n *";
        find(out, "\n +0  bytes" + value + "4  version type name_bytes pad" + value + "8  seq" +
                      value + "16  time_ms" + value + "24  messages from to" + value +
                      "48  counter" + value + "56  back_bytes checksum" + value + "64  room" +
                      value + "68  kind" + value + "69  reason detail unused" + value +
                      "72  name text" + value + "86  pad +0 0 ");
        EXPECT_CONTAINS(out, "\n(88, 1, 34, 5, 2)\n");
        EXPECT_CONTAINS(out, "1 damaged place, 88 bytes lost");
    });
}

Test(lab, select_ends_at_1024_and_epoll_does_not) {
    each(9, [](const std::string& out) {
        find(out,
             "\\$ exec 9<>(.*/fifo)\n[^]*\nhello\n[^]*if=\\1 iflag=nonblock .*\n"
             ".*Resource temporarily unavailable\n");
        // A process that has just been woken waits nowhere.
        if (is_installed("ps")) {
            find(out,
                 " (S +\\S*poll\\S*|R +\\S+) +chatd: parent .*\n"
                 ".* (S +\\S*(epoll|ep_poll)\\S*|R +\\S+) +chatd: broker"
                 "|only root may look|只有 root 能看");
        }
        EXPECT_CONTAINS(out, "descriptor 1023: select returns 1\n");
        EXPECT_CONTAINS(out, "descriptor 1024: FD_SET ends the process, signal 6\n");
        const std::string all = "(?: +\\d+\\.\\d\\d){3}\\s+";
        find(out, "\n +10" + all + "100" + all + "1000" + all +
                      "10000(?: +-(?: +\\d+\\.\\d\\d){2}|: ulimit -Hn allows only \\d+)\n");
        EXPECT_CONTAINS(out, "level: epoll_wait returns 1 1 1\nedge : epoll_wait returns 1 0 0\n");
    });
}

Test(lab, worker_and_broker_are_busy) {
    each(10, [](const std::string& out) {
        const auto worker = find(
            out,
            "(?:Measured for|测量) (\\d+) [^]*\nchatd:alice +\\d+ +([1-9]\\d*) +\\d+ +[1-9]\\d* ");
        // The kernel counts at the tick, up to 10 ms late.
        EXPECT_LE(number(worker[1]), number(worker[0]) + 10);
        const std::string broker = "\nchatd-broker +\\d+ +[1-9]\\d* +\\d+ +[1-9]\\d* ";
        find(out, broker);
        find(out, "\n(?:both|合计) +[1-9]\\d* +\\d+\n");
        const std::string both = "\nchatd:alice +(\\d+) .*\nchatd-broker +(\\d+) ";
        const bool is_alone =
            std::regex_search(out, std::regex("there is one CPU only|这里只有一个 CPU"));
        if (is_installed("taskset") && !is_alone) {
            const auto cpus = find(out, both + "[^]*" + both);
            EXPECT_NE(cpus[0], cpus[1]);
            EXPECT_EQ(cpus[2], cpus[3]);
        }
    });
}

Test(lab, fork_has_a_price_and_kills_are_survived) {
    each(11, [](const std::string& out) {
        find(out, "100 MiB: fork returns after +\\d+ us");
        find(out, "\nalice .*bob.*(?:killed by signal 9|被信号 9 终止)");
        find(out, "\ncarol .*are we still here\\?\n");
        const auto broker = find(out,
                                 "kill -9 (\\d+)\nalice .*are we still here\\?\n[^]*"
                                 "\n *(\\d+) +\\d+ [A-Z]\\S* +chatd: broker");
        EXPECT_NE(broker[0], broker[1]);
        const auto lookout = find(out,
                                  "kill -9 (\\d+)\n\nalice .* /ps\n[^]* carol\n[^]*"
                                  "\n *(\\d+) +\\d+ [A-Z]\\S* +chatd: lookout");
        EXPECT_NE(lookout[0], lookout[1]);
    });
}

Test(lab, the_homework_has_five_faults) {
    each(12, [](const std::string& out) {
        find(out, " Z +\\[homework\\] <defunct>");
        EXPECT_CONTAINS(out, " bob entered; names: bob\n");
        EXPECT_CONTAINS(out, " alice says: lo bob\n");
        find(out, "\nbob .*  bob says: alice gets my 100 yuan\n");
        find(out, "\\$ stat -c %s .*/bob\n(\\d{4,})\n\\1\n");
        find(out, "COMMAND\n( *\\d+ +\\d+ S +.*homework 0\n){3}");
        EXPECT_CONTAINS(out, "bind: Address already in use\n");
    });
}

Test(lab, the_list_has_all_steps_and_needs_no_server) {
    const Command::Result list = Command::run({"scripts/lab", "--list", "--lang=zh"});
    EXPECT_EQ(list.status, 0);
    EXPECT_EQ(std::ranges::count(list.out, '\n'), 12);
    EXPECT_CONTAINS(list.out, " 5  僵尸进程与孤儿进程\n");
    EXPECT_EQ(Command::run({"scripts/lab", "--step", "13"}).status, 64);
}
