#include "protocol/worker_exit.h"

#include <signal.h>
#include <sys/wait.h>

#include <array>

#include "base/bounds.h"

namespace chatd {
namespace {

struct Row {
    WorkerExit exit;
    LeaveReason reason;
    std::chrono::seconds penalty;
    std::string_view label;
    std::string_view words;  // empty: see describe_wait_status()
};

constexpr std::array<Row, kWorkerExits> kRows = {{
    {WorkerExit::Goodbye, LeaveReason::Quit, 0s, "goodbye", "said goodbye"},
    {WorkerExit::Lost, LeaveReason::Lost, 0s, "lost", "connection lost"},
    {WorkerExit::Refused, LeaveReason::Quit, kPenaltyForRefusal, "refused", "was refused"},
    {WorkerExit::Removed, LeaveReason::Removed, 0s, "removed", "removed by the operator"},
    {WorkerExit::Closed, LeaveReason::Quit, 0s, "closed", "server closed"},
    {WorkerExit::Failed, LeaveReason::Failed, kPenaltyForCrash, "failed", ""},
    {WorkerExit::Late, LeaveReason::Quit, kPenaltyForLateness, "late", "told no name in time"},
    {WorkerExit::Idle, LeaveReason::Idle, 0s, "silent", "said nothing for too long"},
    {WorkerExit::Killed, LeaveReason::Killed, kPenaltyForCrash, "killed", ""},
}};

constexpr bool rows_are_in_order() {
    for (std::size_t i = 0; i < kRows.size(); ++i) {
        if (static_cast<std::size_t>(kRows[i].exit) != i) return false;
    }
    return true;
}
static_assert(rows_are_in_order());

const Row& row_of(WorkerExit exit) {
    return kRows[static_cast<std::size_t>(exit)];
}

WorkerExit exit_of(int wait_status) {
    if (WIFSIGNALED(wait_status)) return WorkerExit::Killed;
    const int status = WEXITSTATUS(wait_status);
    return status < static_cast<int>(WorkerExit::Killed) ? static_cast<WorkerExit>(status)
                                                         : WorkerExit::Failed;
}

// Whether the client cannot be blamed: the operator ended the worker, or it could not be set up.
bool is_blameless(int wait_status) {
    if (WIFSIGNALED(wait_status)) {
        return WTERMSIG(wait_status) == SIGKILL || WTERMSIG(wait_status) == SIGTERM;
    }
    return WEXITSTATUS(wait_status) >= static_cast<int>(WorkerExit::Killed);
}

}  // namespace

WorkerEnd worker_end(int wait_status) {
    const Row& row = row_of(exit_of(wait_status));
    WorkerEnd end{row.exit, row.reason, 0, row.penalty, std::string(row.words)};
    if (is_blameless(wait_status)) end.penalty = 0s;
    if (row.words.empty()) {
        end.detail = static_cast<std::uint8_t>(WIFSIGNALED(wait_status) ? WTERMSIG(wait_status)
                                                                        : WEXITSTATUS(wait_status));
        end.words = describe_wait_status(wait_status);
    }
    return end;
}

std::string_view label_of(WorkerExit exit) {
    return row_of(exit).label;
}

std::string describe_wait_status(int wait_status) {
    if (WIFSIGNALED(wait_status)) {
        return "killed by signal " + std::to_string(WTERMSIG(wait_status));
    }
    return "exit status " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace chatd
