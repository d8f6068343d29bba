// SIGHUP: another program takes the place of the parent, and nobody in the room notices.
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/settings.h"
#include "log/log_format.h"
#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/process.h"
#include "support/wait.h"
#include "support/websocket.h"
#include "support/where.h"

using namespace chatd::test;
namespace fs = std::filesystem;

TestSuite(upgrade, .timeout = 60);

namespace {

constexpr const char* kOther = "0.3.0-faults";

std::string chatd_program() {
    return std::getenv("CHATD");
}

// A path for a program, as an operator has it: the program there can be exchanged.
class Installation {
  public:
    explicit Installation(const std::string& program) { install(program); }

    void install(const std::string& program) {
        const std::string fresh = path() + ".new";
        fs::copy_file(program, fresh, fs::copy_options::overwrite_existing);
        fs::rename(fresh, path());
    }

    void install_script(const std::string& text) {
        const std::string fresh = path() + ".new";
        std::ofstream(fresh) << text;
        (void)::chmod(fresh.c_str(), 0755);
        fs::rename(fresh, path());
    }

    [[nodiscard]] std::string path() const { return scratch_.path() + "/chatd"; }

  private:
    Scratch scratch_;
};

std::string title_of(const Daemon& daemon, const std::string& beginning) {
    for (const Process& child : children(daemon.pid())) {
        if (child.cmdline.starts_with(beginning)) return child.cmdline;
    }
    return {};
}

void upgrade(Daemon& daemon, const std::string& version, Where where = Where::here()) {
    const Caller caller(where);
    daemon.signal(SIGHUP);
    daemon.wait_log("upgraded to " + version + ";");
    daemon.wait_log("broker started");
}

// Each of the two reads the other's line, once.
void expect_to_chat(Client& alice, Client& bob, const std::string& text,
                    Where where = Where::here()) {
    const Caller caller(where);
    alice.send_line(text);
    bob.expect_line("alice says: " + text);
    bob.send_line(text);
    alice.expect_line("bob says: " + text);
    EXPECT_TRUE(alice.quiet() && bob.quiet());
}

}  // namespace

Test(upgrade, the_process_stays_and_so_does_everybody_in_it) {
    Installation installed(chatd_program());
    Daemon daemon(DaemonOptions{.program = installed.path()});
    const pid_t pid = daemon.pid();
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    expect_to_chat(alice, bob, "before");
    installed.install(failing_program());
    upgrade(daemon, kOther);
    expect_to_chat(alice, bob, "after");
    EXPECT_EQ(daemon.pid(), pid);
    bob.send_line("/quit");
    alice.expect_line("bob left the chat room");
    bob.close();
    daemon.wait_log("bob ended");
    Client again = join(daemon.port(), "bob");
    again.expect("] bob says: after\n");
    alice.expect_line("bob entered the chat room");
    daemon.finish();
}

// Such a client is in the middle of its request.
Test(upgrade, a_client_that_its_proxy_has_not_named_yet_is_introduced_to_the_next_program) {
    Installation installed(chatd_program());
    Daemon daemon(
        DaemonOptions{.args = {"--trust-proxy", "127.0.0.1"}, .program = installed.path()});
    Client alice = join(daemon.port(), "alice");
    const std::string request =
        bytes_of(handshake("/chat", {{"X-Forwarded-For", "198.51.100.7"}}), daemon.port());
    const std::size_t half = request.size() / 2;
    daemon.wait_log("alice joined");
    Client browser(daemon.port());
    browser.send(request.substr(0, half));
    daemon.wait_log("connected");
    installed.install(failing_program());
    upgrade(daemon, kOther);
    browser.send(request.substr(half));
    WebSocket bob(std::move(browser));
    bob.expect("name?");
    bob.say("bob");
    bob.expect("welcome");
    EXPECT_CONTAINS(daemon.wait_log("bob joined"), ", 198.51.100.7");
    daemon.finish();
}

// Otherwise each upgrade would let an address say as much again.
Test(upgrade, workers_of_both_programs_share_the_budget_of_their_address) {
    Installation installed(chatd_program());
    Daemon daemon(DaemonOptions{
        .args = {"--rate-per-ip", "2:8"}, .rate = "100:100", .program = installed.path()});
    Client alice = join(daemon.port(), "alice");
    alice.send_line(std::string(4000, 'x'));
    alice.send_line("/who");
    alice.expect("You are the only one here");
    installed.install(failing_program());
    upgrade(daemon, kOther);
    Client bob(daemon.port());
    bob.send_line("bob");
    bob.expect("Many lines come from your address: yours wait for their turn.");
    bob.expect("Welcome, bob");
    daemon.finish();
}

Test(upgrade, titles_show_the_version_of_workers_that_are_older_than_the_broker) {
    Installation installed(chatd_program());
    Daemon daemon(DaemonOptions{.program = installed.path()});
    Client alice = join(daemon.port(), "alice");
    installed.install(failing_program());
    upgrade(daemon, kOther);
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    expect_to_chat(alice, bob, "hello");
    EXPECT_EQ(title_of(daemon, "chatd: worker alice"),
              "chatd: worker alice 127.0.0.1:" + std::to_string(alice.local_port()) + " (" +
                  chatd::kVersion + ')');
    EXPECT_EQ(title_of(daemon, "chatd: worker bob"),
              "chatd: worker bob 127.0.0.1:" + std::to_string(bob.local_port()));
    installed.install(chatd_program());
    upgrade(daemon, chatd::kVersion);
    expect_to_chat(alice, bob, "and back");
    EXPECT_EQ(title_of(daemon, "chatd: worker alice"),
              "chatd: worker alice 127.0.0.1:" + std::to_string(alice.local_port()));
    EXPECT_CONTAINS(title_of(daemon, "chatd: worker bob"), std::string(" (") + kOther + ')');
    daemon.finish();
}

Test(upgrade, under_load_nothing_is_lost_and_nothing_comes_twice) {
    Installation installed(chatd_program());
    Daemon daemon(DaemonOptions{.program = installed.path()});
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    int said = 0;
    int heard = 0;
    for (int round = 0; round < 6; ++round) {
        installed.install(round % 2 == 0 ? failing_program() : chatd_program());
        daemon.signal(SIGHUP);
        while (daemon.logged("upgraded to ") <= round) {
            for (int i = 0; i < 50; ++i) alice.send_line(std::to_string(said++));
            for (; heard < said; ++heard) bob.expect_line("alice says: " + std::to_string(heard));
        }
    }
    alice.expect_line("bob entered the chat room");
    EXPECT_TRUE(alice.quiet() && bob.quiet());
    daemon.finish();
}

Test(upgrade, a_client_that_has_told_no_name_yet_comes_in) {
    Installation installed(chatd_program());
    Daemon daemon(DaemonOptions{.program = installed.path()});
    Client alice(daemon.port());
    alice.expect("Your name: ");
    upgrade(daemon, chatd::kVersion);
    alice.send_line("alice");
    alice.expect_line("Welcome, alice. /help lists the commands; leave with /quit, not Ctrl-D.");
    alice.expect_line("You are the only one here.");
    daemon.finish();
}

Test(upgrade, a_stopped_broker_is_no_hindrance) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    (void)kill(daemon.broker(), SIGSTOP);
    alice.send_line("hello");
    upgrade(daemon, chatd::kVersion);
    bob.expect_line("alice says: hello");
    expect_to_chat(alice, bob, "again");
    daemon.finish();
}

Test(upgrade, a_worker_that_ends_during_the_upgrade_is_reaped_and_leaves) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    daemon.wait_log("broker started");
    for (int round = 0; round < 10; ++round) {
        Client bob = join(daemon.port(), "bob");
        alice.expect_line("bob entered the chat room");
        daemon.signal(SIGHUP);
        bob.reset();
        alice.expect_line("bob left the chat room (connection lost)");
        daemon.wait_log("broker started");
    }
    // People read that bob left before his worker has ended.
    const Deadline deadline = soon();
    while (children(daemon.pid()).size() != 3U) ASSERT_TRUE(Clock::now() < deadline);
    daemon.finish();
}

Test(upgrade, the_history_goes_on) {
    const Scratch scratch;
    const std::vector<std::string> args = {"--history", scratch.path() + "/history"};
    {
        Daemon daemon(args);
        Client alice = join(daemon.port(), "alice");
        Client bob = join(daemon.port(), "bob");
        alice.expect_line("bob entered the chat room");
        expect_to_chat(alice, bob, "before");
        upgrade(daemon, chatd::kVersion);
        expect_to_chat(alice, bob, "after");
        daemon.finish();
    }
    Daemon daemon(args);
    Client carol = join(daemon.port(), "carol");
    carol.expect("] bob says: before\n");
    carol.expect("] bob says: after\n");
    daemon.finish();
}

// Once the next program took the size of the log from what was left of the file, and died of it.
Test(upgrade, a_history_that_was_cut_short_is_repaired_by_the_next_program) {
    for (const off_t length : {0, 100, 5000, 60'000}) {
        const Scratch scratch;
        const std::string path = scratch.path() + "/history";
        Daemon daemon({"--history", path, "--history-size", "1048576"});
        Client alice = join(daemon.port(), "alice");
        Client bob = join(daemon.port(), "bob");
        alice.expect_line("bob entered the chat room");
        for (int i = 0; i < 300; ++i) alice.send_line(std::string(900, 'x'));
        for (int i = 0; i < 300; ++i) bob.expect_line("alice says: " + std::string(900, 'x'));
        ASSERT_EQ(truncate(path.c_str(), length), 0);
        daemon.signal(SIGHUP);
        const std::string news = daemon.wait_log("]: history: ");
        const std::size_t lost = news.find(" bytes lost");
        ASSERT_TRUE(lost != std::string::npos);
        // Without the header, nobody knows how full the log was.
        EXPECT_EQ(news.find(" up to ") != std::string::npos, length == 0);
        EXPECT_GT(std::stoul(news.substr(news.rfind(' ', lost - 1) + 1)), 200'000U);
        daemon.wait_log("broker started");
        expect_to_chat(alice, bob, "after");
        EXPECT_EQ(fs::file_size(path), chatd::HistorySize{1'048'576}.bytes());
        daemon.finish();
    }
}

// --- Programs that cannot take over

namespace {

void expect_to_stay(Daemon& daemon, Client& alice, Client& bob, const std::string& reason,
                    Where where = Where::here()) {
    const Caller caller(where);
    daemon.signal(SIGHUP);
    daemon.wait_log(reason);
    expect_to_chat(alice, bob, "still here");
    EXPECT_EQ(daemon.logged("upgraded"), 0);
}

}  // namespace

Test(upgrade, a_program_that_cannot_take_over_does_not) {
    Installation installed(chatd_program());
    Daemon daemon(DaemonOptions{.program = installed.path()});
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    installed.install("/bin/true");
    expect_to_stay(daemon, alice, bob, "cannot take over, it ended with exit status 0");
    installed.install_script("#!/bin/sh\nexit 7\n");
    expect_to_stay(daemon, alice, bob, "cannot take over, it ended with exit status 7");
    installed.install_script("#!/bin/sh\nkill -SEGV $$\n");
    expect_to_stay(daemon, alice, bob, "cannot take over, it ended with killed by signal 11");
    (void)::chmod(installed.path().c_str(), 0600);
    expect_to_stay(daemon, alice, bob, "cannot execute");
    (void)::unlink(installed.path().c_str());
    expect_to_stay(daemon, alice, bob, "No such file or directory");
    installed.install(chatd_program());
    upgrade(daemon, chatd::kVersion);
    expect_to_chat(alice, bob, "at last");
    daemon.finish();
}

Test(upgrade, a_program_that_hangs_on_trial_is_ended_in_time) {
    Installation installed(chatd_program());
    Daemon daemon(DaemonOptions{.program = installed.path()});
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    installed.install_script("#!/bin/sh\nexec sleep 1000\n");
    daemon.signal(SIGHUP);
    daemon.wait_log("upgrade asked for");
    expect_to_chat(alice, bob, "meanwhile");
    const Deadline deadline = Clock::now() + 3 * kPatience;
    while (daemon.logged("takes too long") == 0 && Clock::now() < deadline) {
        expect_to_chat(alice, bob, "meanwhile");
    }
    expect_to_stay(daemon, alice, bob, "upgrade asked for");
    daemon.finish();
}

Test(upgrade, an_upgrade_runs_the_program_to_which_a_link_points_now) {
    const Scratch scratch;
    const std::string link = scratch.path() + "/chatd";
    fs::create_symlink(chatd_program(), link);
    Daemon daemon(DaemonOptions{.program = link});
    fs::remove(link);
    fs::create_symlink(failing_program(), link);
    upgrade(daemon, kOther);
    daemon.finish();
}

// Once whatever had the name of the program by then was executed, and ended the server.
Test(upgrade, the_very_file_that_was_tried_is_executed) {
    Installation installed(chatd_program());
    Daemon daemon(DaemonOptions{.program = installed.path()});
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const std::string path = installed.path();
    installed.install_script("#!/bin/sh\nrm -f " + path + "\nln -s /bin/true " + path + "\nexec " +
                             failing_program() + " \"$@\"\n");
    upgrade(daemon, kOther);
    EXPECT_TRUE(fs::is_symlink(path));
    expect_to_chat(alice, bob, "after");
    daemon.finish();
}

namespace {

void expect_given_back(const std::string& fault, Where where = Where::here()) {
    const Caller caller(where);
    Installation installed(chatd_program());
    Daemon daemon(DaemonOptions{.env = {{"CHATD_FAULT", fault}}, .program = installed.path()});
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const std::string title = title_of(daemon, "chatd: worker alice");
    installed.install(failing_program());
    expect_to_stay(daemon, alice, bob, "no upgrade: the new program failed while it took over");
    EXPECT_EQ(title_of(daemon, "chatd: worker alice"), title);
    installed.install(chatd_program());
    upgrade(daemon, chatd::kVersion);
    expect_to_chat(alice, bob, "at last");
    daemon.finish();
}

}  // namespace

Test(upgrade, a_program_that_crashes_while_it_takes_over_gives_the_server_back) {
    for (const char* deed : {"segv", "abort"}) {
        expect_given_back(std::string("parent:takes-over:1:") + deed);
    }
}

Test(upgrade, a_program_that_ends_while_it_takes_over_gives_the_server_back) {
    for (const char* deed : {"nomem", "exit"}) {
        expect_given_back(std::string("parent:takes-over:1:") + deed);
    }
}

// It has five seconds.
Test(upgrade, a_program_that_hangs_while_it_takes_over_gives_the_server_back) {
    expect_given_back("parent:takes-over:1:spin");
}

// Once the counters were gone by then, and each broker of the program before died of that.
Test(upgrade, a_program_with_other_counters_gives_them_back_too) {
    expect_given_back("parent:takes-over:1:segv\nparent:new-counters:1+:fail");
}

Test(upgrade, a_server_that_closes_goes_on_closing) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    daemon.signal(SIGTERM);
    daemon.signal(SIGHUP);
    alice.expect_line("The server is shutting down. Goodbye.");
    alice.close();
    EXPECT_EQ(daemon.wait(), 0);
    daemon.expect_nothing_left();
}

Test(upgrade, environment_variables_of_the_upgrade_are_refused_from_users) {
    for (const char* value : {"", "check:", "take-over:x", "take-over:99", "check:2", "3"}) {
        const Command::Result result =
            run_to_end({}, {.merge_stderr = false, .env = {{"CHATD_HANDOVER", value}}});
        EXPECT_NE(result.status, 0);
        EXPECT_TRUE(result.err.starts_with("chatd: "));
    }
}
