// The handover: what a parent tells the program that takes its place in the same process (SIGHUP),
// as text, so that versions apart in time can tell whether they understand each other.
//
// This file must never use a descriptor: here they are numbers.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

struct Handover {
    // The formats of what is shared with processes and memory that stay: see frame.h, log.h and
    // room.h.
    std::uint32_t frame_version = 0;
    std::uint32_t log_version = 0;
    std::uint32_t table_version = 0;

    struct Listener {
        int fd;
        std::string name;
    };
    struct Worker {
        pid_t pid;
        std::uint64_t birth_ns;
        std::string address = {};  // where its client comes from; empty: not known
    };

    std::uint32_t clients_max = 0;
    bool has_terminal = false;
    std::vector<Listener> listeners;
    std::string run_directory;
    bool made_run_directory = false;
    std::string socket_path;
    int broker_listener = -1;
    int broker_place = -1;
    int log_memory = -1;
    int members_memory = -1;
    int control_first = -1;
    int control_second = -1;
    int wakeup = -1;
    int program_directory = -1;  // -1: none; older versions have none
    pid_t broker = -1;           // -1: none runs
    std::vector<Worker> workers;
    std::string outbox;  // frames for the broker that are not on the link yet

    // See counters.h; older versions count nothing: -1, and none.
    std::uint32_t counters_version = 0;
    int broker_counters = -1;
    std::vector<std::uint64_t> parent_counters;

    // See sys/metrics_socket.h; -1: there is none.
    int metrics = -1;
    int metrics_directory = -1;
    std::string metrics_name;

    // All descriptors that go over.
    [[nodiscard]] std::vector<int> fds() const;
};

[[nodiscard]] std::string write_handover(const Handover& handover);

// Nothing: it is not a whole handover, or one of a format that this program does not know.
[[nodiscard]] std::optional<Handover> read_handover(std::string_view text);

}  // namespace chatd
