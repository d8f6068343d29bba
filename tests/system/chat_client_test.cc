// The real terminal client ($CHAT) at a terminal and in a pipe, with the real server.
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/fd.h"
#include "support/file.h"
#include "support/screen_model.h"
#include "support/terminal.h"
#include "support/wait.h"

using namespace chatd::test;

TestSuite(chat_client, .timeout = 60);

namespace {

constexpr const char* kFrameEnd = "\x1b[?2026l";
constexpr const char* kControlC = "\x03";
constexpr const char* kControlD = "\x04";

std::string server_of(const Daemon& daemon) {
    return "127.0.0.1:" + std::to_string(daemon.port());
}

// The client at a terminal, below a shell that tells whether the terminal is as it was.
class AtTerminal {
  public:
    // config: the directory in which the client keeps what was typed; empty: one of its own.
    explicit AtTerminal(std::vector<std::string> args, std::size_t columns = 60,
                        std::size_t rows = 10, const std::string& config = {})
        : screen(columns, rows),
          config_(config.empty() ? scratch_.path() : config),
          terminal_(command(std::move(args), columns, rows)) {
        terminal_.expect("pid ");
        pid_ = std::stoi(terminal_.expect("\r\n"));
    }

    void type(std::string_view keys) { terminal_.type(keys); }
    void signal(int number) const { ASSERT_EQ(::kill(pid_, number), 0); }

    // Draws frame after frame until the screen, or what has scrolled away, has the text.
    void wait_for(std::string_view text, Where where = Where::here()) {
        while (!has(text)) {
            screen.write(terminal_.expect(kFrameEnd, where));
            screen.write(kFrameEnd);
        }
    }

    // The row in which the cursor is.
    [[nodiscard]] std::string input_row() const { return screen.row(screen.cursor_row()); }

    void wait_for_row(std::string_view row, Where where = Where::here()) {
        while (input_row() != row) {
            screen.write(terminal_.expect(kFrameEnd, where));
            screen.write(kFrameEnd);
        }
    }

    // As after Ctrl-S, or behind a network that is dead: the terminal takes nothing.
    void hold_screen() {
        const std::string path = "/proc/" + std::to_string(pid_) + "/fd/0";
        held_ = Fd(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
        ASSERT_EQ(::tcflow(held_.get(), TCOOFF), 0);
    }

    // Waits for the end of a client with such a terminal, which takes bytes again then.
    void wait_for_end(Where where = Where::here()) {
        const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
        if (process.open() && !chatd::test::wait_for(process.get(), POLLIN, soon())) {
            throw failure("the client does not end", where);
        }
        ASSERT_EQ(::tcflow(held_.get(), TCOON), 0);
    }

    // Waits for the end of the client. Returns its status, as $? has it, if the terminal is as it
    // was before; and -1 if it is not.
    int wait(Where where = Where::here()) {
        terminal_.expect("after: ", where);
        const std::string end = terminal_.expect("\r\n", where);
        return end.ends_with(" restored") ? std::stoi(end) : -1;
    }

    void resize(std::size_t columns, std::size_t rows) {
        const std::string path = "/proc/" + std::to_string(pid_) + "/fd/0";
        const auto result = Command::run(
            {"stty", "-F", path, "columns", std::to_string(columns), "rows", std::to_string(rows)});
        ASSERT_EQ(result.status, 0);
        screen = ScreenModel(columns, rows);
    }

    [[nodiscard]] const std::string& config() const { return config_; }

    ScreenModel screen;

  private:
    [[nodiscard]] bool has(std::string_view text) const {
        if (screen.text().find(text) != std::string::npos) return true;
        for (const std::string& row : screen.scrollback()) {
            if (row.find(text) != std::string::npos) return true;
        }
        return false;
    }

    std::vector<std::string> command(std::vector<std::string> args, std::size_t columns,
                                     std::size_t rows) {
        const std::string script = "stty columns " + std::to_string(columns) + " rows " +
                                   std::to_string(rows) +
                                   "; before=$(stty -g); sh -c 'echo \"pid $$\"; exec \"$@\"' sh "
                                   "\"$@\"; echo \"after: $? $([ \"$(stty -g)\" = \"$before\" ] && "
                                   "echo restored)\"";
        std::vector<std::string> argv = {"sh",
                                         "-c",
                                         script,
                                         "sh",
                                         "env",
                                         "XDG_CONFIG_HOME=" + config_,
                                         "LC_ALL=C.UTF-8",
                                         std::getenv("CHAT")};
        argv.insert(argv.end(), args.begin(), args.end());
        return argv;
    }

    Scratch scratch_;
    std::string config_;
    Terminal terminal_;
    pid_t pid_ = -1;
    Fd held_;
};

Command::Result in_pipe(std::vector<std::string> args, std::string_view input) {
    args.insert(args.begin(), std::getenv("CHAT"));
    return Command::run(std::move(args), input, {.merge_stderr = false});
}

}  // namespace

// --- At a terminal

Test(chat_client, who_has_no_name_is_asked_until_one_will_do) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bob");
    AtTerminal alice({server_of(daemon)});
    alice.wait_for_row("Your name:");
    alice.type("bob\r");
    alice.wait_for("The name bob is taken");
    alice.wait_for_row("Your name:");
    alice.type("alice\r");
    alice.wait_for_row("alice>");
    bob.expect("alice entered the chat room\n");
    alice.type(kControlD);
    EXPECT_EQ(alice.wait(), 0);
    bob.expect("alice left the chat room\n");
    daemon.finish();
}

Test(chat_client, the_row_stays_whole_while_messages_scroll_above_it) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bob");
    AtTerminal alice({"--name", "alice", server_of(daemon)}, 40, 8);
    alice.wait_for_row("alice>");
    // Written in its middle, while others talk.
    alice.type("你好明");
    alice.wait_for_row("alice> 你好明");
    alice.type("\x1b[D");
    for (int i = 1; i <= 50; ++i) bob.send_line("line " + std::to_string(i));
    alice.type("小");
    alice.wait_for("line 50");
    alice.wait_for_row("alice> 你好小明");
    EXPECT_EQ(alice.screen.cursor_row(), 7);
    EXPECT_EQ(alice.screen.cursor_column(), std::string_view("alice> ").size() + 6);
    EXPECT_CONTAINS(alice.screen.row(6), "bob: line 50");
    // All of them are in the terminal's own history, each once.
    int lines = 0;
    for (const std::string& row : alice.screen.scrollback())
        lines += row.ends_with("line 7") ? 1 : 0;
    EXPECT_EQ(lines, 1);
    alice.type("\r");
    bob.expect("alice says: 你好小明\n");
    alice.wait_for_row("alice>");
    alice.type(kControlD);
    EXPECT_EQ(alice.wait(), 0);
    daemon.finish();
}

Test(chat_client, a_smaller_terminal_still_has_one_row_of_input) {
    Daemon daemon;
    AtTerminal alice({"--name", "alice", server_of(daemon)});
    alice.wait_for_row("alice>");
    alice.type("some words that are longer than the row");
    alice.wait_for_row("alice> some words that are longer than the row");
    alice.resize(20, 5);
    alice.type("!");
    alice.wait_for("row!");
    EXPECT_EQ(alice.screen.wraps(), 0);
    EXPECT_EQ(alice.screen.cursor_row(), 0);
    alice.type("\x15\x04");
    EXPECT_EQ(alice.wait(), 0);
    daemon.finish();
}

Test(chat_client, tab_completes_a_name_and_then_lists_names) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bobby");
    Client bea = join(daemon.port(), "bobcat");
    AtTerminal alice({"--name", "alice", server_of(daemon)});
    alice.wait_for_row("alice>");
    alice.type("b\t");
    alice.wait_for_row("alice> bob");
    alice.type("\t");
    alice.wait_for("bobby  bobcat");
    alice.type("c\t");
    alice.wait_for_row("alice> bobcat:");
    alice.type("\x15\x04");
    EXPECT_EQ(alice.wait(), 0);
    daemon.finish();
}

Test(chat_client, several_pasted_lines_are_sent_only_when_that_is_meant) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bob");
    AtTerminal alice({"--name", "alice", server_of(daemon)});
    alice.wait_for_row("alice>");
    alice.type("\x1b[200~one\ntwo\n\x1b[201~");
    alice.wait_for_row("send 2 lines? y/n");
    alice.type("n");
    alice.wait_for_row("alice>");
    alice.type("\x1b[200~three\nfour\n\x1b[201~");
    alice.wait_for_row("send 2 lines? y/n");
    alice.type("y");
    bob.expect("alice entered the chat room\n");
    bob.expect_line("alice says: three");
    bob.expect_line("alice says: four");
    alice.type(kControlD);
    EXPECT_EQ(alice.wait(), 0);
    daemon.finish();
}

Test(chat_client, the_first_control_c_clears_the_line_and_the_second_leaves) {
    Daemon daemon;
    AtTerminal alice({"--name", "alice", server_of(daemon)});
    alice.wait_for_row("alice>");
    alice.type("words");
    alice.wait_for_row("alice> words");
    alice.type(kControlC);
    alice.wait_for_row("alice>");
    alice.type(kControlC);
    EXPECT_EQ(alice.wait(), 0);
    daemon.finish();
}

Test(chat_client, whoever_types_after_control_c_does_not_want_to_leave) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bob");
    AtTerminal alice({"--name", "alice", server_of(daemon)});
    alice.wait_for_row("alice>");
    alice.type(kControlC);
    alice.wait_for("Press Ctrl-C again to leave");
    alice.type("w");
    alice.wait_for_row("alice> w");
    alice.type(kControlC);
    alice.wait_for_row("alice>");
    alice.type("still here\r");
    bob.expect("alice says: still here\n");
    daemon.finish();
}

Test(chat_client, two_clients_keep_each_others_lines) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bob");
    Scratch config;
    AtTerminal alice({"--name", "alice", server_of(daemon)}, 60, 10, config.path());
    AtTerminal carol({"--name", "carol", server_of(daemon)}, 60, 10, config.path());
    alice.wait_for_row("alice>");
    carol.wait_for_row("carol>");
    alice.type("of alice\r");
    bob.expect("alice says: of alice\n");
    carol.type("of carol\r");
    bob.expect("carol says: of carol\n");
    alice.wait_for_row("alice>");
    alice.type(kControlD);
    EXPECT_EQ(alice.wait(), 0);
    carol.wait_for_row("carol>");
    carol.type(kControlD);
    EXPECT_EQ(carol.wait(), 0);
    EXPECT_EQ(contents(config.path() + "/chat/history"), "of alice\nof carol\n");
    daemon.finish();
}

Test(chat_client, lines_are_remembered_but_not_private_ones) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bob");
    AtTerminal alice({"--name", "alice", server_of(daemon)});
    alice.wait_for_row("alice>");
    alice.type("hi all\r/msg bob psst\r");
    bob.expect("alice tells you: psst\n");
    alice.wait_for("you tell bob: psst");
    alice.type("\x1b[A\x1b[A");
    alice.wait_for_row("alice> hi all");
    alice.type("\x15\x04");
    EXPECT_EQ(alice.wait(), 0);
    const std::string path = alice.config() + "/chat/history";
    EXPECT_EQ(contents(path), "hi all\n");
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600);
    daemon.finish();
}

Test(chat_client, a_log_has_what_was_shown_without_colours) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bob");
    Scratch scratch;
    const std::string log = scratch.path() + "/log";
    AtTerminal alice({"--name", "alice", "--color", "always", "--log", log, server_of(daemon)});
    alice.wait_for_row("alice>");
    bob.send_line("hi alice");
    alice.wait_for("bob: hi alice");
    alice.type(kControlD);
    EXPECT_EQ(alice.wait(), 0);
    EXPECT_CONTAINS(contents(log), " bob: hi alice\n");
    EXPECT_LACKS(contents(log), "\x1b");
    daemon.finish();
}

Test(chat_client, with_a_break_nothing_is_lost_and_nothing_doubled) {
    Scratch scratch;
    give_to_chatd(scratch.path());
    const std::string history = scratch.path() + "/history";
    Daemon first(DaemonOptions{.args = {"--history", history}});
    AtTerminal alice({"--name", "alice", server_of(first)});
    alice.wait_for_row("alice>");
    alice.type("before\r");
    alice.wait_for("alice: before");
    first.signal(SIGKILL);
    EXPECT_EQ(first.wait(), 128 + SIGKILL);
    alice.wait_for("The connection is lost");
    alice.type("meanwhile\r");
    alice.wait_for("alice (1)>");
    Daemon second(
        DaemonOptions{.args = {"--history", history}, .port = std::to_string(first.port())});
    Client bob = join(second.port(), "bob");
    bob.send_line("while you were away");
    alice.type("\r");
    alice.wait_for("You are back.");
    alice.wait_for("alice: meanwhile");
    bob.expect("alice says: meanwhile\n");
    alice.wait_for_row("alice>");
    std::string all;
    for (const std::string& row : alice.screen.scrollback()) all += row + '\n';
    all += alice.screen.text();
    for (const char* const text : {"alice: before", "alice: meanwhile"}) {
        const std::size_t at = all.find(text);
        EXPECT_EQ(all.find(text, at + 1), std::string::npos);
    }
    alice.type(kControlD);
    EXPECT_EQ(alice.wait(), 0);
    second.finish();
}

Test(chat_client, control_z_stops_it_and_fg_goes_on) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bob");
    Scratch scratch;
    Terminal shell({"env", "XDG_CONFIG_HOME=" + scratch.path(), "PS1=ready ", "bash", "--norc",
                    "--noprofile", "-i"});
    shell.expect("ready ");
    shell.type(std::string(std::getenv("CHAT")) + " --name alice " + server_of(daemon) + "\n");
    shell.expect("alice> ");
    bob.expect("alice entered the chat room\n");
    shell.type("\x1a");
    shell.expect("Stopped");
    shell.expect("ready ");
    shell.type("stty -a | grep -ow '.icanon'; echo\n");
    shell.expect("\r\n");
    EXPECT_LACKS(shell.expect("ready "), "-icanon");
    bob.send_line("hi");
    shell.type("fg\n");
    shell.expect("bob: hi");
    shell.expect("alice> ");
    shell.type(kControlD);
    shell.expect("ready ");
    bob.expect("alice left the chat room\n");
    shell.type("exit\n");
    EXPECT_EQ(shell.wait(), 0);
    daemon.finish();
}

// --- The terminal is as it was

Test(chat_client, a_signal_that_ends_it_leaves_the_terminal_as_it_was) {
    Daemon daemon;
    for (const int signal : {SIGTERM, SIGHUP, SIGSEGV, SIGABRT}) {
        AtTerminal alice({"--name", "alice" + std::to_string(signal), server_of(daemon)});
        alice.wait_for_row("alice" + std::to_string(signal) + ">");
        alice.signal(signal);
        EXPECT_EQ(alice.wait(), 128 + signal);
    }
    daemon.finish();
}

Test(chat_client, a_terminal_that_takes_nothing_keeps_nobody_from_ending_it) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bob");
    AtTerminal alice({"--name", "alice", server_of(daemon)});
    alice.wait_for_row("alice>");
    alice.hold_screen();
    bob.send_line("nobody sees this");
    alice.signal(SIGTERM);
    bob.expect_line("alice entered the chat room");
    bob.expect_line("alice left the chat room");
    alice.wait_for_end();
    EXPECT_EQ(alice.wait(), 128 + SIGTERM);
    daemon.finish();
}

Test(chat_client, without_a_server_it_can_still_be_left) {
    Daemon daemon;
    AtTerminal alice({"--name", "alice", server_of(daemon)});
    alice.wait_for_row("alice>");
    EXPECT_EQ(daemon.stop(), 0);
    alice.wait_for("The connection is lost");
    alice.type(kControlD);
    EXPECT_EQ(alice.wait(), 0);
    daemon.expect_nothing_left();
}

// --- In a pipe

Test(chat_client, in_a_pipe_each_line_is_said_and_awaited) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bob");
    std::string lines;
    for (int i = 1; i <= 100; ++i) lines += "line " + std::to_string(i) + "\n";
    const auto result = in_pipe({"--name", "bot", server_of(daemon)}, lines + "no end");
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.err, "");
    bob.expect("bot says: line 1\n");
    bob.expect("bot says: line 100\n");
    bob.expect_line("bot says: no end");
    bob.expect_line("bot left the chat room");
    EXPECT_CONTAINS(result.out, " bot: no end\n");
    daemon.finish();
}

Test(chat_client, in_a_pipe_what_is_not_said_is_an_error) {
    Daemon daemon;
    const auto result = in_pipe({"--name", "bot", server_of(daemon)}, "/msg zoe hi\n");
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "chat: Nobody here is called zoe.\n");
    daemon.finish();
}

Test(chat_client, in_a_pipe_any_bytes_are_a_line) {
    Daemon daemon;
    const auto result = in_pipe({"--name", "bot", server_of(daemon)}, "\xff\xfe\nhi\n");
    EXPECT_EQ(result.status, 1);
    EXPECT_CONTAINS(result.err, "This room speaks UTF-8");
    EXPECT_CONTAINS(result.out, " bot: hi\n");
    daemon.finish();
}

Test(chat_client, in_a_pipe_what_follows_quit_is_an_error) {
    Daemon daemon;
    const auto result = in_pipe({"--name", "bot", server_of(daemon)}, "hi\n/quit\nlost\n");
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "chat: what follows /quit was not said\n");
    EXPECT_EQ(in_pipe({"--name", "bot", server_of(daemon)}, "hi\n/quit\n\n").status, 0);
    daemon.finish();
}

Test(chat_client, in_a_pipe_any_number_of_commands_is_answered) {
    Daemon daemon;
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += "/time on\n/json\n";
    const auto result =
        in_pipe({"--name", "bot", server_of(daemon)}, lines + "/msg zoe hi\n/who\n");
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "chat: Nobody here is called zoe.\n");
    EXPECT_CONTAINS(result.out, "You are the only one here");
    daemon.finish();
}

Test(chat_client, in_a_pipe_a_line_without_an_end_is_an_error) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bob");
    const auto result =
        in_pipe({"--name", "bot", server_of(daemon)}, std::string(1'000'000, 'x') + "\nafter it\n");
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "chat: a line has more than 4096 bytes, and was not said\n");
    bob.expect_line("bot entered the chat room");
    bob.expect_line("bot says: after it");
    daemon.finish();
}

Test(chat_client, in_a_pipe_a_full_disk_is_an_error_and_lines_are_said) {
    Daemon daemon;
    Client bob = join(daemon.port(), "bob");
    const auto result = in_pipe({"--name", "bot", "--log", "/dev/full", server_of(daemon)}, "hi\n");
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "chat: the log: No space left on device\n");
    bob.expect_line("bot entered the chat room");
    bob.expect_line("bot says: hi");
    daemon.finish();
}

Test(chat_client, in_a_pipe_there_has_to_be_a_name_and_a_server) {
    const auto nameless = in_pipe({"127.0.0.1:1"}, "hi\n");
    EXPECT_EQ(nameless.status, 2);
    EXPECT_EQ(nameless.err, "chat: without a terminal, --name has to tell the name\n");
    const auto serverless = in_pipe({"--name", "bot", "127.0.0.1:1"}, "hi\n");
    EXPECT_EQ(serverless.status, 1);
    EXPECT_EQ(serverless.err, "chat: Connection refused\n");
}
