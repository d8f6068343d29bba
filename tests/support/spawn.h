// Starting programs from a test and seeing them end, so that nothing a test starts outlives it: a
// child dies with the test, and what a child leaves behind becomes the test's own child.
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
    std::map<int, int> fds = {};                  // descriptor of the child -> of ours; no others
    std::map<std::string, std::string> env = {};  // besides ours
    std::function<void()> before_exec = {};       // in the child: limits, signals
    bool own_group = true;                        // of processes
};

// A process we started. Killed and reaped at the latest by the destructor.
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
    void kill_group() const;  // SIGKILL to all of it, when it has one of its own

    // Its exit status, 128 + n when signal n killed it; nothing while it runs.
    std::optional<int> status(Deadline deadline = {});

  private:
    pid_t pid_ = -1;
    bool group_;
    Fd pidfd_;
    std::optional<int> status_;
};

// Our children that no Child stands for: orphans of what we started.
[[nodiscard]] std::vector<pid_t> strays();

// Reaps strays until there are none; those that have not ended by the deadline are returned.
[[nodiscard]] std::vector<pid_t> reap_strays(Deadline deadline);

void kill_strays();

}  // namespace chatd::test
