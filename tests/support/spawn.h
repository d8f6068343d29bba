// Starts programs from a test, and waits for their end. Nothing that a test starts outlives the
// test: a child dies with the test, and processes that a child leaves behind become the test's
// children.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/fd.h"
#include "support/wait.h"

namespace chatd::test {

struct Spawn {
    std::vector<std::string> argv = {};
    std::map<int, int> fds =
        {};  // number in the child -> descriptor of the test; no others go over
    std::map<std::string, std::string> env = {};  // added to the test's own environment
    std::function<void()> before_exec = {};       // runs in the child: limits, signals
    bool own_group = true;                        // the child gets a process group of its own
};

// A process that the test has started. The destructor kills and reaps it, if it still runs.
class Child {
  public:
    // Throws when the program cannot be executed.
    explicit Child(const Spawn& spawn);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    [[nodiscard]] pid_t pid() const { return pid_; }

    // Readable once the process has ended.
    [[nodiscard]] int pidfd() const { return pidfd_.get(); }

    void signal(int number) const;
    void kill_group() const;  // SIGKILL to the child, and to its process group if it has its own

    // The exit status, or 128 + n when signal n killed the child. None when it still runs at the
    // deadline; by default that is now.
    std::optional<int> status(Deadline deadline = {});

  private:
    pid_t pid_ = -1;
    bool group_;
    Fd pidfd_;
    std::optional<int> status_;
};

// Children of the test for which there is no Child: orphans of processes that it has started.
[[nodiscard]] std::vector<pid_t> strays();

// Reaps strays until there are none. Returns those that have not ended by the deadline.
[[nodiscard]] std::vector<pid_t> reap_strays(Deadline deadline);

// Kills and reaps strays until there are none.
void kill_strays();

}  // namespace chatd::test
