#include "load/swarm.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace chatd::test {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr std::size_t kEventsPerTurn = 512;

// One of so many clients checks the text of each line that it reads.
constexpr std::size_t kClientsPerCheck = 97;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// Returns true when `wanted` has come. Otherwise keeps in `tail` the bytes that may be its
// beginning.
bool found(std::string& tail, std::string_view bytes, std::string_view wanted) {
    tail.append(bytes);
    const std::size_t at = tail.find(wanted);
    if (at != std::string::npos) {
        tail.erase(0, at + wanted.size());
        return true;
    }
    if (tail.size() >= wanted.size()) tail.erase(0, tail.size() - wanted.size() + 1);
    return false;
}

std::uint64_t lines_in(std::string_view bytes) {
    std::uint64_t lines = 0;
    for (;;) {
        // At -O2 memchr(3) is twice as fast as std::count.
        const void* const end = std::memchr(bytes.data(), '\n', bytes.size());
        if (end == nullptr) return lines;
        ++lines;
        bytes.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(end) - bytes.data()) +
                            1);
    }
}

[[noreturn]] void fail(std::size_t number, const std::string& what) {
    throw std::runtime_error("client " + std::to_string(number) + ' ' + what);
}

}  // namespace

Swarm::Swarm(const Contender& contender, std::uint16_t port, std::size_t size_max)
    : contender_(contender),
      port_(port),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      events_(kEventsPerTurn),
      buffer_(kBufferBytes) {
    if (!epoll_.open()) throw system_error("epoll_create1");
    members_.reserve(size_max);
}

// --- Coming in -----------------------------------------------------------------------------------

Swarm::Entry Swarm::enter(const Arrival& arrival, Deadline deadline) {
    counting_ = false;
    first_answers_.clear();
    std::size_t to_come = arrival.count;
    const Deadline begin = Clock::now();
    while (to_come != 0 || entering_ != 0) {
        for (; to_come != 0 && entering_ < arrival.at_once; --to_come) connect_one();
        turn(deadline);
    }
    return {Clock::now() - begin, std::move(first_answers_)};
}

void Swarm::connect_one() {
    const std::size_t number = members_.size();
    Member& member = members_.emplace_back();
    ++entering_;
    member.fd = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!member.fd.open()) throw system_error("socket");
    // Without this a message waits until the one before it is acknowledged (RFC 896).
    const int on = 1;
    (void)::setsockopt(member.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    member.steps = contender_.entry(static_cast<std::uint32_t>(number));
    member.checks = number % kClientsPerCheck == 0;
    member.connected = Clock::now();
    const sockaddr_in address = loopback(port_);
    if (::connect(member.fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0 &&
        errno != EINPROGRESS) {
        throw system_error("connect");
    }
    const bool speaks_first = member.steps[0].wait_for.empty();
    watch(number, EPOLL_CTL_ADD, speaks_first ? EPOLLOUT : EPOLLIN);
}

void Swarm::watch(std::size_t number, int operation, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = number;
    if (::epoll_ctl(epoll_.get(), operation, members_[number].fd.get(), &event) != 0) {
        throw system_error("epoll_ctl");
    }
}

void Swarm::follow_entry(Member& member, std::string_view bytes) {
    while (member.step < member.steps.size()) {
        const Step& step = member.steps[member.step];
        if (!found(member.tail, bytes, step.wait_for)) return;
        bytes = {};
        const auto number = static_cast<std::size_t>(&member - members_.data());
        send(number, step.then_send);
        ++member.step;
    }
    member.steps = {};
    member.tail = {};
    --entering_;
}

// --- In and out ----------------------------------------------------------------------------------

void Swarm::turn(Deadline deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) throw std::runtime_error("not done in time");
    const int ready = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                   static_cast<int>(left));
    if (ready < 0 && errno != EINTR) throw system_error("epoll_wait");
    for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events_[static_cast<std::size_t>(i)];
        const auto number = static_cast<std::size_t>(event.data.u64);
        if ((event.events & EPOLLOUT) != 0) {
            watch(number, EPOLL_CTL_MOD, EPOLLIN);
            follow_entry(members_[number], {});
        } else {
            read(number);
        }
    }
}

void Swarm::read(std::size_t number) {
    Member& member = members_[number];
    if (member.stalled) return;
    const ssize_t bytes = ::recv(member.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (bytes > 0) return take(number, {buffer_.data(), static_cast<std::size_t>(bytes)});
    if (bytes == 0) fail(number, "was closed");
    if (errno != EAGAIN && errno != EINTR) throw system_error("recv");
}

void Swarm::take(std::size_t number, std::string_view bytes) {
    Member& member = members_[number];
    if (counting_) return count(number, bytes);
    if (!member.steps.empty()) {
        if (!member.answered) {
            member.answered = true;
            first_answers_.push_back(Clock::now() - member.connected);
        }
        return follow_entry(member, bytes);
    }
    look_for_wanted(member, bytes);
}

void Swarm::send(std::size_t number, std::string_view bytes) {
    const Deadline deadline = soon();
    while (!bytes.empty()) {
        const ssize_t sent =
            ::send(members_[number].fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN || errno == EINTR) {
            turn(deadline);  // The server may be waiting for us to read.
        } else {
            throw system_error("send");
        }
    }
}

// --- Settling ------------------------------------------------------------------------------------

// Two clients say something, and everybody reads it, these two clients as well. Then nothing older
// is on its way.
void Swarm::settle(Deadline deadline) {
    counting_ = false;
    window_.reset();
    be_heard(0, deadline);
    be_heard(1, deadline);
    counting_ = true;
    said_ = 0;
    lines_ = 0;
    for (Member& member : members_) {
        member.lines = 0;
        member.said = 0;
        member.tail.clear();
    }
    numbers_.assign(members_.size(), 0);
    heard_.assign(members_.size() / kClientsPerCheck + 1,
                  std::vector<std::uint32_t>(members_.size(), 0));
}

void Swarm::be_heard(std::size_t sender, Deadline deadline) {
    const std::string text = "settled " + std::to_string(++settled_) + '.';
    for (std::size_t i = 0; i < members_.size(); ++i) {
        Member& member = members_[i];
        if (member.stalled || (i == sender && !contender_.echoes)) continue;
        member.wanted = text;
        member.tail.clear();
        ++looking_;
    }
    send(sender, contender_.say(text));
    while (looking_ != 0) turn(deadline);
}

void Swarm::look_for_wanted(Member& member, std::string_view bytes) {
    if (member.wanted.empty() || !found(member.tail, bytes, member.wanted)) return;
    member.wanted = {};
    --looking_;
}

// --- Talking -------------------------------------------------------------------------------------

std::uint64_t Swarm::readers() const {
    return members_.size() - stalled_ - (contender_.echoes ? 0 : 1);
}

void Swarm::count(std::size_t number, std::string_view bytes) {
    Member& member = members_[number];
    const std::uint64_t lines = lines_in(bytes);
    member.lines += lines;
    lines_ += lines;
    if (window_ && member.listens) {
        window_->hear(member.heard, lines);
        member.heard += lines;
    }
    if (member.checks) check(number, bytes);
}

void Swarm::check(std::size_t number, std::string_view bytes) {
    Member& member = members_[number];
    member.tail.append(bytes);
    std::string_view rest = member.tail;
    for (std::size_t end; (end = rest.find('\n')) != std::string_view::npos;) {
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        const auto numbers = numbers_in(line);
        if (!numbers || numbers->sender >= members_.size()) {
            fail(number, "read: " + std::string(line));
        }
        std::uint32_t& last = heard_[number / kClientsPerCheck][numbers->sender];
        if (numbers->number != ++last) {
            fail(number, "read out of turn: " + std::string(line));
        }
    }
    member.tail.erase(0, member.tail.size() - rest.size());
}

void Swarm::begin(const Talk& talk) {
    const std::size_t readers = members_.size() - stalled_;
    if (talk.senders >= readers) throw std::invalid_argument("nobody would only listen");
    talk_ = talk;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        members_[i].heard = 0;
        members_[i].listens = i >= talk.senders && !members_[i].stalled;
    }
    window_.emplace(readers - talk.senders, talk.outstanding);
}

void Swarm::say(std::size_t count) {
    window_->say(count);
    const std::size_t speaking = std::min(count, talk_.senders);
    for (std::size_t i = 0; i < speaking; ++i) {
        const std::size_t sender = next_sender_++ % talk_.senders;
        const std::size_t share = count / speaking + (i < count % speaking ? 1 : 0);
        std::string lines;
        for (std::size_t line = 0; line < share; ++line) {
            lines += contender_.say(numbered_text(static_cast<std::uint32_t>(sender),
                                                  ++numbers_[sender], talk_.text_bytes));
        }
        members_[sender].said += share;
        said_ += share;
        send(sender, lines);
    }
}

std::uint64_t Swarm::talk_until(Deadline end) {
    const std::uint64_t before = lines_;
    Deadline patience = soon();
    std::uint64_t seen = lines_;
    while (Clock::now() < end) {
        if (const std::size_t room = window_->room(); room != 0) say(room);
        turn(patience);
        if (lines_ != seen) patience = soon();
        seen = lines_;
    }
    return lines_ - before;
}

Clock::duration Swarm::say_one(std::size_t sender, std::size_t text_bytes) {
    const std::uint64_t due = lines_ + readers();
    const std::string line = contender_.say(
        numbered_text(static_cast<std::uint32_t>(sender), ++numbers_[sender], text_bytes));
    ++members_[sender].said;
    ++said_;
    const Deadline deadline = soon();
    const Deadline begin = Clock::now();
    send(sender, line);
    while (lines_ < due) turn(deadline);
    return Clock::now() - begin;
}

void Swarm::drain() {
    const Deadline deadline = soon();
    while (lines_ < said_ * readers()) turn(deadline);
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const Member& member = members_[i];
        const std::uint64_t due = said_ - (contender_.echoes ? 0 : member.said);
        if (!member.stalled && member.lines != due) {
            fail(i, "read " + std::to_string(member.lines) + " lines, not " + std::to_string(due));
        }
    }
    window_.reset();
}

void Swarm::stall(std::size_t count) {
    drain();
    for (std::size_t i = members_.size() - count; i < members_.size(); ++i) {
        members_[i].stalled = true;
        watch(i, EPOLL_CTL_DEL, 0);
    }
    stalled_ = count;
    // From here on only lines that the others read are counted.
    settle(soon());
}

}  // namespace chatd::test
