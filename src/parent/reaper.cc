#include "parent/reaper.h"

#include <sys/wait.h>

#include <utility>

namespace chatd {
namespace {

constexpr int kPauses = WSTOPPED | WCONTINUED;

bool is_pause(const ChildChange& change) {
    return WIFSTOPPED(change.wait_status) || WIFCONTINUED(change.wait_status);
}

}  // namespace

void Reaper::look(const HandleEnd& handle_end) {
    while (const auto change = child_change({}, WEXITED | kPauses)) {
        if (is_pause(*change)) {
            note_pause(*change);
            take_pauses();  // Many are stopped at once, as by Ctrl-Z.
        } else {
            end_pause(change->pid);
            handle_end(*change);
        }
    }
}

// One call for each worker: to ask for any child takes one walk through all of them for each
// answer.
void Reaper::take_pauses() {
    for (const auto& [pid, worker] : resources_.workers) {
        while (const auto change = child_change(pid, kPauses)) note_pause(*change);
    }
}

void Reaper::note_pause(const ChildChange& change) {
    const auto row = resources_.workers.find(change.pid);
    if (row == resources_.workers.end()) return;
    auto& [pid, worker] = *row;
    const bool is_stopped = WIFSTOPPED(change.wait_status);
    if (std::exchange(worker.is_stopped, is_stopped) == is_stopped) return;
    if (is_stopped) {
        ++resources_.stopped;
        journal_.info("worker stopped, pid %d, %s", pid, worker.peer.c_str());
    } else {
        --resources_.stopped;
        journal_.info("worker continued, pid %d, %s", pid, worker.peer.c_str());
    }
}

// A worker that was stopped can be killed.
void Reaper::end_pause(pid_t pid) {
    const auto row = resources_.workers.find(pid);
    if (row == resources_.workers.end()) return;
    if (std::exchange(row->second.is_stopped, false)) --resources_.stopped;
}

}  // namespace chatd
