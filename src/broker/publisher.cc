#include "broker/publisher.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/fault.h"
#include "base/trace.h"
#include "sys/memory.h"

namespace chatd {

Publisher::Publisher(Log& log, std::optional<int> disk, Sessions& sessions, Links& links,
                     BrokerCounters& counters, Journal& journal)
    : log_(log),
      disk_(disk),
      sessions_(sessions),
      links_(links),
      counters_(counters),
      journal_(journal),
      crowds_(log) {
    crowds_.set_end(disk ? log.synced() : log.head());
}

Deadline Publisher::due_at() {
    fan_out_.note_urgent(sessions_.urgent_end());
    return fan_out_.due_at(log_.head());
}

bool Publisher::publish() {
    const bool has_news = !urgent_.empty() || is_due();
    // What is looked up lies far back and was published before: no sync for each step of it.
    if (!has_news) return !walking_.empty();
    if (disk_ && crowds_.end() != log_.head() && !sync(*disk_)) {
        fan_out_.postpone(Clock::now() + kDiskPause);
        return false;
    }
    crowds_.set_end(log_.head());
    return true;
}

bool Publisher::sync(int disk) {
    if (fault_point("broker:sync") || !put_on_disk(disk)) {
        if (!std::exchange(disk_fails_, true)) {
            journal_.error("the history cannot be put on the disk: %s; the room waits",
                           std::strerror(errno));
        }
        log_.rewrite_unsynced();
        return false;
    }
    fault_point("broker:after-sync");
    count_step(counters_);
    if (std::exchange(disk_fails_, false)) journal_.info("the disk takes the history again");
    log_.note_synced();
    return true;
}

void Publisher::send() {
    // Flushing may read to the end of a link, and find one more question there.
    for (Link* const link : std::exchange(urgent_, {})) answer(*link, kEntriesAtOnce);
    std::size_t entries = kEntriesPerTurn;
    for (std::size_t left = walking_.size(); left > 0 && entries >= kCrowdEntriesAtOnce; --left) {
        Link& link = *walking_.front();
        walking_.pop_front();
        answer(link, entries);
        entries = std::min(entries, link.worker.reader.entries_left);
        if (link.is_open() && link.worker.reader.is_walking()) walking_.push_back(&link);
    }
    if (is_due()) fan_out();
}

// Until all of the answer is on its way, the worker may not ask again.
void Publisher::answer(Link& link, std::size_t entries) {
    fault_point("broker:before-answer");
    if (link.is_open()) flush(link, entries);
    const LogReader& reader = link.worker.reader;
    if (!reader.is_walking() || !reader.owes_answer()) Sessions::answered(link.worker);
    fault_point("broker:after-answer");
}

void Publisher::fan_out() {
    const Moment begin = Clock::now();
    const Position end = crowds_.end();
    std::size_t sent = 0;
    fault_point("broker:before-fan-out");
    links_.for_each_open([&](Link& link) {
        const LogReader& reader = link.worker.reader;
        const bool has_to_wait = reader.is_blocked() || reader.is_walking();
        const bool lacks_some = !has_to_wait && reader.is_behind(end);
        if (lacks_some) flush(link);
        sent += lacks_some;
        fault_point("broker:in-fan-out");
    });
    fault_point("broker:after-fan-out");
    crowds_.note_fan_out(end);
    const Moment now = Clock::now();
    if (sent != 0) CHATD_TRACE("fans out in %ld us; workers: %zu", (now - begin) / 1us, sent);
    fan_out_.finished(end, begin, now);
    count_fan_out(counters_, static_cast<std::uint64_t>((now - begin).count()));
}

void Publisher::flush(Link& link, std::size_t entries) {
    LogReader& reader = link.worker.reader;
    const bool was_blocked = reader.is_blocked();
    const bool was_walking = reader.is_walking();
    reader.entries_left = entries;
    const bool goes_on = link.flush(log_, crowds_, sessions_.standing_of(link.worker));
    count_flush(counters_, std::exchange(reader.delivered, 0), std::exchange(reader.skipped, 0));
    if (!goes_on) {
        links_.read_to_the_end(link);
        return links_.close(link);
    }
    if (reader.is_walking() && !was_walking) walking_.push_back(&link);
    // While a worker does not read, the broker does not read its requests either, so nothing
    // accumulates here.
    if (reader.is_blocked() != was_blocked) {
        links_.wait_for(link, reader.is_blocked() ? EPOLLOUT : EPOLLIN);
    }
}

void Publisher::dismiss(Link& link) {
    (void)link.flush(log_, crowds_, {.name = {}, .acked = kNoLongerMember});
}

}  // namespace chatd
