#include "broker/link.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/bounds.h"
#include "base/fault.h"
#include "sys/clock.h"

namespace chatd {
namespace {

// Runs of the log in one sendmsg. More than two only when private entries lie in between.
constexpr std::size_t kPiecesPerSend = 32;

std::size_t bytes_of(std::span<const Piece> pieces) {
    std::size_t bytes = 0;
    for (const Piece& piece : pieces) bytes += piece.bytes.size();
    return bytes;
}

IoResult send_pieces(int fd, std::span<const Piece> pieces) {
    if (pieces.size() == 1) return send_some(fd, pieces[0].bytes);
    std::array<iovec, kPiecesPerSend> vectors;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        // sendmsg(2) only reads; its struct has no const.
        vectors[i] = {const_cast<char*>(pieces[i].bytes.data()), pieces[i].bytes.size()};
    }
    return send_some(fd, std::span(vectors).first(pieces.size()));
}

}  // namespace

bool Link::read(std::span<char> buffer, const std::function<bool(const Frame&)>& take) {
    const IoResult got = receive(fd(), buffer);
    if (got.status != IoStatus::Done) return got.status == IoStatus::WouldBlock;
    return frames_.read({buffer.data(), got.bytes}, take);
}

void Link::start(const Log& log, Position position, std::uint64_t messages,
                 const Standing& standing) {
    at_ = position;
    const std::uint64_t said = log.messages_before(at_);
    messages_ = std::min(messages, said);
    if (messages_ < said) miss(said, standing);
}

// Tells the reader that it will not see what was said up to here.
void Link::miss(std::uint64_t messages, const Standing& standing) {
    append_frame(replies, Gap{messages - messages_, standing.acked}, standing.name);
    skipped += messages - messages_;
    messages_ = messages;
}

void Link::replay(const Log& log, Position came, std::uint32_t messages) {
    replaying_ = true;
    replay_at_ = log.last_messages(came, messages, session).begin;
    replay_end_ = came;
}

void Link::answer_replay(const Log& log) {
    const std::uint32_t messages = *std::exchange(replay_asked_, std::nullopt);
    const std::uint32_t found = log.last_messages(at_, messages, session).messages;
    append_frame(replies, Replay{wall_ms(), found, 0});
    replay(log, at_, messages);
}

bool Link::behind(Position end) const {
    return !replies.empty() || replaying_ || replay_asked_ ||
           (session != 0 && at_ < std::min(end, end_));
}

bool Link::flush(const Log& log, Crowds& crowds, const Standing& standing) {
    blocked_ = false;
    for (;;) {
        if (!send_replies()) return false;
        if (replaying_ && !blocked_ && !send_replay(log)) return false;
        if (session != 0 && !blocked_ && !send_live(log, crowds, standing)) return false;
        if (blocked_ || !replay_asked_) return true;
        answer_replay(log);
    }
}

bool Link::send_live(const Log& log, Crowds& crowds, const Standing& standing) {
    if (at_ < log.tail()) {
        at_ = log.tail();
        miss(log.messages_before(at_), standing);
        if (!send_replies()) return false;
        if (blocked_) return true;
    }
    const Position end = std::min(crowds.end(), end_);
    if (takes_crowds && at_ < end) {
        // Who has left reads its own leaving among what happened, and nobody else does.
        const bool is_member = standing.acked != kNoLongerMember;
        if (!(is_member ? send_crowds(log, crowds.from(at_))
                        : send_crowds(log, crowds_between(log, at_, end, session)))) {
            return false;
        }
    }
    if (!blocked_ && !send_log(log, Reading::Live, at_, end)) return false;
    const std::uint64_t before = std::exchange(messages_, log.messages_before(at_));
    delivered += messages_ - before;
    return true;
}

// Up to the end of the last one.
bool Link::send_crowds(const Log& log, std::span<const CrowdStretch> crowds) {
    for (const CrowdStretch& crowd : crowds) {
        if (!send_log(log, Reading::Live, at_, crowd.begin)) return false;
        if (blocked_) return true;
        replies = crowd.frame;
        at_ = crowd.end;
        if (!send_replies()) return false;
        if (blocked_) return true;
    }
    return true;
}

bool Link::send_replies() {
    if (replies.empty()) return true;
    const IoStatus status = send_from(fd(), replies);
    blocked_ = status == IoStatus::WouldBlock;
    if (replies.empty() && replies.capacity() > kIdleBufferBytes) replies = {};
    return status != IoStatus::Closed;
}

bool Link::send_replay(const Log& log) {
    fault_point("broker:before-replay");
    replay_at_ = std::max(replay_at_, log.tail());
    if (!send_log(log, Reading::Replay, replay_at_, replay_end_)) return false;
    if (blocked_) return true;
    replaying_ = false;
    fault_point("broker:in-replay");
    append_frame(replies, Done{});
    return send_replies();
}

// A frame that goes out in part is finished from `replies`: the log may be gone from under it by
// the time the worker has read.
bool Link::send_log(const Log& log, Reading reading, Position& at, Position end) {
    std::array<Piece, kPiecesPerSend> pieces;
    while (at < end) {
        Position next = at;
        const std::size_t count = log.collect(&next, end, session, reading, pieces);
        const std::span<const Piece> filled(pieces.data(), count);
        if (count != 0) {
            const IoResult sent = send_pieces(fd(), filled);
            if (sent.status == IoStatus::Closed) return false;
            if (sent.bytes < bytes_of(filled)) {
                const Log::Cut cut = Log::cut(filled, sent.bytes);
                at = cut.next;
                replies.assign(cut.rest);
                blocked_ = true;
                return true;
            }
        }
        at = next;
    }
    return true;
}

}  // namespace chatd
