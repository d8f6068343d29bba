// The newcomers: clients that have no worker. Those whose address connects too often wait for its
// turn (parent/admission_queue); others are turned away. Each is told so in one line, if it takes
// the line at once. No byte of theirs is read.
#pragma once

#include "parent/admission_queue.h"
#include "sys/journal.h"
#include "sys/net.h"

namespace chatd {

class Newcomers {
  public:
    // All three outlive this object.
    Newcomers(const Admission& admission, ParentCounters& counters, Journal& journal)
        : admission_(admission), counters_(counters), journal_(journal) {}

    void turn_away(const Accepted& client, TurnedAway why);
    void note_turned_away(const Accepted& client, TurnedAway why);  // by its worker

    // A penalised client has to wait until next() returns it; any other is turned away.
    void keep_out(Accepted& client, TurnedAway why);

    // If others of its address wait, the client has to wait behind them. False: nobody does.
    [[nodiscard]] bool queue_up(Accepted& client);

    // The first client whose turn has come, and that is still there; none: there is no such client.
    [[nodiscard]] std::optional<Accepted> next();
    [[nodiscard]] Deadline wake_at() const { return queue_.wake_at(admission_.addresses()); }
    [[nodiscard]] std::size_t waiting() const { return queue_.size(); }

    // Tells all that wait to come again, and why. False: nobody waits.
    bool turn_all_away(TurnedAway why);

  private:
    void let_wait(Accepted& client);

    const Admission& admission_;
    ParentCounters& counters_;
    Journal& journal_;
    AdmissionQueue<Accepted> queue_;
};

}  // namespace chatd
