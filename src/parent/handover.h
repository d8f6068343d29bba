// The handover: what a parent tells the program that takes its place in the same process (SIGHUP).
// It is text, so that two versions can tell whether they understand each other. A new value is one
// line in the struct below, one in the table in handover.cc, and one each in resources.cc where it
// is given and where it is taken.
//
// This file must never use a descriptor: descriptors are numbers here.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

struct Handover {
    // A descriptor that stays open in the next program; -1: there is none. It has a type of its
    // own, so that the table tells descriptors from other numbers.
    struct Descriptor {
        int number = -1;
    };
    struct Listener {
        Descriptor fd;
        std::string name;
    };
    struct Worker {
        pid_t pid;
        std::uint64_t birth_ns;
        std::string address;  // see Accepted
    };
    struct Stopped {
        pid_t pid;  // of a worker; the kernel tells of each stop only once
    };
    struct Peer {
        pid_t pid;  // of a worker
        std::string peer;
    };
    struct Budget {
        Descriptor fd;
        std::string address;  // of workers
    };
    struct Introduction {
        pid_t pid;  // of a worker
        Descriptor fd;
    };

    // The formats of what is shared with processes and memory that stay: see protocol/frame.h,
    // log/log_format.h and broker/members.h.
    std::uint32_t frame_version = 0;
    std::uint32_t log_version = 0;
    std::uint32_t table_version = 0;

    std::uint32_t clients_max = 0;
    bool has_terminal = false;
    std::vector<Listener> listeners = {};
    bool made_run_directory = false;
    std::string run_directory;
    Descriptor broker_listener;
    Descriptor broker_place;
    std::string socket_path;
    Descriptor log_memory;
    Descriptor members_memory;
    Descriptor control_first;
    Descriptor control_second;
    Descriptor wakeup;
    Descriptor program_directory;
    pid_t broker = -1;  // -1: no broker runs
    std::vector<Worker> workers = {};
    std::string outbox;  // frames for the broker that are not on the link yet

    std::uint32_t counters_version = 0;  // see protocol/counters.h
    Descriptor broker_counters;
    std::vector<std::uint64_t> parent_counters;

    // See sys/metrics_socket.h. Without --metrics there is no descriptor, and the name is empty.
    Descriptor metrics = {};
    Descriptor metrics_directory = {};
    std::string metrics_name = {};

    // From here on: what 0.3.0 neither says nor reads.
    std::uint64_t ring_bytes = 0;    // of the log; 0: not said
    bool has_archive = false;        // the log has one
    Descriptor program_before = {};  // see close_way_back()
    std::vector<Peer> peers = {};
    std::vector<Stopped> stopped = {};
    std::vector<Budget> budgets = {};
    Descriptor lookout_listener = {};  // no lookout is handed over: see Upgrade::execute()
    Descriptor lookout_place = {};
    std::vector<Introduction> introductions = {};  // links: see parent/introductions

    [[nodiscard]] std::vector<int> fds() const;  // all descriptors that there are
};

// Makes the text of a handover, and reads such a text. None: `text` is not a whole handover, or has
// another format than this program writes.
[[nodiscard]] std::string write_handover(const Handover& handover);
[[nodiscard]] std::optional<Handover> read_handover(std::string_view text);

}  // namespace chatd
