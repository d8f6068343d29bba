// One look at the processes of the server, in /proc. What was read once is not read again for the
// next who asks in the same look. This file must never read of a process that is neither the parent
// nor one of its children.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/frame.h"

namespace chatd {

class Look {
  public:
    // proc: the directory /proc, open (O_PATH). `broker`: the child that was the broker in the last
    // look; -1: it is not known. Reads which children the parent has.
    Look(int proc, pid_t parent, pid_t broker);

    [[nodiscard]] bool is_child(pid_t pid) const;
    [[nodiscard]] pid_t broker() const { return broker_; }

    // The frames that answer AskProcesses: besides parent, broker and lookout kPeopleShown rows at
    // most. Empty: /proc does not show the server, as with its option hidepid.
    [[nodiscard]] std::string answer(std::string_view prefix);

  private:
    struct Worker {
        pid_t pid;
        std::string key;  // of its name, see fold_name()
    };

    [[nodiscard]] std::string read(pid_t pid, const std::string& file, std::size_t most) const;
    [[nodiscard]] std::string name_of(pid_t pid) const;
    [[nodiscard]] ProcessRole role_of(pid_t pid, std::string_view comm) const;
    [[nodiscard]] pid_t find_broker(pid_t last) const;
    [[nodiscard]] const std::vector<Worker>& workers();
    // Appends nothing when the process is gone. asked: the key of the name that was asked for.
    void append_row(std::string& out, pid_t pid, std::string_view asked) const;
    [[nodiscard]] std::string answer_all() const;
    [[nodiscard]] std::string answer_some(std::string_view prefix);

    int proc_;
    pid_t parent_;
    pid_t own_pid_;
    std::vector<pid_t> children_;  // the oldest first
    pid_t broker_;
    std::optional<std::vector<Worker>> workers_;  // none: their names were not needed yet
};

}  // namespace chatd
