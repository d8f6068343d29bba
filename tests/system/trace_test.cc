// --trace on the real program: the life of a line is read in the file, through all processes.
#include <criterion/criterion.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/client.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/file.h"
#include "support/process.h"
#include "support/terminal.h"
#include "support/wait.h"

using namespace chatd::test;

TestSuite(trace, .timeout = 60);

namespace {

constexpr std::size_t kTimeBytes = std::string_view("14:02:07.120511").size();

// The file of a trace, in a directory where chatd may make it.
class Trace {
  public:
    Trace() { give_to_chatd(scratch_.path()); }
    [[nodiscard]] std::string path() const { return scratch_.path() + "/trace"; }
    [[nodiscard]] std::string text() const { return contents(path()); }

    // Begins the reading anew, with all lines that there are by now.
    void read() {
        std::istringstream all(text());
        lines_.clear();
        for (std::string line; std::getline(all, line);) lines_.push_back(line);
        const auto time = [](const std::string& line) { return line.substr(0, kTimeBytes); };
        std::ranges::stable_sort(lines_, {}, time);
        next_ = 0;
    }

    // Reads on to the line that is, after its time, this text or begins with it.
    void expect(const std::string& step, Where where = Where::here()) {
        const Caller caller(where);
        const auto is_it = [&](const std::string& line) {
            return line.substr(kTimeBytes + 1).starts_with(step);
        };
        const auto found = std::find_if(lines_.begin() + next_, lines_.end(), is_it);
        if (found == lines_.end()) throw std::runtime_error("no step " + step + " in\n" + text());
        next_ = found - lines_.begin() + 1;
    }

  private:
    Scratch scratch_;
    std::vector<std::string> lines_;
    std::ptrdiff_t next_ = 0;
};

int count(const std::string& text, std::string_view part) {
    int times = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++times;
    }
    return times;
}

std::string named(const std::string& role, pid_t pid) {
    return role + '[' + std::to_string(pid) + "] ";
}

// The pid in a line of the journal such as "… joined, pid 4130, …".
pid_t pid_of_newcomer(Daemon& daemon) {
    const std::string line = daemon.wait_log(" joined, pid ");
    return std::stoi(line.substr(line.find(", pid ") + 6));
}

}  // namespace

Test(trace, tells_the_life_of_a_line_from_accept_to_waitid_without_what_it_says) {
    Trace trace;
    Daemon daemon({"--trace=" + trace.path()});
    Client bob = join(daemon.port(), "bob");
    const pid_t bobs = pid_of_newcomer(daemon);
    Client alice = join(daemon.port(), "alice");
    const pid_t alices = pid_of_newcomer(daemon);
    const pid_t broker = daemon.broker();
    alice.send_line("a secret");
    bob.expect("alice says: a secret\n");
    alice.send_line("/quit");
    alice.expect_line("Goodbye.");
    alice.expect_eof();
    bob.expect("alice left the chat room\n");
    const pid_t parent = daemon.pid();
    daemon.finish();

    trace.read();
    const std::string worker = std::to_string(alices);
    trace.expect(named("parent", parent) + "accepts 127.0.0.1:" + std::to_string(bob.local_port()));
    trace.expect(named("parent", parent) + "fork returned " + std::to_string(bobs));
    trace.expect(named("parent", parent) + "fork returned " + worker);
    trace.expect(named("worker", alices) + "connects to the broker");
    trace.expect(named("broker", broker) + "takes from worker " + worker + ": Attach birth_ns=");
    trace.expect(named("worker", alices) + "reads from the client: 9 bytes");
    trace.expect(named("worker", alices) + "sends to the broker: Post counter=1 kind=Say");
    trace.expect(named("broker", broker) + "takes from worker " + worker +
                 ": Post counter=1 kind=Say text=8 bytes");
    trace.expect(named("broker", broker) + "appends: Entry seq=3 kind=Say");
    trace.expect(named("broker", broker) + "sends to worker " + std::to_string(bobs));
    trace.expect(named("worker", bobs) + "takes from the broker: Entry seq=3 kind=Say");
    trace.expect(named("worker", bobs) + "makes text: 21 bytes");
    trace.expect(named("worker", bobs) + "writes to the client: 21 bytes");
    trace.expect(named("worker", alices) + "exits with status 0");
    trace.expect(named("parent", parent) + "SIGCHLD came");
    trace.expect(named("parent", parent) + "waitid collected " + worker + ": exit status 0");
    EXPECT_CONTAINS(trace.text(), named("worker", alices) + "fork returned 0\n");
    EXPECT_CONTAINS(trace.text(), named("broker", broker) + "fans out in ");
    EXPECT_CONTAINS(trace.text(), " us; workers: 2\n");
    EXPECT_LACKS(trace.text(), "secret");
}

Test(trace, tells_what_the_lookout_is_asked) {
    Trace trace;
    Daemon daemon({"--trace=" + trace.path()});
    Client alice = join(daemon.port(), "alice");
    const pid_t worker = pid_of_newcomer(daemon);
    alice.send_line("/ps alice");
    alice.expect("  descriptors: 4 files, ");
    daemon.finish();
    trace.read();
    trace.expect(named("worker", worker) + "connects to the lookout");
    trace.expect(named("worker", worker) + "sends to the lookout: AskProcesses name=\"alice\"");
    trace.expect("lookout[");
    trace.expect(named("worker", worker) + "takes from the lookout: Processes ");
    trace.expect(named("worker", worker) +
                 "takes from the lookout: ProcessRow pid=" + std::to_string(worker));
    EXPECT_EQ(trace.text().find("child["), std::string::npos);
}

// The lookout is stopped until all have asked.
Test(trace, shows_that_many_who_ask_at_once_share_one_look) {
    Trace trace;
    Daemon daemon({"--trace=" + trace.path()});
    constexpr int kAskers = 10;
    std::vector<Client> askers;
    for (int i = 0; i < kAskers; ++i) {
        askers.push_back(join(daemon.port(), "asker" + std::to_string(i)));
    }
    for (const Process& child : children(daemon.pid())) {
        if (child.comm == "chatd-lookout") EXPECT_EQ(kill(child.pid, SIGSTOP), 0);
    }
    for (Client& asker : askers) asker.send_line("/ps");
    const Deadline deadline = soon();
    while (count(trace.text(), " sends to the lookout: AskProcesses") < kAskers) {
        ASSERT_TRUE(Clock::now() < deadline);
    }
    for (const Process& child : children(daemon.pid())) {
        if (child.comm == "chatd-lookout") EXPECT_EQ(kill(child.pid, SIGCONT), 0);
    }
    for (Client& asker : askers) asker.expect("The server has 13 processes:\n");
    daemon.finish();
    EXPECT_EQ(count(trace.text(), " looks at the processes\n"), 1);
}

Test(trace, tells_on_demand_what_is_said_and_goes_on_after_an_upgrade) {
    Trace trace;
    Daemon daemon({"--trace=" + trace.path(), "--trace-text"});
    Client alice = join(daemon.port(), "alice");
    alice.send_line("a secret");
    daemon.signal(SIGHUP);
    daemon.wait_log("upgraded to");
    Client bob = join(daemon.port(), "bob");
    bob.send_line("nothing new");
    alice.expect("bob says: nothing new\n");
    const pid_t parent = daemon.pid();
    daemon.finish();

    trace.read();
    trace.expect(named("parent", parent) + "SIGHUP came");
    trace.expect(named("parent", parent) + "executes the program anew");
    trace.expect(named("parent", parent) + "accepts 127.0.0.1:" + std::to_string(bob.local_port()));
    EXPECT_CONTAINS(trace.text(), "Post counter=1 kind=Say text=8 bytes \"a secret\"\n");
    EXPECT_CONTAINS(trace.text(), "makes text: 22 bytes \"bob says: nothing new\\n\"\n");
}

// --- On a terminal

namespace {

// What a server writes there that is started in it, up to where it accepts clients.
std::string trace_on_terminal(const std::string& no_color) {
    const Scratch scratch;
    Terminal terminal({"env", "NO_COLOR=" + no_color, std::getenv("CHATD"), "--trace", "-p", "0",
                       "-b", "127.0.0.1", "--run-dir", scratch.path() + "/run"});
    std::string shown = terminal.expect("accepting clients on ");
    terminal.type("\x03");
    shown += terminal.expect("all is closed");
    EXPECT_EQ(terminal.wait(), 0);
    return shown;
}

}  // namespace

Test(trace, is_coloured_on_a_terminal_unless_no_color_is_set) {
    constexpr std::string_view kYellow = "\033[33m";  // the parent
    const std::string coloured = trace_on_terminal("");
    EXPECT_CONTAINS(coloured, kYellow);
    const std::string plain = trace_on_terminal("1");
    EXPECT_LACKS(plain, "\033");
    EXPECT_CONTAINS(plain, " fork returned ");
}
