#include "log/reader.h"

#include <algorithm>
#include <utility>

#include "base/bounds.h"
#include "base/check.h"

namespace chatd {
namespace {

bool is_read(const Entry& entry, std::uint64_t session, Reading reading) {
    return reading == Reading::Live ? is_for(entry, session) : is_replayed_for(entry, session);
}

std::size_t collect_all(const Log& log, Position* from, Position to, std::span<Piece> pieces) {
    CHATD_CHECK(pieces.size() >= 2);
    std::size_t filled = 0;
    for (const Piece& run : log.runs(*from, to)) {
        if (!run.bytes.empty()) pieces[filled++] = run;
    }
    *from = to;
    return filled;
}

}  // namespace

std::size_t collect_pieces(const Log& log, Position* from, Position to, std::uint64_t session,
                           Reading reading, std::span<Piece> pieces, std::size_t& entries) {
    // Usually the stretch has no private entry and can be sent whole.
    if (reading == Reading::Live && *from >= log.private_end()) {
        return collect_all(log, from, to, pieces);
    }
    std::size_t filled = 0;
    while (*from < to) {
        if (entries == 0) return filled;
        --entries;
        const LogEntry found = log.entry_at(*from);
        if (found.at >= to) {  // Only the pad before that entry lay in between.
            *from = to;
            break;
        }
        if (is_read(found.entry, session, reading)) {
            const std::string_view bytes = found.frame.bytes;
            Piece* const last = filled == 0 ? nullptr : &pieces[filled - 1];
            if (last != nullptr && last->bytes.data() + last->bytes.size() == bytes.data()) {
                last->bytes = {last->bytes.data(), last->bytes.size() + bytes.size()};
            } else if (filled < pieces.size()) {
                pieces[filled++] = {found.at, bytes};
            } else {
                return filled;
            }
        }
        *from = found.next;
    }
    return filled;
}

Cut cut_pieces(std::span<const Piece> pieces, std::size_t bytes) {
    while (!pieces.empty() && bytes >= pieces.front().bytes.size()) {
        bytes -= pieces.front().bytes.size();
        pieces = pieces.subspan(1);
    }
    CHATD_CHECK(!pieces.empty());
    std::string_view left = pieces.front().bytes;
    Position next = pieces.front().at;
    while (bytes > 0) {
        FrameHeader header;
        std::memcpy(&header, left.data(), sizeof header);
        next += header.bytes;
        if (bytes < header.bytes) return {next, left.substr(bytes, header.bytes - bytes)};
        bytes -= header.bytes;
        left.remove_prefix(header.bytes);
    }
    return {next, {}};
}

void LogReader::start(const Log& log, std::uint64_t session, Position position,
                      std::uint64_t messages, const Standing& standing) {
    session_ = session;
    at_ = position;
    const std::uint64_t said = log.messages_before(at_);
    messages_ = std::min(messages, said);
    if (messages_ < said) miss(said, standing);
}

// Tells the member that it will not see what was said up to here.
void LogReader::miss(std::uint64_t messages, const Standing& standing) {
    append_frame(replies, Gap{.messages = messages - messages_, .acked = standing.acked},
                 standing.name);
    skipped += messages - messages_;
    messages_ = messages;
}

bool LogReader::is_behind(Position end) const {
    return owes_answer() || (session_ != 0 && at_ < std::min(end, end_));
}

bool LogReader::flush(const Log& log, Crowds& crowds, const Standing& standing, const Send& send) {
    blocked_ = walking_ = gone_ = false;
    for (;;) {
        const bool all_sent = send_replies(send) && (!lookup_ || look_up(log, send)) &&
                              (!replaying_ || send_replay(log, send)) &&
                              (session_ == 0 || send_live(log, crowds, standing, send));
        if (!all_sent || !question_) return !gone_;
        begin_lookup(log, at_, question_->messages, question_->now_ms);
        question_.reset();
    }
}

bool LogReader::send_replies(const Send& send) {
    if (replies.empty()) return true;
    const Piece all{0, replies};
    replies.erase(0, send_pieces({&all, 1}, send));
    if (replies.empty() && replies.capacity() > kEmptyBufferBytesMax) replies = {};
    return replies.empty();
}

bool LogReader::send_live(const Log& log, Crowds& crowds, const Standing& standing,
                          const Send& send) {
    if (at_ < log.tail()) {
        at_ = log.tail();
        miss(log.messages_before(at_), standing);
        if (!send_replies(send)) return false;
    }
    const Position end = std::min(crowds.end(), end_);
    bool all_sent = false;
    if (takes_crowds_) {
        const bool is_member = standing.acked != kNoLongerMember;
        all_sent = send_crowds(log, crowds, end, is_member, send);
    } else {
        all_sent = send_log(log, Reading::Live, at_, end, send);
    }
    if (gone_) return false;
    const std::uint64_t before = std::exchange(messages_, log.messages_before(at_));
    delivered += messages_ - before;
    return all_sent;
}

// Sends the log with a Crowd frame in the place of each crowd.
bool LogReader::send_crowds(const Log& log, Crowds& crowds, Position end, bool is_member,
                            const Send& send) {
    while (at_ < end) {
        const std::size_t entries = crowds.entries_from(at_);
        walking_ = entries > entries_left;
        if (walking_) return false;
        entries_left -= entries;
        // A member that has left reads its own Leave among what happened, so its crowds differ.
        CrowdsFound own;
        if (!is_member) own = crowds_between(log, at_, end, session_);
        const CrowdsFound& found = is_member ? crowds.from(at_) : own;
        for (const CrowdStretch& crowd : found.crowds) {
            if (!send_log(log, Reading::Live, at_, crowd.begin, send)) return false;
            replies = crowd.frame;
            at_ = crowd.end;
            if (!send_replies(send)) return false;
        }
        if (!send_log(log, Reading::Live, at_, std::min(found.end, end), send)) return false;
    }
    return true;
}

// A frame that goes out in part is finished from `replies`, because the log may have dropped it
// before the other end reads on.
bool LogReader::send_log(const Log& log, Reading reading, Position& at, Position end,
                         const Send& send) {
    std::array<Piece, kPiecesMax> pieces;
    while (at < end) {
        Position next = at;
        const std::size_t count =
            collect_pieces(log, &next, end, session_, reading, pieces, entries_left);
        const std::span<const Piece> filled(pieces.data(), count);
        const std::size_t sent = count == 0 ? 0 : send_pieces(filled, send);
        if (gone_) return false;
        if (blocked_) {
            const Cut taken = cut_pieces(filled, sent);
            at = taken.next;
            replies.assign(taken.rest);
            return false;
        }
        at = next;
        walking_ = count == 0 && at < end;
        if (walking_) return false;
    }
    return true;
}

// Returns how many bytes the other end took.
std::size_t LogReader::send_pieces(std::span<const Piece> pieces, const Send& send) {
    std::size_t bytes = 0;
    for (const Piece& piece : pieces) bytes += piece.bytes.size();
    const std::optional<std::size_t> sent = send(pieces);
    gone_ = !sent;
    blocked_ = sent && *sent < bytes;
    return sent.value_or(0);
}

}  // namespace chatd
