// Specification of protocol/worker_exit: what one end of a worker means to everybody.

#include "protocol/worker_exit.h"

#include <criterion/criterion.h>
#include <signal.h>

#include <set>
#include <string>

#include "base/bounds.h"
#include "support/expect.h"

using namespace chatd;

namespace {

WorkerEnd exited(int status) {
    return worker_end(status << 8);
}

std::string described(int status) {
    return describe_worker_end(status << 8);
}

WorkerEnd exited(WorkerExit exit) {
    return exited(static_cast<int>(exit));
}

}  // namespace

TestSuite(worker_exit, .timeout = 10);

Test(worker_exit, each_status_is_an_end_of_its_own) {
    for (std::size_t i = 0; i < kWorkerExits; ++i) {
        const auto exit = static_cast<WorkerExit>(i);
        if (exit == WorkerExit::Killed) continue;  // no status
        EXPECT_EQ(exited(exit).exit, exit);
        if (exit != WorkerExit::Failed) EXPECT_EQ(exited(exit).detail, 0);
    }
}

Test(worker_exit, every_other_status_is_a_failure_and_tells_which) {
    for (const int status : {5, 8, 11, 71, 255}) {
        EXPECT_EQ(exited(status).exit, WorkerExit::Failed);
        EXPECT_EQ(exited(status).reason, LeaveReason::Failed);
        EXPECT_EQ(exited(status).detail, status);
        EXPECT_EQ(described(status), "exit status " + std::to_string(status));
    }
}

Test(worker_exit, a_signal_is_told_by_its_number) {
    const WorkerEnd end = worker_end(SIGSEGV);
    EXPECT_EQ(end.exit, WorkerExit::Killed);
    EXPECT_EQ(end.reason, LeaveReason::Killed);
    EXPECT_EQ(end.detail, SIGSEGV);
    EXPECT_EQ(describe_worker_end(SIGSEGV), "killed by signal 11");
}

Test(worker_exit, who_crashes_or_tells_no_name_costs_its_address_some_waiting) {
    EXPECT_TRUE(worker_end(SIGSEGV).penalty == kPenaltyForCrash);
    EXPECT_TRUE(worker_end(SIGSYS).penalty == kPenaltyForCrash);
    EXPECT_TRUE(exited(WorkerExit::Failed).penalty == kPenaltyForCrash);
    EXPECT_TRUE(exited(WorkerExit::Late).penalty == kPenaltyForLateness);
    EXPECT_TRUE(exited(WorkerExit::Nameless).penalty == kPenaltyForHalfTry);
    EXPECT_TRUE(exited(WorkerExit::Refused).penalty == kPenaltyForRefusal);
}

Test(worker_exit, nobody_pays_for_a_good_end_or_for_what_others_did) {
    for (const WorkerExit exit : {WorkerExit::Goodbye, WorkerExit::Lost, WorkerExit::Removed,
                                  WorkerExit::Closed, WorkerExit::Idle}) {
        EXPECT_TRUE(exited(exit).penalty == 0s);
    }
    EXPECT_TRUE(worker_end(SIGKILL).penalty == 0s);
    EXPECT_TRUE(worker_end(SIGTERM).penalty == 0s);
    EXPECT_TRUE(exited(71).penalty == 0s);
}

Test(worker_exit, each_has_a_label_and_words) {
    std::set<std::string> labels;
    for (std::size_t i = 0; i < kWorkerExits; ++i) {
        labels.emplace(label_of(static_cast<WorkerExit>(i)));
    }
    EXPECT_EQ(labels.size(), kWorkerExits);
    EXPECT_EQ(described(static_cast<int>(WorkerExit::Idle)), "said nothing for too long");
    EXPECT_EQ(label_of(WorkerExit::Idle), "silent");
}
