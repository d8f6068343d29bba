#include "broker/links.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/bounds.h"
#include "base/check.h"
#include "base/fault.h"
#include "base/trace.h"
#include "sys/clock.h"
#include "sys/local.h"

namespace chatd {
namespace {

IoResult send_pieces(int fd, std::span<const Piece> pieces) {
    if (pieces.size() == 1) return send_some(fd, pieces[0].bytes);
    CHATD_CHECK(pieces.size() <= kPiecesMax);
    std::array<iovec, kPiecesMax> vectors;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        // sendmsg(2) only reads; its struct has no const.
        vectors[i] = {const_cast<char*>(pieces[i].bytes.data()), pieces[i].bytes.size()};
    }
    return send_some(fd, std::span(vectors).first(pieces.size()));
}

}  // namespace

// --- One worker ----------------------------------------------------------------------------------

bool Link::read(std::span<char> buffer, const std::function<bool(const Frame&)>& take) {
    const IoResult got = receive(fd(), buffer);
    if (got.status != IoStatus::Done) return got.status == IoStatus::WouldBlock;
    return frames_.read({buffer.data(), got.bytes}, take);
}

bool Link::flush(const Log& log, Crowds& crowds, const LogReader::Standing& standing) {
    const auto send = [this](std::span<const Piece> pieces) -> std::optional<std::size_t> {
        CHATD_TRACE("sends to worker %d: %zu bytes", worker.process.pid, bytes_of(pieces));
        const IoResult sent = send_pieces(fd(), pieces);
        if (sent.status == IoStatus::Closed) return std::nullopt;
        return sent.bytes;
    };
    return worker.reader.flush(log, crowds, standing, send);
}

// --- All workers ---------------------------------------------------------------------------------

Links::Links(int listener, int parent, int births, Poller& poller, Journal& journal, Handle handle)
    : listener_(listener),
      parent_(parent),
      births_(births),
      poller_(poller),
      journal_(journal),
      handle_(std::move(handle)) {
    watch_listener();
    CHATD_CHECK(poller_.add(parent_, EPOLLIN, kParent) && poller_.add(births_, EPOLLIN, kBirths));
}

void Links::watch_listener() {
    CHATD_CHECK(poller_.add(listener_, EPOLLIN, kListener));
}

void Links::accept(const std::function<void(UniqueFd, pid_t)>& take) {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        UniqueFd fd(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd.valid()) {
            if (const auto pid = peer_pid(fd.get())) {
                CHATD_TRACE("accepts the link of process %d", *pid);
                take(std::move(fd), *pid);
            } else {
                journal_.warning("somebody else connected to our socket");
            }
        } else if (is_shortage(errno)) {
            return rest(errno);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

void Links::rest(int error) {
    if (rest_.is_on()) return;
    if (!std::exchange(is_short_, true)) {
        journal_.warning("accept: %s; new workers wait", std::strerror(error));
    }
    rest_.begin(Clock::now());
    poller_.remove(listener_);
}

void Links::add(UniqueFd fd, WorkerState connected) {
    if (std::exchange(is_short_, false)) journal_.info("new workers come in again");
    if (free_ids_.empty()) {
        free_ids_.push_back(kFirstLink + links_.size());
        links_.emplace_back();
    }
    const std::uint64_t id = free_ids_.back();
    free_ids_.pop_back();
    auto& place = links_[id - kFirstLink];
    place = std::make_unique<Link>(std::move(fd), id, std::move(connected));
    const bool is_new = by_pid_.emplace(place->worker.process.pid, place.get()).second;
    CHATD_CHECK(is_new);
    if (!poller_.add(place->fd(), EPOLLIN, id)) place->fd_.reset();
}

void Links::keep_waiting(UniqueFd fd, pid_t pid) {
    if (strangers_.size() == kStrangersMax) {
        journal_.warning("no worker of ours, and turned away: pid %d", strangers_.front().pid);
        strangers_.erase(strangers_.begin());
    }
    strangers_.push_back({std::move(fd), pid, steady_ns()});
}

// Before it was born, another process may have had its pid and connected.
UniqueFd Links::take_waiting(pid_t pid, std::uint64_t birth_ns) {
    UniqueFd waiting;
    std::erase_if(strangers_, [&](Stranger& stranger) {
        if (stranger.pid != pid) return false;
        if (stranger.since_ns >= birth_ns) waiting = std::move(stranger.fd);
        return true;
    });
    return waiting;
}

Link* Links::by_pid(pid_t pid) const {
    const auto found = by_pid_.find(pid);
    return found == by_pid_.end() ? nullptr : found->second;
}

void Links::read(Link& link) {
    now_ = {Clock::now(), wall_ms()};
    // Two pointers fit into a std::function without an allocation; a time would not.
    const auto take = [this, &link](const Frame& frame) { return handle_(link, frame, now_); };
    if (!link.read(buffer_, take)) close(link);
}

void Links::read_to_the_end(Link& link) {
    (void)::shutdown(link.fd(), SHUT_RD);  // What is there can be read; no more can come.
    std::array<char, 1> probe;
    while (link.is_open() && peek(link.fd(), probe).status != IoStatus::WouldBlock) read(link);
}

void Links::close(Link& link) {
    if (!link.is_open()) return;
    poller_.remove(link.fd());
    link.fd_.reset();
    if (!rest_.is_on()) return;
    rest_.end();
    watch_listener();
}

void Links::forget(Link& link) {
    by_pid_.erase(link.worker.process.pid);
    forgotten_.push_back(link.id());
}

void Links::turn(Moment now) {
    if (rest_.ends_now(now)) watch_listener();
    for (const std::uint64_t id : std::exchange(forgotten_, {})) {
        links_[id - kFirstLink].reset();
        free_ids_.push_back(id);
    }
}

// --- The parent ----------------------------------------------------------------------------------

// `obey` may use the buffer itself, so what came is copied.
bool Links::read_parent(const std::function<void(const Frame&)>& obey) {
    const IoResult got = peek(parent_, buffer_);
    if (got.status != IoStatus::Done) {
        read_births(obey);
        return got.status == IoStatus::WouldBlock;
    }
    const std::string received(buffer_.data(), got.bytes);
    read_births(obey);
    std::string_view rest = received;
    Frame frame{};
    FrameStatus status;
    while ((status = take_frame(rest, frame)) == FrameStatus::Whole) obey(frame);
    CHATD_CHECK(status == FrameStatus::Partial);
    fault_point("broker:after-control");
    const std::size_t handled = received.size() - rest.size();
    const IoResult taken = receive(parent_, std::span(buffer_).first(handled));
    CHATD_CHECK(handled == 0 || taken.bytes == handled);
    taken_from_parent_ += handled;
    return true;
}

void Links::read_births(const std::function<void(const Frame&)>& obey) {
    std::array<char, kReadBytes> buffer;
    const auto take = [&obey](const Frame& frame) {
        obey(frame);
        return true;
    };
    for (IoResult got; (got = receive(births_, buffer)).status == IoStatus::Done;) {
        CHATD_CHECK(birth_frames_.read({buffer.data(), got.bytes}, take));
    }
}

}  // namespace chatd
