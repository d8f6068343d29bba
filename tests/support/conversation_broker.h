// A broker without sockets, for one conversation: a room of the client and of bob, small enough to
// be seen through. It does its work, and has bad luck when the test says so.
//
// It throws when the conversation sends what an honest worker may not send now.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/frame.h"
#include "support/conversation_client.h"
#include "support/where.h"
#include "worker/conversation.h"

namespace chatd::test {

class ConversationBroker {
  public:
    // `conversation` must outlive this.
    explicit ConversationBroker(Conversation& conversation) : conversation_(conversation) {}

    [[nodiscard]] bool linked() const { return linked_; }

    // The public messages and actions of the client, as far as they are in the log.
    [[nodiscard]] const Sent& said() const { return said_; }

    void open_link();
    void break_link();

    // Takes what the conversation has to send. It lies unread until read().
    void receive(Where where = Where::here());
    void read(bool name_is_taken, Where where = Where::here());

    // Dies of the next request, if there is one, and its successor refuses that request.
    void read_and_die(Where where = Where::here());

    // Hands over the next frame. False: there is none.
    bool deliver(Where where = Where::here());

    // The log overtakes the reader.
    void overtake();

    // --- What others do

    void bob(EntryKind kind, std::string_view text);
    void close_room();

  private:
    template <class Body>
    void reply(const Body& body, std::string_view name = {}, std::string_view text = {}) {
        append_frame(replies_.emplace_back(), body, name, text);
    }

    [[nodiscard]] Entry entry(EntryKind kind, std::uint64_t from) const;
    void append(const Entry& entry, std::string_view name, std::string_view text);
    void handle(const Frame& frame, bool name_is_taken);
    void attach(const Frame& frame, bool name_is_taken);
    void post(const Post& request, std::string_view name, std::string_view text);
    void say(const Entry& own, std::string_view text);
    void tell(Entry own, std::string_view to, std::string_view text);
    void rename(const Entry& own, std::string_view name);
    void leave(Entry own, LeaveReason reason, std::string_view words);
    void refuse(Entry own, Refusal reason);

    Conversation& conversation_;
    bool linked_ = false;
    bool attached_ = false;  // on this link
    bool joined_ = false;
    bool left_ = false;
    std::string name_;
    std::uint64_t counter_ = 0;  // of the last request in the log
    std::uint64_t sent_ = 0;     // of the last request on this link
    std::string inbox_;
    std::deque<std::string> replies_;
    std::vector<std::string> log_;
    std::size_t at_ = 0;  // entries of the log that the reader has
    Sent said_;
};

}  // namespace chatd::test
