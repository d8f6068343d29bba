#include "broker/journal_observer.h"

#include <string>

namespace chatd {

void JournalObserver::joined(const WorkerState& worker, std::string_view peer) {
    journal_.info("%s joined, pid %d, %s", worker.name.c_str(), worker.process.pid,
                  std::string(peer).c_str());
}

void JournalObserver::renamed(const WorkerState& worker, std::string_view old_name) {
    journal_.info("%s is now called %s, pid %d", std::string(old_name).c_str(), worker.name.c_str(),
                  worker.process.pid);
}

void JournalObserver::broke_rules(const WorkerState& worker) {
    const char* const name = worker.name.empty() ? "(login)" : worker.name.c_str();
    journal_.warning("%s broke the rules, pid %d", name, worker.process.pid);
}

void JournalObserver::ended(std::string_view name, const Ended& ended, const WorkerEnd& end) {
    journal_.info("%s ended, pid %d: %s, after %.1f s", std::string(name).c_str(), ended.pid,
                  end.words.c_str(), static_cast<double>(ended.lived_ms) / 1000);
}

}  // namespace chatd
