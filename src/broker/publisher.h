// The publisher sends the log to the members: all of it, or with --sync only what is on the disk.
// broker/fan_out decides when it does so, and log/reader decides what each member is sent.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "broker/fan_out.h"
#include "broker/links.h"
#include "protocol/counters.h"

namespace chatd {

class Publisher {
  public:
    // disk: with --sync, the file that the log lies in. All of these belong to the caller.
    Publisher(Log& log, std::optional<int> disk, Sessions& sessions, Links& links,
              BrokerCounters& counters, Journal& journal);

    // The next send() flushes the link: the broker answers a question at once, and does not wait
    // for the pause between fan-outs. A link must be forgotten before it is destroyed.
    void note_urgent(Link& link) { urgent_.push_back(&link); }
    void forget(Link& link) {
        std::erase(urgent_, &link);
        std::erase(walking_, &link);
    }

    // The next fan-out comes without a pause: the server shuts down.
    void hurry() { fan_out_.hurry(); }

    // Is the log to be sent to everybody now?
    [[nodiscard]] bool is_due() { return chatd::is_due(due_at(), Clock::now()); }

    // The time of the next send(): at once while answers are being looked up.
    [[nodiscard]] Deadline wake_at() {
        return walking_.empty() || disk_fails_ ? due_at() : Moment();
    }

    // Publishes what the log has by now; with --sync by one fdatasync(2) for everything that came
    // together. False: there is nothing to send now, or the disk has failed.
    [[nodiscard]] bool publish();

    // Sends what is published: to urgent links, and to everybody when that is due. Of those who
    // have to be shown what lies far back, each gets a part of it in turn.
    void send();

    // Sends what is published to one worker, as much as the kernel takes, and goes on in the next
    // turn when `entries` were looked at. Closes a link that is at its end.
    void flush(Link& link, std::size_t entries = kEntriesAtOnce);

    // Sends the worker the reason why its link ends, if it still reads. The caller closes the link.
    void dismiss(Link& link);

  private:
    [[nodiscard]] Deadline due_at();  // none: everybody has all of the log
    [[nodiscard]] bool sync(int disk);
    void answer(Link& link, std::size_t entries);
    void fan_out();

    Log& log_;
    std::optional<int> disk_;
    Sessions& sessions_;
    Links& links_;
    BrokerCounters& counters_;
    Journal& journal_;
    Crowds crowds_;  // up to what is published
    FanOut fan_out_;
    std::vector<Link*> urgent_;
    std::deque<Link*> walking_;  // links whose readers are walking
    bool disk_fails_ = false;
};

}  // namespace chatd
