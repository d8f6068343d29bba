#include "protocol/worker_exit.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/bounds.h"

namespace chatd {
namespace {

struct Row {
    LeaveReason reason;
    std::chrono::milliseconds penalty;
    std::string_view label;
    std::string_view words;  // empty: see describe_wait_status()
};

Row row_of(WorkerExit exit) {
    using enum WorkerExit;
    switch (exit) {
        case Goodbye: return {LeaveReason::Quit, 0s, "goodbye", "said goodbye"};
        case Lost: return {LeaveReason::Lost, 0s, "lost", "connection lost"};
        case Refused: return {LeaveReason::Quit, kPenaltyForRefusal, "refused", "was refused"};
        case Removed: return {LeaveReason::Removed, 0s, "removed", "removed by the operator"};
        case Closed: return {LeaveReason::Quit, 0s, "closed", "server closed"};
        case Failed: return {LeaveReason::Failed, kPenaltyForCrash, "failed", ""};
        case Late: return {LeaveReason::Quit, kPenaltyForLateness, "late", "told no name in time"};
        case Idle: return {LeaveReason::Idle, 0s, "silent", "said nothing for too long"};
        case Nameless:
            return {LeaveReason::Quit, kPenaltyForHalfTry, "nameless", "told no good name"};
        case Served: return {LeaveReason::Quit, 0s, "served", "got a page"};
        case Killed: break;
    }
    return {LeaveReason::Killed, kPenaltyForCrash, "killed", ""};
}

}  // namespace

WorkerEnd worker_end(int wait_status) noexcept {
    const bool killed = WIFSIGNALED(wait_status);
    const int number = killed ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
    const bool is_listed = !killed && number < static_cast<int>(kWorkerExits) &&
                           number != static_cast<int>(WorkerExit::Killed);
    const WorkerExit exit = killed      ? WorkerExit::Killed
                            : is_listed ? static_cast<WorkerExit>(number)
                                        : WorkerExit::Failed;
    const Row row = row_of(exit);
    WorkerEnd end{exit, row.reason, 0, row.penalty};
    // The operator ended the worker, or it could not be set up: the client cannot be blamed.
    const bool is_blameless = killed ? number == SIGKILL || number == SIGTERM : !is_listed;
    if (is_blameless) end.penalty = {};
    if (row.words.empty()) end.detail = static_cast<std::uint8_t>(number);
    return end;
}

std::string describe_worker_end(int wait_status) {
    const std::string_view words = row_of(worker_end(wait_status).exit).words;
    return words.empty() ? describe_wait_status(wait_status) : std::string(words);
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
