// What the workers of one address share, for all addresses whose clients are here: a budget
// (base/shared_budget) and a sign (base/browser_sign). Each address has a file of its own in
// memory, because its workers must not reach the budget of another. The files are resources of the
// parent: after an upgrade, old and new workers still share one budget.
#pragma once

#include <string>

#include "base/shared_budget.h"
#include "parent/resources.h"

namespace chatd {

class Budgets {
  public:
    // rate: units; 0 a second: no budget has a limit. `files` outlives this.
    Budgets(Rate rate, BudgetFiles& files) : rate_(rate), files_(files) {}

    // Makes the budget of this address, of which so much is spent, unless there is one. False:
    // errno says why not. Throws std::bad_alloc.
    [[nodiscard]] bool open(const std::string& address, Moment spent);

    // The last client of this address has left. Returns what is spent, but at most kSharedWaitMax
    // after `now`.
    [[nodiscard]] Moment close(const std::string& address, Moment now);

    // The file that a worker of this address maps; -1: there is none. Owned by `files`.
    [[nodiscard]] int file(const std::string& address) const;

    // What is in this file, for as long as this process lives. -1, or not is_limited: the budget
    // has no limit. May be called in a child, which must not look into the table. Throws
    // SetupError.
    [[nodiscard]] AddressShare map(int file, bool is_limited) const;

  private:
    Rate rate_;
    BudgetFiles& files_;
};

}  // namespace chatd
