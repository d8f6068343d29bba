#include "worker/uplink.h"

namespace chatd {

void Uplink::post(EntryKind kind, std::string_view name, std::string_view text,
                  LeaveReason reason) {
    std::string& frame = unacked_.emplace_back();
    append_frame(frame, Post{.counter = ++counter_, .kind = kind, .reason = reason}, name, text);
    unacked_bytes_ += frame.size();
    // Gaps may have hidden the entries of the oldest.
    if (made_.size() >= kRequestsSavedUp) made_.erase(made_.begin());
    const bool is_asked_for = line_ != 0 || kind == EntryKind::Tell;
    if (is_asked_for) made_.push_back({counter_, line_, std::string(name)});
    if (is_welcomed()) queue(frame);
}

void Uplink::acknowledge(std::uint64_t counter) {
    // The oldest kept request has the number counter_ - unacked_.size() + 1.
    while (!unacked_.empty() && counter_ - unacked_.size() < counter) {
        CHATD_TRACE("the log has request %zu", counter_ - unacked_.size() + 1);
        unacked_bytes_ -= unacked_.front().size();
        unacked_.pop_front();
    }
}

void Uplink::link_opened(std::string_view name) {
    link_ = Link::Open;
    frames.clear();
    attach(name);
}

void Uplink::attach(std::string_view name) {
    if (!is_linked()) return;
    append_frame(frames,
                 Attach{.birth_ns = birth_ns_,
                        .session = session_,
                        .last_seq = last_seq_,
                        .messages = last_messages_,
                        .newcomer = newcomer_ ? 1U : 0U,
                        .crowds = 1},
                 name, peer_);
    trace_frames("sends to the broker", frames);  // Nothing else may be sent before the Welcome.
}

bool Uplink::welcomed(const Welcome& welcome) {
    if (is_welcomed()) return false;
    link_ = Link::Welcomed;
    if (session_ == 0) {
        session_ = last_seq_ = welcome.session;  // the sequence number of the worker's Join
        last_messages_ = welcome.messages;
    }
    acknowledge(welcome.acked);
    for (const std::string& request : unacked_) queue(request);
    queue(question_);
    return true;
}

Uplink::Age Uplink::read(const Entry& entry) {
    if (entry.seq > last_seq_) {
        last_seq_ = entry.seq;
        last_messages_ = entry.messages;
        if (entry.from == session_) acknowledge(entry.counter);
        return Age::New;
    }
    if (entry.seq <= replay_seq_) return Age::Seen;
    replay_seq_ = entry.seq;
    return Age::Replayed;
}

Uplink::Made Uplink::take_made(std::uint64_t counter) {
    Made made{};
    // A gap may have hidden the entries of earlier requests.
    while (!made_.empty() && made_.front().counter <= counter) {
        if (made_.front().counter == counter) made = std::move(made_.front());
        made_.erase(made_.begin());
    }
    return made;
}

void Uplink::answer_is_done() {
    answer_ = {};  // gives back the memory
    replay_seq_ = 0;
    // A newcomer is shown the past before any question is answered.
    if (!std::exchange(newcomer_, false)) question_.clear();
}

}  // namespace chatd
