// The worker's link to the lookout. It is there only while the client waits for an answer, and must
// never hold up anything else that the worker does.
#pragma once

#include <poll.h>

#include <span>

#include "protocol/frame.h"
#include "sys/fd.h"
#include "worker/conversation.h"

namespace chatd {

class LookoutLink {
  public:
    // place: where the lookout listens, see LocalListener::place(). The conversation outlives this
    // object.
    LookoutLink(int place, Conversation& conversation)
        : place_(place), conversation_(conversation) {}

    // Asks what the conversation wants to know, or gives up when the lookout is silent.
    void turn();

    [[nodiscard]] pollfd poll() const { return {fd_.get(), POLLIN, 0}; }
    [[nodiscard]] Deadline wake_at() const { return silent_at_; }

    // Reads what has come. client, link: the worker's other sockets, of which the answer tells; the
    // link may be -1.
    void read(std::span<char> buffer, int client, int link);

  private:
    void ask();
    void give_up();
    void close();

    int place_;
    Conversation& conversation_;
    UniqueFd fd_;
    FrameReader reader_;
    Deadline silent_at_;  // none: nothing is asked
};

}  // namespace chatd
