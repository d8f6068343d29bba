// The real chatd ($CHATD), started for one test, on a port and in a directory of its own.
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
    std::vector<std::string> args = {};  // after those below

    // std::nullopt leaves the option away.
    std::optional<std::string> address = "127.0.0.1";
    std::optional<std::string> port = "0";
    std::optional<std::string> lang = "en";
    std::optional<std::string> run_dir = "";  // "" is scratch()/run
    std::optional<std::string> rate = "0";    // tests say more than people
    bool penalties = false;                   // and do worse

    std::map<std::string, std::string> env = {};  // besides ours
    std::function<void()> before_exec = {};       // in the child: limits, signals
    std::string program = {};                     // "" is $CHATD
    int ready_fd = 3;                             // of chatd's
    std::map<int, int> fds = {};                  // further ones, see Spawn
};

// The binary that fails as `fault` says (see base/fault.h), and has another version than $CHATD.
[[nodiscard]] DaemonOptions failing(const std::string& fault, std::vector<std::string> args = {});
[[nodiscard]] std::string failing_program();

// When tests are run as root, makes a file or directory that of whom chatd becomes then.
void give_to_chatd(const std::string& path);

// Our own uid, for --user: what is ours can be looked at and limited only from outside of chatd's.
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
    // Returns once chatd has told its port; throws with its log when it does not.
    explicit Daemon(std::vector<std::string> args = {});
    explicit Daemon(DaemonOptions options);

    // Ends what is left, by force if it must. While an exception of others passes, it prints the
    // log.
    ~Daemon();

    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] pid_t pid() const { return child_.pid(); }
    [[nodiscard]] const std::string& scratch() const { return scratch_.path(); }
    [[nodiscard]] const std::string& run_dir() const { return run_dir_; }

    // The log so far: stdout and stderr of chatd and all its processes.
    [[nodiscard]] const std::string& log();

    // The next line that contains `text`, after the line the last call returned.
    std::string wait_log(std::string_view text);

    void signal(int number) const { child_.signal(number); }

    // Its broker, as soon as there is one that is not `before`.
    [[nodiscard]] pid_t broker(pid_t before = -1) const;

    // How many lines of the log contain `text`.
    [[nodiscard]] int logged(std::string_view text);

    // Waits for chatd's own end. Exit status, or 128 + n when signal n killed it.
    int wait();

    // SIGTERM, then wait().
    int stop();

    // After the end: no process of chatd's is left, wherever in the tree, and no socket in the run
    // directory; no sanitizer had anything to say.
    void expect_nothing_left();

    // stop() with exit status 0 and expect_nothing_left(): how a test that passes should end.
    void finish();

  private:
    struct Plumbing;
    Daemon(DaemonOptions options, Plumbing plumbing);
    void read_port();
    std::optional<int> end_by(Deadline deadline);
    [[noreturn]] void fail(const std::string& what);

    Scratch scratch_;
    std::string run_dir_;
    Reader ready_;
    Reader log_;
    Child child_;
    std::size_t log_seen_ = 0;  // what wait_log() has returned ends here
    std::uint16_t port_ = 0;
    bool log_told_ = false;  // by an exception of ours
};

// For starts that fail: $CHATD with just these arguments, to its end.
[[nodiscard]] Command::Result run_to_end(const std::vector<std::string>& args,
                                         CommandOptions options = {.merge_stderr = false});

}  // namespace chatd::test
