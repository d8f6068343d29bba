#include "parent/introductions.h"

#include <algorithm>
#include <array>

#include "base/bounds.h"
#include "sys/local.h"

namespace chatd {

UniqueFd Introductions::open() {
    SocketPair pair = make_socket_pair();
    links_.push_back({-1, std::move(pair.first)});
    return std::move(pair.second);
}

void Introductions::forked(pid_t pid) {
    links_.back().pid = pid;
    if (pid < 0) links_.pop_back();
}

void Introductions::append_polls(std::vector<pollfd>& polls) const {
    for (const Link& link : links_) polls.push_back({link.fd.get(), POLLIN, 0});
}

void Introductions::turn(const Introduce& introduce) {
    std::erase_if(links_, [&](const Link& link) {
        std::array<char, kPeerBytesMax> text;
        const IoResult got = receive(link.fd.get(), text);
        if (got.status == IoStatus::WouldBlock) return false;
        if (got.status == IoStatus::Done) {
            introduce(link.pid, std::string(text.data(), got.bytes), link.fd.get());
        }
        return true;
    });
}

void Introductions::admit(int link, int budget_file) {
    (void)send_descriptor(link, budget_file);  // It fails when the worker has ended.
}

// The first byte stands where that of a descriptor would.
void Introductions::turn_away(int link, std::string_view line) {
    (void)send_some(link, '\n' + std::string(line));  // as above
}

}  // namespace chatd
