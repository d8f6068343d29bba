// The uplink: what the worker says to the broker, so that each request of the client takes effect
// exactly once, whatever breaks or dies. Requests are numbered and kept until the log has them.
// Over a new link the worker resumes where it was: it sends the kept requests again, in order, and
// then its open question.
//
// This file must never show anything to the client, and before the broker's Welcome it must send
// nothing but Attach.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "protocol/describe.h"

namespace chatd {

class Uplink {
  public:
    // birth_ns: when the worker was forked. peer: the client's, at most kPeerBytesMax.
    Uplink(std::uint64_t birth_ns, std::string peer)
        : birth_ns_(birth_ns), peer_(std::move(peer)) {}

    // The frames to send over the link; the caller sends and erases them. Empty without a link.
    std::string frames;

    // --- What the client asks for

    // Requests from now on are made by this line of the client, which take_made() tells once the
    // log has them. 0: nobody wants to know.
    void made_by(std::uint64_t line) { line_ = line; }

    // Numbers a request, sends it if the worker is welcomed, and keeps it until the log has it,
    // because a broker may die with it. text: clean.
    void post(EntryKind kind, std::string_view name, std::string_view text,
              LeaveReason reason = LeaveReason::Quit);

    // Asks AskWho or AskReplay. Nothing may follow until the answer is done: see is_busy().
    template <class Question>
    void ask(const Question& question, std::string_view name = {}) {
        question_.clear();
        append_frame(question_, question, name);
        if (is_welcomed()) queue(question_);
    }

    // The next request has to wait: a question is open, or too much is not acknowledged.
    [[nodiscard]] bool is_busy() const {
        return !question_.empty() || unacked_bytes_ >= kUnackedBytesMax;
    }
    [[nodiscard]] bool has_question() const { return !question_.empty() && !newcomer_; }
    [[nodiscard]] bool is_all_acknowledged() const { return unacked_.empty(); }
    [[nodiscard]] std::uint64_t last_counter() const { return counter_; }  // 0: no request yet

    // --- The link

    // Asks the room to let the worker in, or back in. name: the member's name, or the name that the
    // client wants; attach() tries another one, and does nothing without a link.
    void link_opened(std::string_view name);
    void attach(std::string_view name);
    // Forgets frames and the begun answer: requests and the question go out over the next link.
    void link_closed() {
        link_ = Link::None;
        frames.clear();
        answer_.clear();
    }
    [[nodiscard]] bool is_linked() const { return link_ != Link::None; }
    [[nodiscard]] bool is_welcomed() const { return link_ == Link::Welcomed; }
    // Something is asked of the broker: a worker that wants a link should get a frame soon.
    [[nodiscard]] bool waits_for_broker() const {
        return !is_welcomed() || newcomer_ || !unacked_.empty() || !question_.empty();
    }

    // --- What the broker says

    // Sends what is kept. False: this is a second Welcome over one link, and nothing is sent.
    [[nodiscard]] bool welcomed(const Welcome& welcome);
    [[nodiscard]] std::uint64_t session() const { return session_; }  // 0: never welcomed

    // Notes how far the worker has read, which its next Attach says. An entry of the worker's own
    // and a Gap acknowledge requests. New: not read before. Replayed: part of a replay. Seen: sent
    // again by a broker that restarts its answer.
    enum class Age : std::uint8_t { New, Replayed, Seen };
    [[nodiscard]] Age read(const Entry& entry);
    void read(const Crowd& crowd) { last_seq_ = crowd.last_seq; }
    void read(const Gap& gap) {
        last_messages_ += gap.messages;
        acknowledge(gap.acked);
    }

    // The line that made the request of this own entry, and the name that it had; forgets them. A
    // line of 0: nobody wanted to know.
    struct Made {
        std::uint64_t counter;
        std::uint64_t line;
        std::string name;
    };
    [[nodiscard]] Made take_made(std::uint64_t counter);

    // The answer, frame by frame. answer_is_done() drops it, and the question; but the first Done
    // ends what a newcomer is shown, which answers no question.
    void add_to_answer(const Frame& frame) { answer_.append(frame.bytes); }
    [[nodiscard]] std::string_view answer() const { return answer_; }
    void answer_is_done();

  private:
    enum class Link : std::uint8_t { None, Open, Welcomed };

    void acknowledge(std::uint64_t counter);
    void queue(std::string_view request) {  // or the question
        trace_frames("sends to the broker", request);
        frames.append(request);
    }

    std::uint64_t birth_ns_;
    std::string peer_;
    Link link_ = Link::None;
    bool newcomer_ = true;  // not everything that a newcomer is shown has come
    std::uint64_t session_ = 0;
    std::uint64_t last_seq_ = 0;       // of the last entry that was read live
    std::uint64_t last_messages_ = 0;  // Entry::messages of that entry
    std::uint64_t replay_seq_ = 0;     // of the last entry that was read as past

    std::uint64_t counter_ = 0;        // of the last request
    std::deque<std::string> unacked_;  // requests that the log may not have; the last is counter_
    std::size_t unacked_bytes_ = 0;
    std::uint64_t line_ = 0;
    std::vector<Made> made_;  // requests whose entries were not read yet, by counter
    std::string question_;    // a frame; empty: none is open
    std::string answer_;
};

}  // namespace chatd
