#include "chaos/crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "chaos/abusers.h"

namespace chatd::test {
namespace {

constexpr std::size_t kScribe = 0;
constexpr std::size_t kPacer = 2;
constexpr std::size_t kFirstVictim = 3;

// A row of /who, the answer to /quit, or that lines wait: the usual limits hold while there are
// abusers, and what waits is said later.
bool tells_nothing(std::string_view line) {
    return line.starts_with("  ") || line == "Goodbye." ||
           line.starts_with("You are faster than ") || line.starts_with("Many lines come ");
}

Fd connect_to(std::uint16_t port) {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw system_error("connect");
    }
    set_nonblocking(fd.get());
    return fd;
}

std::uint16_t local_port(int fd) {
    sockaddr_in address{};
    socklen_t bytes = sizeof address;
    (void)::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes);
    return ntohs(address.sin_port);
}

}  // namespace

Crowd::Crowd(std::uint16_t port, Oracle& oracle, Random& random)
    : port_(port), oracle_(oracle), random_(random) {
    const Deadline deadline = soon();
    for (const char* name : {"scribe", "scribe2", "pacer"}) {
        const Person& person = add(name);
        // The scribe defines the order of all events, so its own lines are compared with nothing.
        if (people_.size() == 1) oracle_.closed(person.number);
        while (!person.welcome) {
            if (Clock::now() > deadline) throw std::runtime_error("not even the scribes get in");
            turn(deadline);
        }
    }
}

// --- Turns ---------------------------------------------------------------------------------------

void Crowd::turn(Deadline until) {
    std::vector<pollfd> fds;
    const Deadline now = Clock::now();
    for (const auto& person : people_) {
        const bool reads = person->reads_from <= now;
        const int events = (reads ? POLLIN : 0) | (person->unsent.empty() ? 0 : POLLOUT);
        fds.push_back({events == 0 ? -1 : person->fd.get(), static_cast<short>(events), 0});
    }
    if (!wait_any(fds, until)) return;
    for (std::size_t i = 0; i < fds.size(); ++i) {
        if (fds[i].revents & POLLOUT) send(*people_[i], {});
        if (fds[i].revents & ~POLLOUT) read(*people_[i]);
    }
    std::erase_if(people_, [](const auto& person) { return !person->fd.open(); });
}

void Crowd::send(Person& person, const std::string& text) {
    if (!text.empty()) person.unsent += person.tongue.encoded(text);
    while (!person.unsent.empty()) {
        const ssize_t sent = ::send(person.fd.get(), person.unsent.data(), person.unsent.size(),
                                    MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) return;  // Later. Or the connection has ended, which reading will show.
        person.unsent.erase(0, static_cast<std::size_t>(sent));
    }
}

void Crowd::read(Person& person) {
    std::array<char, 65536> buffer;
    const ssize_t got = ::recv(person.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) {
        person.unread += person.tongue.decoded({buffer.data(), static_cast<std::size_t>(got)});
        return take_lines(person);
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    is_over(person);
}

void Crowd::take_lines(Person& person) {
    constexpr std::string_view kPrompt = "Your name: ";
    if (person.unread.starts_with(kPrompt)) person.unread.erase(0, kPrompt.size());
    std::size_t begin = 0;
    for (std::size_t end; (end = person.unread.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
        take_line(person, std::string_view(person.unread).substr(begin, end - begin));
    }
    person.unread.erase(0, begin);
}

void Crowd::take_line(Person& person, std::string_view line) {
    if (person.reads_names) return (void)(person.reads_names = !line.ends_with('.'));
    if (line.starts_with("Welcome, ")) {
        if (std::exchange(person.welcome, true)) oracle_.violate(person.name + " is welcome twice");
        person.reads_names = true;
    } else if (line.starts_with("… the room is ")) {
        ++recoveries_told_;
    } else if (line.ends_with(" people are here:") || line.starts_with("You are the only one")) {
        if (--person.questions < 0) oracle_.violate(person.name + " got an answer twice");
    } else if (tells_nothing(line)) {
        return;
    } else if (history_ && &person == people_[kScribe].get() && line.starts_with('[')) {
        history_->emplace_back(line.substr(line.find("] ") + 2));
    } else if (!line.starts_with('[') && !is_of_abuser(line) && !parse_event(line)) {
        oracle_.violate(person.name + " read: " + std::string(line));
    } else if (&person != people_[kScribe].get()) {
        oracle_.saw(person.number, line);
    } else {
        oracle_.told(line);
        const auto event = parse_event(line);
        const bool is_ours = event && !is_of_abuser(line);
        if (is_ours && event->kind == Event::Kind::Leave) free_names_.insert(event->who);
        if (!pulse_.empty() && line.ends_with(pulse_)) {
            pulse_took_ = Clock::now() - pulse_sent_;
            pulse_.clear();
        }
    }
}

void Crowd::is_over(Person& person) {
    if (oracle_.fate(person.number) == Fate::Stays) {
        oracle_.violate(person.name + " was disconnected");
    }
    if (person.questions > 0 && oracle_.fate(person.number) == Fate::Quits) {
        oracle_.violate(person.name + " got no answer");
    }
    oracle_.closed(person.number);
    person.fd = Fd();
}

// --- What people do ------------------------------------------------------------------------------

Crowd::Person& Crowd::add(const std::string& name, Tongue::Kind kind) {
    auto person = std::make_unique<Person>(Tongue(kind, port_));
    person->name = name;
    person->number = oracle_.enters(name);
    person->fd = connect_to(port_);
    ++came_;
    people_.push_back(std::move(person));
    send(*people_.back(), name + '\n');
    return *people_.back();
}

void Crowd::one_comes() {
    if (!free_names_.empty() && random_.one_in(4)) {
        (void)add(free_names_.extract(free_names_.begin()).value(), some_tongue());
    } else {
        (void)add('g' + std::to_string(came_), some_tongue());
    }
}

Tongue::Kind Crowd::some_tongue() {
    constexpr std::array kKinds = {Tongue::Kind::Plain, Tongue::Kind::Json, Tongue::Kind::Web};
    return kKinds[random_.below(kKinds.size())];
}

// Somebody in the room or on the way into it, because lines that are typed ahead count as well.
// Null when the chosen one is on the way out, or has much to send already.
Crowd::Person* Crowd::anyone() {
    if (people_.size() <= kFirstVictim) return nullptr;
    Person& person = *people_[kFirstVictim + random_.below(people_.size() - kFirstVictim)];
    const bool busy =
        person.going || person.unsent.size() > 4096 || oracle_.fate(person.number) != Fate::Stays;
    return busy ? nullptr : &person;
}

void Crowd::say(Person& person) {
    std::string text = numbered(person.number, ++person.messages);
    switch (random_.below(20)) {
        case 0: text = "/me " + text; break;
        case 1: text += std::string(random_.below(3000), 'x'); break;
        case 2: text += " 你好，大家好"; break;
        default: break;
    }
    oracle_.sends(person.number);
    ++sent_;
    send(person, text + '\n');
}

void Crowd::one_speaks() {
    if (Person* const person = anyone()) say(*person);
}

void Crowd::one_asks_who() {
    Person* const person = anyone();
    if (person == nullptr || !person->welcome) return;
    ++person->questions;
    send(*person, "/who\n");
}

void Crowd::one_goes() {
    Person* const person = anyone();
    if (person == nullptr || !person->welcome) return;
    person->going = true;
    const std::size_t way = random_.below(4);
    if (way == 3) {
        oracle_.will(person->number, Fate::Resets);
        oracle_.closed(person->number);
        const linger at_once{1, 0};
        (void)::setsockopt(person->fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        person->fd = Fd();
        std::erase_if(people_, [person](const auto& one) { return one.get() == person; });
        return;
    }
    oracle_.will(person->number, Fate::Quits);
    if (way == 0) return send(*person, "/quit\n");
    if (way == 1 || !person->unsent.empty()) return send(*person, "/quit see you\n");
    (void)::shutdown(person->fd.get(), SHUT_WR);
}

void Crowd::one_dawdles() {
    if (Person* const person = anyone()) {
        person->reads_from = Clock::now() + std::chrono::milliseconds(random_.below(2000));
    }
}

void Crowd::everybody_goes() {
    for (std::size_t i = kFirstVictim; i < people_.size(); ++i) {
        Person& person = *people_[i];
        if (std::exchange(person.going, true) || oracle_.fate(person.number) != Fate::Stays) {
            continue;
        }
        oracle_.will(person.number, Fate::Quits);
        send(person, "/quit\n");
    }
}

void Crowd::speak_and_be_heard() {
    const Deadline deadline = Clock::now() + 3 * kPatience;
    for (bool settled = false; !settled;) {
        pulse();
        while (!pulse_heard()) {
            if (Clock::now() > deadline) throw std::runtime_error("the scribe hears nothing");
            turn(Clock::now() + std::chrono::milliseconds(100));
        }
        // The scribe has the first of all links. The others get the same a moment later.
        turn(Clock::now() + std::chrono::milliseconds(200));
        settled = std::ranges::all_of(people_, [this](const auto& person) {
            return person->welcome && person->questions == 0 && !person->going &&
                   person->unsent.empty() && oracle_.fate(person->number) == Fate::Stays &&
                   person->reads_from <= Clock::now();
        });
        if (Clock::now() > deadline) break;  // The oracle will say who has not read what.
    }
    for (int quiet = 0; quiet < 3;) {
        const std::size_t before = oracle_.checked();
        turn(Clock::now() + std::chrono::milliseconds(300));
        quiet = oracle_.checked() == before ? quiet + 1 : 0;
        if (Clock::now() > deadline) break;
    }
}

// --- For the wrecker -----------------------------------------------------------------------------

std::optional<Crowd::Victim> Crowd::victim() {
    const Person* const person = anyone();
    if (person == nullptr || !person->welcome) return std::nullopt;
    return Victim{local_port(person->fd.get()), person->number};
}

void Crowd::pulse() {
    Person& pacer = *people_[kPacer];
    pulse_ = numbered(pacer.number, ++pacer.messages);
    pulse_sent_ = Clock::now();
    pulse_took_.reset();
    oracle_.sends(pacer.number);
    ++sent_;
    send(pacer, pulse_ + '\n');
}

std::optional<Clock::duration> Crowd::pulse_heard() {
    return std::exchange(pulse_took_, std::nullopt);
}

// --- The end -------------------------------------------------------------------------------------

std::vector<std::string> Crowd::history(std::size_t count) {
    history_.emplace();
    Person& scribe = *people_[kScribe];
    send(scribe, "/history " + std::to_string(count) + "\n/who\n");
    ++scribe.questions;
    const Deadline deadline = soon();
    while (scribe.questions > 0 && Clock::now() < deadline) turn(deadline);
    return *std::exchange(history_, std::nullopt);
}

bool Crowd::all_cut_off(Deadline deadline) {
    for (const auto& person : people_) oracle_.will(person->number, Fate::Resets);
    while (!people_.empty() && Clock::now() < deadline) turn(deadline);
    return people_.empty();
}

}  // namespace chatd::test
