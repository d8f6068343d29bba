// What a client reads of processes, in its language: the table that answers /ps, the details of one
// process, and the tree that answers /tree.
#pragma once

#include <sys/types.h>

#include <cstddef>
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

// What a worker knows of itself, and the lookout cannot see.
struct OwnNews {
    pid_t pid = 0;
    std::size_t links = 0;        // AF_UNIX sockets
    std::size_t unread = 0;       // bytes on the link to the broker
    std::size_t unconfirmed = 0;  // bytes on their way to the client
};

// Below a table with zombies stands why they still have a pid.
void append_ps_table(std::string& out, Language language,
                     const std::vector<ProcessNews>& processes);

void append_ps_details(std::string& out, Language language, const ProcessNews& process,
                       const OwnNews& own);

// As `pstree -p` draws it, but with the names as they are. The first process is the parent of the
// others.
void append_ps_tree(std::string& out, const std::vector<ProcessNews>& processes);

}  // namespace chatd
