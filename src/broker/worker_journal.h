// The lines of the journal about workers. The throttle counts the lines of one format together, so
// each has a format of its own.
#pragma once

#include <string>

#include "broker/sessions.h"
#include "sys/journal.h"

namespace chatd {

class WorkerJournal : public WorkerObserver {
  public:
    explicit WorkerJournal(Journal& journal) : journal_(journal) {}

    void was_a_stranger(const Member& member) override {
        journal_.warning("%s is no worker of ours, and removed: pid %d",
                         std::string(member.name()).c_str(), member.pid);
    }

    void joined(const WorkerState& worker, std::string_view peer) override {
        journal_.info("%s joined, pid %d, %s", worker.name.c_str(), worker.process.pid,
                      std::string(peer).c_str());
    }

    void renamed(const WorkerState& worker, std::string_view old_name) override {
        journal_.info("%s is now called %s, pid %d", std::string(old_name).c_str(),
                      worker.name.c_str(), worker.process.pid);
    }

    void broke_rules(const WorkerState& worker) override {
        const char* const name = worker.name.empty() ? "(login)" : worker.name.c_str();
        journal_.warning("%s broke the rules, pid %d", name, worker.process.pid);
    }

    void ended(std::string_view name, const Ended& ended) override {
        journal_.info("%s ended, pid %d: %s, after %.1f s", std::string(name).c_str(), ended.pid,
                      describe_worker_end(ended.wait_status).c_str(),
                      static_cast<double>(ended.lived_ms) / 1000);
    }

  private:
    Journal& journal_;
};

}  // namespace chatd
