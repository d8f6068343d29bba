#include "parent/introductions.h"

#include <array>
#include <cerrno>
#include <utility>

#include "sys/local.h"

namespace chatd {

UniqueFd Introductions::open() {
    errno = EMFILE;
    if (links_.size() >= kIntroductionsMax) return {};
    SocketPair pair = try_socket_pair();
    if (pair.first.valid()) links_.push_back({-1, std::move(pair.first)});
    return std::move(pair.second);
}

void Introductions::forked(pid_t pid) {
    links_.back().pid = pid;
    if (pid < 0) links_.pop_back();
}

void Introductions::append_polls(std::vector<pollfd>& polls) const {
    for (const IntroductionLink& link : links_) polls.push_back({link.fd.get(), POLLIN, 0});
}

void Introductions::turn(const Introduce& introduce) {
    for (std::size_t i = 0; i < links_.size();) {
        std::array<char, kPeerBytesMax> text;
        const IoResult got = receive(links_[i].fd.get(), text);
        if (got.status == IoStatus::WouldBlock) {
            ++i;
            continue;
        }
        // The link is taken off first: its worker has an end of it also when memory is short now.
        std::swap(links_[i], links_.back());
        const IntroductionLink link = std::move(links_.back());
        links_.pop_back();
        if (got.status != IoStatus::Done) continue;
        introduce(link.pid, std::string(text.data(), got.bytes), link.fd.get());
    }
}

void Introductions::admit(int link, int budget_file) {
    (void)send_descriptor(link, budget_file);  // It fails when the worker has ended.
}

// The first byte stands where that of a descriptor would.
void Introductions::turn_away(int link, std::string_view line) {
    (void)send_some(link, '\n' + std::string(line));  // as above
}

}  // namespace chatd
