// What a client reads of processes, in its language: the table that answers /ps, the details of one
// process, and the tree that answers /tree. It must never look at a process itself: all it knows
// comes from the lookout, as rows.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/body.h"
#include "text/catalogue.h"

namespace chatd {

// What the lookout says of a process. Its words are clean.
struct ProcessNews {
    ProcessRow row;
    std::string name;  // of a worker's client; empty: it has none
    std::string call;  // in which it waits; empty: not known
};

// What a worker tells only its own client: the lookout cannot see it, or others must not. Each
// private line makes the workers of two people switch, so who saw everybody's switches could tell
// who writes to whom.
struct OwnNews {
    pid_t pid = 0;
    std::int64_t voluntary = 0;    // context switches
    std::int64_t involuntary = 0;  // context switches
    std::size_t files = 0;         // the standard streams, and the trace
    std::size_t links = 0;         // AF_UNIX sockets
    std::size_t unread = 0;        // bytes on the link to the broker
    std::size_t unconfirmed = 0;   // bytes on their way to the client
};

// What the lookout has answered to /ps or /tree.
struct ProcessAnswer {
    bool as_tree;
    std::string prefix;  // as it was asked for; empty: all processes
    std::optional<Processes> counts;
    std::vector<ProcessNews> processes;
    OwnNews own;
    std::uint32_t left_out;

    // Was the worker of this very client asked for?
    [[nodiscard]] bool is_asked_for(const ProcessNews& process) const;
};

// As the column STAT of ps(1).
[[nodiscard]] std::string stat_of(const ProcessRow& row);

// Below a table with zombies stands why they still have a pid.
void append_ps_table(std::string& out, Language language,
                     const std::vector<ProcessNews>& processes);

void append_ps_details(std::string& out, Language language, const ProcessNews& process,
                       const OwnNews& own);

// As `pstree -p` draws it, but with the names as they are. When the first process is not the
// parent, all are its children.
void append_ps_tree(std::string& out, const std::vector<ProcessNews>& processes);

}  // namespace chatd
