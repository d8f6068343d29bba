// Writes the broker's journal lines about workers, one function for each line.
#pragma once

#include <string_view>

#include "broker/sessions.h"
#include "sys/journal.h"

namespace chatd {

class JournalObserver : public WorkerObserver {
  public:
    explicit JournalObserver(Journal& journal) : journal_(journal) {}

    void joined(const WorkerState& worker, std::string_view peer) override;
    void renamed(const WorkerState& worker, std::string_view old_name) override;
    void broke_rules(const WorkerState& worker) override;
    void ended(std::string_view name, const Ended& ended, const WorkerEnd& end) override;

  private:
    Journal& journal_;
};

}  // namespace chatd
