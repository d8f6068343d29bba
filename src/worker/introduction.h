// The introduction: the worker of a client that came through a trusted proxy tells the parent who
// the client is, as the proxy says in the request, and waits until the parent has looked at the
// limits of that address. It must never say more than that.
#pragma once

#include <poll.h>

#include <functional>
#include <string>

#include "sys/fd.h"
#include "worker/conversation.h"

namespace chatd {

class Introduction {
  public:
    // parent: the link, see parent/introductions; invalid: there is no proxy. map_share: what is in
    // the file that comes over the link. The conversation outlives this object.
    Introduction(UniqueFd parent, std::function<AddressShare(int file)> map_share,
                 Conversation& conversation)
        : parent_(std::move(parent)),
          map_share_(std::move(map_share)),
          conversation_(conversation) {}

    // Introduces the client once the conversation knows who it is. A client that joins in another
    // way needs no introduction.
    void turn();

    [[nodiscard]] pollfd poll() const { return {was_made_ ? parent_.get() : -1, POLLIN, 0}; }

    // Reads the answer. If the client is welcome, it becomes `peer`.
    void read(std::string& peer);

  private:
    UniqueFd parent_;
    std::function<AddressShare(int file)> map_share_;
    Conversation& conversation_;
    bool was_made_ = false;
};

}  // namespace chatd
