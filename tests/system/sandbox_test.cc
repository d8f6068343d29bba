// Least privilege: what the processes of the real program may not do, and what happens to a worker
// that tries it.
#include <criterion/criterion.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/settings.h"
#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/file.h"
#include "support/link.h"
#include "support/process.h"
#include "support/wait.h"
#include "support/where.h"

using namespace chatd::test;

TestSuite(sandbox, .timeout = 60);

#define SKIP_WITH_SANITIZERS() \
    if (chatd::kSanitized) cr_skip_test("not with sanitizers: their own calls are on no list")

namespace {

// The value of a field of /proc/PID/status.
std::string status_of(pid_t pid, const std::string& field) {
    const std::string text = contents("/proc/" + std::to_string(pid) + "/status");
    const std::size_t at = text.find('\n' + field + ":\t");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + field.size() + 3;
    return text.substr(begin, text.find('\n', begin) - begin);
}

void expect_no_privileges(pid_t pid, Where where = Where::here()) {
    const Caller caller(where);
    for (const char* const field : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
        EXPECT_EQ(status_of(pid, field), "0000000000000000");
    }
    EXPECT_EQ(status_of(pid, "NoNewPrivs"), "1");
    if (geteuid() != 0) return;
    EXPECT_EQ(status_of(pid, "Uid"), "65534\t65534\t65534\t65534");
    EXPECT_EQ(status_of(pid, "Gid"), "65534\t65534\t65534\t65534");
    EXPECT_EQ(status_of(pid, "Groups"), " ");
}

// What the descriptors of a process are, the kinds alone of those without a name: "socket:".
std::vector<std::string> descriptors_of(pid_t pid) {
    std::vector<std::string> found;
    for (const auto& fd :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
        // A descriptor may be closed between the listing and this look.
        std::error_code closed;
        const std::string target = std::filesystem::read_symlink(fd.path(), closed);
        if (!closed) found.push_back(target.substr(0, target.find('[')));
    }
    std::ranges::sort(found);
    return found;
}

// Can the user that chatd has list what this process has open?
bool may_look_into(pid_t pid) {
    constexpr int kNobody = 65534;
    const auto become_nobody = [] {
        if (geteuid() == 0 && (setgid(kNobody) != 0 || setuid(kNobody) != 0)) _exit(99);
    };
    const std::string fds = "/proc/" + std::to_string(pid) + "/fd";
    return Command::run({"ls", fds}, {}, {.before_exec = become_nobody}).status == 0;
}

int oom_score_of(pid_t pid) {
    return std::stoi(contents("/proc/" + std::to_string(pid) + "/oom_score_adj"));
}

// Its start is over when it answers.
void wait_for_lookout(Client& client, Where where = Where::here()) {
    client.send_line("/ps", where);
    client.expect("  lookout  ", where);
}

// One process of this daemon tries something that the sandbox forbids; `fault` says which and what.
DaemonOptions breaking_out(const std::string& fault) {
    DaemonOptions options = failing(fault, {"--sandbox", "on"});
    options.sandbox_may_kill = true;
    return options;
}

// A worker that an attacker controls tries `deed`: it dies, and nobody notices anything else.
void dies_of(const std::string& deed, Where where = Where::here()) {
    const Caller caller(where);
    DaemonOptions options = with_strangers("worker:after-read:2:" + deed);
    options.args = {"--sandbox", "on"};
    options.sandbox_may_kill = true;
    Daemon daemon(options);
    Watcher watcher(daemon, "watcher");
    Client bob = join(daemon.port(), "bob");  // its worker passes there once
    Client alice(daemon.port());
    alice.send_line("alice");
    (void)alice.rest();
    EXPECT_CONTAINS(daemon.wait_log(" ended, pid"), "killed by signal " + std::to_string(SIGSYS));
    bob.send_line("still here");
    for (const Watcher::Event& event : watcher.all()) EXPECT_TRUE(event.name != "alice");
    EXPECT_EQ(daemon.logged("broker ended"), 0);
    watcher.close();
    bob.close();
    daemon.finish();
}

// Calls of Landlock fail with this error.
void take_landlock_away(std::uint32_t error) {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{std::size(program), program};
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) _exit(99);
}

}  // namespace

Test(sandbox, no_process_has_privileges_once_it_serves_nor_after_an_upgrade) {
    SKIP_WITH_SANITIZERS();
    Daemon daemon({"--sandbox", "on"});
    Client alice = join(daemon.port(), "alice");
    for (int round = 0; round < 2; ++round) {
        wait_for_lookout(alice);
        // The lookout of the program before may take a moment to end.
        std::vector<Process> all = children(daemon.pid());
        const Deadline deadline = soon();
        while (all.size() != 3 && Clock::now() < deadline) all = children(daemon.pid());
        EXPECT_EQ(all.size(), 3U);
        expect_no_privileges(daemon.pid());
        for (const Process& child : all) {
            expect_no_privileges(child.pid);
            EXPECT_EQ(status_of(child.pid, "Seccomp"), "2");
            EXPECT_LT(oom_score_of(daemon.pid()), oom_score_of(child.pid));
        }
        if (round != 0) break;
        daemon.signal(SIGHUP);
        daemon.wait_log("upgraded to");
        daemon.wait_log("broker started");
        alice.send_line("/who");
        alice.expect("You are the only one here:");
    }
    daemon.finish();
}

// Once a worker could write to the file that the operator had as stdout.
Test(sandbox, workers_and_lookout_have_only_the_descriptors_that_they_need) {
    // Without a sandbox a test that is not root may look.
    Daemon daemon({"--sandbox", "off"});
    Client alice = join(daemon.port(), "alice");
    wait_for_lookout(alice);
    for (const Process& child : children(daemon.pid())) {
        std::vector<std::string> found = descriptors_of(child.pid);
        EXPECT_EQ(std::ranges::count(found, "/dev/null"), 2);  // stdin and stdout
        EXPECT_EQ(std::ranges::count(found, "pipe:"), 1);      // stderr
        if (child.comm == "chatd-broker") continue;
        std::vector<std::string> expected = {"/dev/null", "/dev/null", "pipe:", "socket:"};
        if (child.comm == "chatd-lookout") {
            expected.emplace_back("/proc");
        } else {
            const std::string run = daemon.run_dir();
            expected.push_back(run + "/broker-" + std::to_string(daemon.port()) + ".sock");
            expected.push_back(run + "/lookout-" + std::to_string(daemon.pid()) +
                               ".sock (deleted)");
            expected.insert(expected.end(), {"anon_inode:", "socket:"});
        }
        std::ranges::sort(expected);
        // The lookout closes the link of who has asked only after the answer.
        const Deadline deadline = soon();
        while (found != expected && Clock::now() < deadline) found = descriptors_of(child.pid);
        EXPECT_EQ(found, expected);
    }
    EXPECT_EQ(std::ranges::count(descriptors_of(daemon.pid()), "pipe:"), 1);
    daemon.finish();
}

Test(sandbox, lets_its_own_user_look_in_only_with_inspect) {
    SKIP_WITH_SANITIZERS();
    for (const bool inspect : {false, true}) {
        std::vector<std::string> args = {"--sandbox", "on"};
        if (inspect) args.push_back("--inspect");
        Daemon daemon(args);
        Client alice = join(daemon.port(), "alice");
        wait_for_lookout(alice);
        EXPECT_EQ(may_look_into(daemon.pid()), inspect);
        for (const Process& child : children(daemon.pid())) {
            EXPECT_EQ(may_look_into(child.pid), inspect);
            EXPECT_EQ(status_of(child.pid, "Seccomp"), "2");
        }
        daemon.finish();
    }
}

Test(sandbox, a_worker_that_opens_a_file_dies_and_nobody_else_notices) {
    SKIP_WITH_SANITIZERS();
    dies_of("open");
}
Test(sandbox, a_worker_that_makes_an_internet_socket_dies_and_nobody_else_notices) {
    SKIP_WITH_SANITIZERS();
    dies_of("inet");
}
Test(sandbox, a_worker_that_forks_dies_and_nobody_else_notices) {
    SKIP_WITH_SANITIZERS();
    dies_of("fork");
}
Test(sandbox, a_worker_that_signals_a_sibling_dies_and_nobody_else_notices) {
    SKIP_WITH_SANITIZERS();
    dies_of("signal");
}
Test(sandbox, a_worker_that_traces_a_sibling_dies_and_nobody_else_notices) {
    SKIP_WITH_SANITIZERS();
    dies_of("trace");
}

Test(sandbox, the_room_reads_one_leave_of_a_member_whose_worker_breaks_out) {
    SKIP_WITH_SANITIZERS();
    // Passes: bob's name, alice's name, her line.
    Daemon daemon(breaking_out("worker:after-read:3:open"));
    Client bob = join(daemon.port(), "bob");
    Client alice = join(daemon.port(), "alice");
    bob.expect_line("alice entered the chat room");
    alice.send_line("hello");
    alice.expect_eof();
    bob.expect_line("alice left the chat room (killed by signal " + std::to_string(SIGSYS) + ')');
    EXPECT_TRUE(bob.quiet());
    daemon.finish();
}

Test(sandbox, a_broker_that_opens_a_file_is_replaced) {
    SKIP_WITH_SANITIZERS();
    Daemon daemon(breaking_out("broker:while-handling:1:open"));
    Client bob = join(daemon.port(), "bob");
    Client alice = join(daemon.port(), "alice");
    bob.expect_line("alice entered the chat room");
    alice.send_line("hello");
    bob.expect_line("alice says: hello");
    EXPECT_EQ(daemon.logged("broker ended: killed by signal " + std::to_string(SIGSYS)), 1);
    daemon.finish();
}

// This test does not use Daemon, because Daemon takes such a report for an error of the lists.
Test(sandbox, of_a_build_for_tests_reports_a_call_and_the_worker_goes_on) {
    SKIP_WITH_SANITIZERS();
    const Scratch scratch;
    Command chatd({failing_program(), "-b", "127.0.0.1", "-p", "0", "--run-dir",
                   scratch.path() + "/run", "--sandbox", "report"},
                  {.env = {{"CHATD_FAULT", "worker:after-read:1:inet"}}});
    (void)chatd.expect(", port ");
    const auto port = static_cast<std::uint16_t>(std::stoi(chatd.line()));
    Client alice = join(port, "alice");
    (void)chatd.expect("chatd: not on the list of the sandbox: system call " +
                       std::to_string(SYS_socket) + '\n');
    alice.send_line("/who");
    alice.expect("You are the only one here:");
    chatd.signal(SIGTERM);
    EXPECT_EQ(chatd.wait(), 0);
}

Test(sandbox, of_the_program_that_ships_does_not_report) {
    const std::string reporting = std::string(std::getenv("HELPERS")) + "/report/chatd";
    if (reporting == std::getenv("CHATD")) cr_skip_test("this run is of the other program");
    const Command::Result result = run_to_end({"--sandbox=report"});
    EXPECT_EQ(result.status, 64);
    EXPECT_EQ(result.err, "chatd: --sandbox takes on or off; see chatd --help\n");
    const Command::Result of_report = Command::run({reporting, "--sandbox=report", "--version"});
    EXPECT_EQ(of_report.status, 0);
}

Test(sandbox, without_a_sandbox_that_can_be_set_up_the_server_does_not_start) {
    constexpr std::pair<std::uint32_t, const char*> kReasons[] = {
        {ENOSYS, "this kernel has no Landlock"},
        {EOPNOTSUPP, "Landlock is switched off, see lsm="},
        {EPERM, "something forbids Landlock, such as the seccomp profile of a container"}};
    Scratch scratch;
    const std::vector<std::string> args = {
        "-b", "127.0.0.1", "-p", "0", "--run-dir", scratch.path() + "/run", "--sandbox", "on"};
    for (const auto& [error, reason] : kReasons) {
        const Command::Result result = run_to_end(
            args,
            {.merge_stderr = false, .before_exec = [error = error] { take_landlock_away(error); }});
        EXPECT_EQ(result.status, 71);
        EXPECT_CONTAINS(result.err, reason);
        EXPECT_CONTAINS(result.err, "--sandbox=off does without it");
        EXPECT_FALSE(std::filesystem::exists(scratch.path() + "/run"));
    }
    Daemon daemon(
        {.args = {"--sandbox", "off"}, .before_exec = [] { take_landlock_away(ENOSYS); }});
    (void)join(daemon.port(), "alice");
    daemon.finish();
}
