#include "worker/introduction.h"

#include <array>

#include "sys/local.h"

namespace chatd {

void Introduction::turn() {
    if (!parent_.valid() || was_made_) return;
    const std::string_view address = conversation_.introduces();
    if (address.empty()) {
        if (conversation_.wants_link()) parent_.reset();
        return;
    }
    was_made_ = true;
    // When memory is short in the parent, read() finds the link closed: the client is told to come
    // again.
    (void)send_some(parent_.get(), address);
}

void Introduction::read(std::string& peer) {
    const UniqueFd file = receive_descriptor(parent_.get());
    if (conversation_.end()) return parent_.reset();
    if (file.valid()) {
        peer = conversation_.introduces();
        conversation_.introduced(map_share_(file.get()));
    } else {
        std::array<char, 512> line;
        const IoResult got = receive(parent_.get(), line);
        conversation_.turned_away({line.data(), got.bytes});
    }
    parent_.reset();
}

}  // namespace chatd
