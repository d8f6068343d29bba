// The real chatd ($CHATD), started for one test, on a port and in a directory of its own. What
// fails throws, with the line of the test and with the journal.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/command.h"
#include "support/reader.h"
#include "support/spawn.h"
#include "support/wait.h"

namespace chatd::test {

struct DaemonOptions {
    std::vector<std::string> args = {};  // added after the options below

    // Options of chatd; std::nullopt leaves the option out.
    std::optional<std::string> address = "127.0.0.1";
    std::optional<std::string> port = "0";
    std::optional<std::string> lang = "en";
    std::optional<std::string> run_dir = "";  // "" is scratch()/run
    std::optional<std::string> rate = "0";    // because tests say more than people
    bool penalties = false;                   // because tests do what earns penalties
    bool sandbox_may_kill = false;            // the test makes a process break out

    std::map<std::string, std::string> env = {};  // added to the test's own environment
    std::function<void()> before_exec = {};       // runs in the child: limits, signals
    std::string program = {};                     // "" is $CHATD
    int ready_fd = 3;                             // chatd's number for it
    std::map<int, int> fds = {};                  // further descriptors, see Spawn
};

// The binary that fails as `fault` says (see base/fault.h), and has another version than $CHATD.
[[nodiscard]] DaemonOptions failing(const std::string& fault, std::vector<std::string> args = {});
[[nodiscard]] std::string failing_program();

// One that lets in whoever connects to its broker, as if the parent had announced it: for tests
// that play a worker themselves. `fault`: another fault, or none.
[[nodiscard]] DaemonOptions with_strangers(const std::string& fault = {});

// When tests are run as root: gives a file or directory to the user that chatd becomes then.
void give_to_chatd(const std::string& path);

// Writes a file that chatd may open, even when tests are run as root.
void write_file_for_chatd(const std::string& path, const std::string& bytes);

// The uid of the test, for --user: a test run as root can look into processes of its own user and
// limit them, and chatd keeps that user then.
[[nodiscard]] std::string own_uid();

// A directory under $TMPDIR or /tmp that goes away with everything in it.
class Scratch {
  public:
    Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch();
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

class Daemon {
  public:
    // Returns when chatd has told its port.
    explicit Daemon(std::vector<std::string> args = {}, Where where = Where::here());
    explicit Daemon(DaemonOptions options, Where where = Where::here());

    // Ends all processes that are left, by force if need be. When the test ends by an exception
    // that does not have the journal in it, prints the journal.
    ~Daemon();

    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] pid_t pid() const { return child_.pid(); }
    [[nodiscard]] const std::string& scratch() const { return scratch_.path(); }
    [[nodiscard]] const std::string& run_dir() const { return run_dir_; }

    // The journal so far: stdout and stderr of chatd and all its processes.
    [[nodiscard]] const std::string& log();

    // Waits for a line of the journal that contains `text`, after the line that the last call
    // returned, and returns it.
    std::string wait_log(std::string_view text, Where where = Where::here());

    void signal(int number) const { child_.signal(number); }

    // Waits for a broker with another pid than `before`, and returns its pid.
    [[nodiscard]] pid_t broker(pid_t before = -1, Where where = Where::here()) const;

    // Returns how often the journal contains `text`.
    [[nodiscard]] int logged(std::string_view text);

    // Waits for the end of the parent. Returns its exit status, or 128 + n when signal n killed it.
    int wait(Where where = Where::here());

    // Sends SIGTERM and waits like wait().
    int stop(Where where = Where::here());

    // After the end: no process of chatd is left anywhere in the tree, no socket in the run
    // directory, no sanitizer has reported anything, and the sandbox has killed nobody: a system
    // call that a list lacks is found here even when the test did not see the process end.
    void expect_nothing_left(Where where = Where::here());

    // The end of a test that passes: stop() must return 0, and then expect_nothing_left().
    void finish(Where where = Where::here());

  private:
    struct Plumbing;
    Daemon(DaemonOptions options, Plumbing plumbing, const Where& where);
    void read_port(const Where& where);
    std::optional<int> end_by(Deadline deadline);
    [[noreturn]] void fail(const std::string& what, const Where& where);

    Scratch scratch_;
    std::string run_dir_;
    Reader ready_;
    Reader log_;
    Child child_;
    std::size_t log_seen_ = 0;  // the end of the last line that wait_log() has returned
    std::uint16_t port_ = 0;
    bool sandbox_may_kill_ = false;
    bool log_shown_ = false;  // fail() has put the journal into an exception
};

// For starts that fail: runs $CHATD with only these arguments to its end.
[[nodiscard]] Command::Result run_to_end(const std::vector<std::string>& args,
                                         CommandOptions options = {.merge_stderr = false},
                                         Where where = Where::here());

}  // namespace chatd::test
