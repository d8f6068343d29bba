// A replay: what was said before is looked up, in the log and then in its archive, and sent.

#include "log/reader.h"

#include <algorithm>

#include "base/fault.h"

namespace chatd {

void LogReader::begin_lookup(const Log& log, Position end, std::uint32_t most,
                             std::optional<std::int64_t> now_ms) {
    const Log& archive = log.archive() == nullptr ? log : *log.archive();
    lookup_ = {log.search(end, most, session_), archive.search(archive.head(), 0, session_),
               log.seq_before(end), now_ms};
}

bool LogReader::look_up(const Log& log, const Send& send) {
    walking_ = !go_on(log);
    if (walking_) return false;
    const auto& [search, archived, last_seq, now_ms] = *lookup_;
    if (now_ms) {
        append_frame(replies,
                     Replay{.now_ms = *now_ms, .messages = search.messages + archived.messages});
    }
    replaying_ = true;
    replay_at_ = search.begin;
    replay_end_ = search.end;
    archive_at_ = archived.begin;
    archive_end_ = archived.end;
    replay_first_seq_ = search.first_seq;
    replay_last_seq_ = last_seq;
    lookup_.reset();
    return send_replies(send);
}

// True: the search is over, in the archive too.
bool LogReader::go_on(const Log& log) {
    Lookup& lookup = *lookup_;
    if (!log.go_on(lookup.search, entries_left)) return false;
    if (log.archive() == nullptr) return true;
    lookup.archived.most = lookup.search.most - lookup.search.messages;
    return log.archive()->go_on(lookup.archived, entries_left);
}

bool LogReader::send_replay(const Log& log, const Send& send) {
    fault_point("broker:before-replay");
    const Log* const archive = log.archive();
    if (archive != nullptr && !send_archived(log, *archive, send)) return false;
    replay_at_ = std::max(replay_at_, log.tail());
    if (!send_log(log, Reading::Replay, replay_at_, replay_end_, send)) return false;
    replaying_ = false;
    fault_point("broker:in-replay");
    append_frame(replies, Done{});
    return send_replies(send);
}

// What the log has let go since it was found is in the archive now. If it was sent from the log
// already, the worker knows it by its number.
bool LogReader::send_archived(const Log& log, const Log& archive, const Send& send) {
    if (replay_at_ < log.tail() && replay_first_seq_ != 0) {
        const bool begins_here = archive_at_ == archive_end_;
        if (begins_here) archive_at_ = archive.after_seq(replay_first_seq_ - 1);
        archive_end_ = archive.after_seq(replay_last_seq_);
    }
    archive_at_ = std::max(archive_at_, archive.tail());
    return send_log(archive, Reading::Replay, archive_at_, archive_end_, send);
}

}  // namespace chatd
