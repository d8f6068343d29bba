// Starts: what is refused, with which line and exit status, and that a refused start leaves nothing
// behind; and what a history file keeps.
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "base/settings.h"
#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/file.h"
#include "support/process.h"
#include "support/spawn.h"
#include "support/wait.h"
#include "support/where.h"

using namespace chatd::test;
namespace fs = std::filesystem;

TestSuite(start, .timeout = 30);

namespace {

// Every file below `directory` and its contents.
std::map<std::string, std::string> files_below(const std::string& directory) {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
        found[entry.path()] = entry.is_regular_file() ? contents(entry.path()) : "";
    }
    return found;
}

// A start that fails prints one line, ends with `status`, and changes nothing on the disk.
void expect_refused(const Scratch& scratch, std::vector<std::string> args, int status,
                    const std::string& reason, std::function<void()> before_exec = {},
                    Where where = Where::here()) {
    const Caller caller(where);
    const auto before = files_below(scratch.path());
    if (std::find(args.begin(), args.end(), "--run-dir") == args.end()) {
        args.insert(args.end(), {"--run-dir", scratch.path() + "/run"});
    }
    args.insert(args.begin(), {"-b", "127.0.0.1"});
    const Command::Result result =
        run_to_end(args, {.merge_stderr = false, .before_exec = std::move(before_exec)});
    EXPECT_EQ(result.status, status);
    EXPECT_EQ(result.out, "");
    EXPECT_CONTAINS(result.err, reason);
    EXPECT_EQ(result.err.find('\n'), result.err.size() - 1);
    EXPECT_TRUE(files_below(scratch.path()) == before);
}

void needs_root() {
    if (geteuid() != 0) cr_skip_test("only root can set this up");
}

// A program that is executed from here on does not have this capability.
void take_away(unsigned long capability) {
    (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
    (void)syscall(SYS_capget, &header, data);
    for (auto& word : data) word.inheritable = 0;
    (void)syscall(SYS_capset, &header, data);
}

// As in a chroot(2) that lacks it.
void take_proc_away() {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        umount2("/proc", MNT_DETACH) != 0) {
        _exit(99);
    }
}

}  // namespace

Test(start, help_and_version_are_told_on_stdout) {
    const Command::Result help = run_to_end({"--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_CONTAINS(help.out, "nc localhost 8888");
    EXPECT_EQ(help.err, "");
    const Command::Result version = run_to_end({"--version"});
    EXPECT_EQ(version.status, 0);
    EXPECT_EQ(version.out, std::string("chatd ") + chatd::kVersion + "\n");
}

Test(start, a_fault_plan_that_is_not_understood_ends_the_faulty_program_at_once) {
    const auto status_with = [](const char* plan) {
        return Command::run({failing_program(), "--version"}, {}, {.env = {{"CHATD_FAULT", plan}}})
            .status;
    };
    for (const char* plan : {"", "a:b:1:kill", "a:b:2+:fail", "a:b=c:d=e:1:spin"}) {
        EXPECT_EQ(status_with(plan), 0);
    }
    for (const char* plan : {"a", ":", "::", "a:kill", "1:kill", ":1:kill", "a:b::kill",
                             "a:b:0:kill", "a:b:+:kill", "a:b:1++:kill", "a:b:-1:kill",
                             "a:b:1x:kill", "a:b:1:", "a:b:1:kil", "a:b:1:kill ", "=c:1:kill"}) {
        EXPECT_EQ(status_with(plan), 128 + SIGABRT);
    }
}

Test(start, bad_usage_is_one_line_and_64) {
    Scratch scratch;
    expect_refused(scratch, {"--frobnicate"}, 64, "chatd: --frobnicate is no option");
    expect_refused(scratch, {"-p", "66000"}, 64, "-p takes a port from 0 to 65535");
    expect_refused(scratch, {"-b", "localhost"}, 64, "-b takes a numeric address");
    expect_refused(scratch, {"--lang", "fr"}, 64, "--lang takes en or zh");
    expect_refused(scratch, {"stray"}, 64, "stray");
}

Test(start, a_port_in_use_is_told_with_what_to_do) {
    Scratch scratch;
    Daemon daemon;
    expect_refused(scratch, {"-p", std::to_string(daemon.port())}, 69,
                   "it is in use; end what listens there, or choose another -p");
    daemon.finish();
}

Test(start, an_address_of_another_machine_is_told) {
    Scratch scratch;
    expect_refused(scratch, {"-p", "0", "-b", "192.0.2.1"}, 69, "choose another -b");
}

Test(start, a_directory_that_others_may_enter_is_refused) {
    Scratch scratch;
    const std::string directory = scratch.path() + "/open";
    fs::create_directory(directory);
    ASSERT_EQ(chmod(directory.c_str(), 0755), 0);
    give_to_chatd(directory);
    expect_refused(scratch, {"-p", "0", "--run-dir", directory}, 73, "chmod 700 it");
}

// Root makes some of it, and the user that it becomes could not remove that.
Test(start, a_start_that_fails_leaves_neither_history_nor_socket_nor_directory) {
    Scratch scratch;
    const std::string roots = scratch.path() + "/roots";
    const std::string open = scratch.path() + "/open";
    fs::create_directory(roots);
    fs::create_directory(open);
    ASSERT_EQ(chmod(open.c_str(), 0755), 0);
    give_to_chatd(open);
    const std::string metrics = roots + "/metrics.sock";
    expect_refused(scratch,
                   {"-p", "0", "--metrics", metrics, "--history", scratch.path() + "/history",
                    "--run-dir", open},
                   73, "chmod 700 it");
    write_file_for_chatd(scratch.path() + "/letter", "Dear all");
    expect_refused(scratch,
                   {"-p", "0", "--metrics", metrics, "--history", scratch.path() + "/letter",
                    "--run-dir", roots + "/run"},
                   65, "is not a history of chatd");
}

Test(start, without_proc_it_is_refused_before_anybody_is_let_in) {
    needs_root();
    if (Command::run({"unshare", "-m", "true"}).status != 0) cr_skip_test("no mounts here");
    if (chatd::kSanitized) cr_skip_test("the sanitizers complain of that first");
    Scratch scratch;
    expect_refused(scratch, {"-p", "0"}, 71, "chatd needs /proc, mount it", take_proc_away);
}

Test(start, as_root_that_cannot_become_another_user_is_refused_and_the_next_one_starts) {
    needs_root();
    Scratch scratch;
    for (const unsigned long capability : {CAP_SETUID, CAP_SETGID}) {
        expect_refused(scratch, {"-p", "0"}, 71, "give chatd CAP_SETUID, CAP_SETGID and CAP_CHOWN",
                       [=] { take_away(capability); });
    }
    expect_refused(scratch, {"-p", "0"}, 73, "cannot give ", [] { take_away(CAP_CHOWN); });
    Daemon next(DaemonOptions{.run_dir = scratch.path() + "/run"});
    next.finish();
}

Test(start, a_limit_of_processes_that_leaves_none_is_told) {
    Scratch scratch;
    expect_refused(scratch, {"-p", "0"}, 71, "see ulimit -u", [] {
        const rlimit limit{1, 1};
        if (setrlimit(RLIMIT_NPROC, &limit) != 0) _exit(99);
    });
}

Test(start, a_mask_that_takes_rights_from_the_own_user_does_not_break_the_next_start) {
    Scratch scratch;
    const std::string history = scratch.path() + "/history";
    for (const mode_t mask : {0777, 0177}) {
        Daemon daemon(DaemonOptions{
            .args = {"--history", history, "--metrics", scratch.path() + "/metrics.sock"},
            .before_exec = [=] { (void)umask(mask); }});
        EXPECT_EQ(fs::status(history).permissions(),
                  fs::perms::owner_read | fs::perms::owner_write);
        EXPECT_EQ(fs::status(daemon.run_dir()).permissions(), fs::perms::owner_all);
        daemon.finish();
    }
}

Test(start, a_time_zone_that_is_not_installed_is_told_in_one_line) {
    Daemon daemon(DaemonOptions{.env = {{"TZ", "Nowhere/Land"}}});
    EXPECT_CONTAINS(daemon.wait_log("times are UTC"),
                    "cannot read /usr/share/zoneinfo/Nowhere/Land");
    EXPECT_EQ(daemon.logged("times are UTC"), 1);
    daemon.finish();
}

Test(start, a_directory_that_is_none_is_refused) {
    Scratch scratch;
    write_file_for_chatd(scratch.path() + "/file", "");
    expect_refused(scratch, {"-p", "0", "--run-dir", scratch.path() + "/file"}, 73,
                   "choose another --run-dir");
    fs::create_directory_symlink(scratch.path(), scratch.path() + "/link");
    expect_refused(scratch, {"-p", "0", "--run-dir", scratch.path() + "/link"}, 73,
                   "choose another --run-dir");
    expect_refused(scratch, {"-p", "0", "--run-dir", scratch.path() + "/no/such"}, 73,
                   "choose another --run-dir");
    expect_refused(scratch, {"-p", "0", "--run-dir", scratch.path() + '/' + std::string(120, 'x')},
                   73, "too long");
}

Test(start, a_file_that_is_no_history_is_refused_and_kept) {
    Scratch scratch;
    const std::string path = scratch.path() + "/letter";
    write_file_for_chatd(path, std::string(100'000, 'x'));
    expect_refused(scratch, {"-p", "0", "--history", path}, 65, "is not a history of chatd");
    expect_refused(scratch, {"-p", "0", "--history", "/dev/null"}, 65, "is not a file");
}

Test(start, a_history_in_use_is_refused_to_a_second_server) {
    Scratch scratch;
    const std::string path = scratch.path() + "/history";
    Daemon first({"--history", path});
    expect_refused(scratch, {"-p", "0", "--history", path}, 69, "in use by another chatd");
    first.finish();
}

Test(start, a_history_of_another_size_is_refused) {
    Scratch scratch;
    const std::string path = scratch.path() + "/history";
    {
        Daemon first({"--history", path, "--history-size", "100000"});
        first.finish();
    }
    expect_refused(scratch, {"-p", "0", "--history", path, "--history-size", "200000"}, 65,
                   "holds 100000 bytes");
    Daemon again({"--history", path});
    again.finish();
}

Test(start, a_descriptor_limit_too_low_for_the_clients_wanted_is_told) {
    Scratch scratch;
    expect_refused(scratch, {"-p", "0", "--max-clients", "1000000"}, 71, "raise it with ulimit -n");
}

Test(start, the_log_says_where_it_listens) {
    Daemon daemon(DaemonOptions{.args = {"-b", "::1"}});
    const std::string port = std::to_string(daemon.port());
    const std::string prefix = "chatd[parent " + std::to_string(daemon.pid()) + "]: ";
    EXPECT_CONTAINS(daemon.wait_log("accepting"),
                    prefix + "accepting clients on 127.0.0.1:" + port + ", port " + port);
    EXPECT_CONTAINS(daemon.wait_log("accepting"), "[::1]:" + port + ", port " + port);
    Client four = join(daemon.port(), "four");
    Client six(daemon.port(), Family::V6);
    six.expect("Your name: ");
    daemon.finish();
}

Test(start, a_history_file_outlives_the_server_whether_it_ends_or_is_killed) {
    Scratch scratch;
    const std::string path = scratch.path() + "/history";
    {
        Daemon first({"--history", path});
        Client alice = join(first.port(), "alice");
        alice.send_line("kept");
        alice.send_line("/quit");
        alice.expect("Goodbye.\n");
        first.finish();
    }
    {
        Daemon second({"--history", path});
        Client bob = join(second.port(), "bob");
        EXPECT_CONTAINS(bob.line(), "] alice says: kept");
        bob.send_line("kept too");
        bob.send_line("/history");
        bob.expect("bob says: kept too\n");
        second.signal(SIGKILL);
        (void)second.wait();
        EXPECT_TRUE(reap_strays(soon()).empty());
    }
    Daemon third({"--history", path});
    Client carol(third.port());
    carol.send_line("bob");  // the members of the server before are not here
    carol.expect("You are the only one here.\n");
    carol.expect("] alice says: kept\n");
    carol.expect("] bob says: kept too\n");
    third.finish();
}

Test(start, a_socket_file_that_somebody_removes_is_not_missed) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    fs::remove_all(daemon.run_dir());
    Client bob = join(daemon.port(), "bob");
    bob.send_line("hello");
    alice.expect_line("bob entered the chat room");
    alice.expect_line("bob says: hello");
    daemon.finish();
}

Test(start, a_ready_descriptor_that_is_not_open_for_writing_is_told_before_anything_is_made) {
    Scratch scratch;
    const std::string history = scratch.path() + "/history";
    expect_refused(scratch, {"-p", "0", "--history", history, "--ready-fd", "100"}, 64,
                   "--ready-fd 100 is not open for writing");
    expect_refused(scratch, {"-p", "0", "--history", history, "--ready-fd", "9"}, 64,
                   "--ready-fd 9 is not open for writing", [] {
                       if (dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 9) != 9) _exit(99);
                   });
    EXPECT_FALSE(fs::exists(history));
}

// Once such a server said that it accepts, and its brokers died for ever.
Test(start, a_limit_of_address_space_too_small_for_the_log_is_told) {
    if (chatd::kSanitized) cr_skip_test("not with sanitizers: they need more");
    Scratch scratch;
    expect_refused(scratch, {"-p", "0", "--history-size", "1073741824"}, 71, "raise ulimit -v", [] {
        const rlimit limit{1'000'000'000, 1'000'000'000};
        if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(99);
    });
    const std::string history = scratch.path() + "/history";
    {
        Daemon daemon({"--history", history, "--history-size", "16777216"});
        daemon.finish();
    }
    expect_refused(scratch, {"-p", "0", "--history", history}, 71, "ulimit -v", [] {
        const rlimit limit{30'000'000, 30'000'000};
        if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(99);
    });
}

Test(start, chatd_survives_sighup_under_nohup) {
    DaemonOptions options;
    options.before_exec = [] { (void)::signal(SIGHUP, SIG_IGN); };
    Daemon daemon(options);
    Client alice = join(daemon.port(), "alice");
    daemon.signal(SIGHUP);
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    daemon.finish();
}

Test(start, two_servers_share_a_run_directory) {
    Scratch scratch;
    const std::string directory = scratch.path() + "/run";
    Daemon first(DaemonOptions{.run_dir = directory});
    Daemon second(DaemonOptions{.run_dir = directory});
    Client alice = join(first.port(), "alice");
    Client also = join(second.port(), "alice");
    EXPECT_EQ(second.stop(), 0);
    EXPECT_EQ(first.stop(), 0);
    EXPECT_FALSE(fs::exists(directory));
}

// Once the parent read and repaired the history itself, and was deaf meanwhile.
Test(start, a_start_that_reads_the_history_ends_when_it_is_told_to) {
    const Scratch scratch;
    Command chatd({failing_program(), "-b", "127.0.0.1", "-p", "0", "--user", own_uid(),
                   "--run-dir", scratch.path() + "/run", "--history", scratch.path() + "/history"},
                  {.merge_stderr = false, .env = {{"CHATD_FAULT", "parent:history-begun:1:stop"}}});
    const Deadline deadline = soon();
    const auto is_stopped = [](const Process& child) { return child.state == 'T'; };
    while (std::ranges::none_of(children(chatd.pid()), is_stopped)) {
        ASSERT_TRUE(Clock::now() < deadline);
    }
    EXPECT_EQ(children(chatd.pid()).front().comm, "chatd-history");
    chatd.signal(SIGTERM);
    EXPECT_EQ(chatd.wait(), 0);
    EXPECT_EQ(chatd.err().line(), "chatd: told to end while the history is read; nothing is lost");
    EXPECT_FALSE(fs::exists(scratch.path() + "/run"));
}

Test(start, a_limit_of_processor_time_is_told) {
    Daemon daemon({.before_exec = [] {
        const rlimit limit{1000, 1000};
        if (setrlimit(RLIMIT_CPU, &limit) != 0) _exit(99);
    }});
    EXPECT_EQ(daemon.logged("after 1000 s of processor time; raise ulimit -t"), 1);
    daemon.finish();
}
