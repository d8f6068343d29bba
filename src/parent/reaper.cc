#include "parent/reaper.h"

#include <sys/wait.h>

#include <utility>

#include "sys/clock.h"

namespace chatd {
namespace {

constexpr int kPauses = WSTOPPED | WCONTINUED;

bool is_pause(const ChildChange& change) {
    return WIFSTOPPED(change.wait_status) || WIFCONTINUED(change.wait_status);
}

}  // namespace

Reaper::Reaper(const Options& options, Resources& resources, Supervisor& supervisor,
               Journal& journal)
    : resources_(resources),
      supervisor_(supervisor),
      journal_(journal),
      zombies_(std::chrono::seconds(options.reap_delay_s)) {}

void Reaper::look(pid_t trial, const HandleEnd& handle_end) {
    if (!zombies_.are_wanted()) return reap_all(handle_end);
    if (const auto change = child_change({}, kPauses)) {
        note_pause(*change);
        take_pauses();
    }
    leave_workers(handle_end);
    reap_others(trial, handle_end);
}

void Reaper::reap_all(const HandleEnd& handle_end) {
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

// Each worker is asked for by its pid: asked for any child, the kernel would name the same zombie
// again and again.
void Reaper::leave_workers(const HandleEnd& handle_end) {
    for (auto next = resources_.workers.begin(); next != resources_.workers.end();) {
        const pid_t pid = (next++)->first;  // The row goes when its worker has ended.
        const auto end = child_change(pid, WEXITED | WNOWAIT);
        if (!end) continue;
        end_pause(pid);
        handle_end(*end);
        zombies_.add(pid, Clock::now());
        (void)turn(false);
    }
}

// Broker, lookout and trial are known by their pids. A child that this process has inherited is
// not: it can lie behind zombies in the kernel's list, and is collected when they are.
void Reaper::reap_others(pid_t trial, const HandleEnd& handle_end) {
    for (const pid_t pid : {resources_.broker, resources_.lookout, trial}) {
        if (const auto end = child_change(pid, WEXITED)) handle_end(*end);
    }
    while (const auto first = child_change({}, WEXITED | WNOWAIT)) {
        if (zombies_.contains(first->pid) || resources_.workers.contains(first->pid)) break;
        const auto end = child_change(first->pid, WEXITED);
        if (!end) break;
        handle_end(*end);
    }
}

// One call for each worker: to ask for any child takes one walk through all of them for each
// answer.
void Reaper::take_pauses() {
    for (const auto& [pid, worker] : resources_.workers) {
        while (const auto change = child_change(pid, kPauses)) note_pause(*change);
    }
    supervisor_.announce_pauses();
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

bool Reaper::turn(bool all) {
    const Moment now = all ? Moment::max() : Clock::now();
    bool was_one = false;
    while (const auto pid = zombies_.take_due(now)) {
        was_one = true;
        (void)child_change(*pid, WEXITED);
    }
    return was_one;
}

}  // namespace chatd
