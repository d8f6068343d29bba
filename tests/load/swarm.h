// The swarm of the benchmark: thousands of clients in one thread, as cheap as they can be, for what
// they cost is taken from whoever is measured. Every line that comes is counted; a few clients look
// at the text of each.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/contender.h"
#include "support/fd.h"
#include "support/wait.h"

namespace chatd::test {

// In a closed loop: something new is said when so much of what was said has reached everybody that
// no more than `outstanding` messages are on their way. The senders take turns.
struct Talk {
    std::size_t senders;
    std::size_t text_bytes;
    std::size_t outstanding;
};

class Swarm {
  public:
    Swarm(const Contender& contender, std::uint16_t port, std::size_t size_max);

    [[nodiscard]] std::size_t size() const { return members_.size(); }

    // Lets `count` more connect, all at once, and waits until all of them are in.
    struct Entry {
        Clock::duration all_in;
        std::vector<Clock::duration> first_answers;  // of each, since it connected
    };
    Entry enter(std::size_t count, Deadline deadline);

    // Waits until everybody has read all that happened so far, and lets the counting begin.
    void settle(Deadline deadline);

    // --- Once settled

    // How long until the last one had read what one said.
    Clock::duration say_one(std::size_t sender, std::size_t text_bytes);

    // Talks until `end`; returns how many lines were read in that time.
    std::uint64_t talk(const Talk& talk, Deadline end);

    // Waits for what is on its way, and checks that everybody has got every line, once.
    void drain();

    // The last `count` read nothing from now on.
    void stall(std::size_t count);

  private:
    struct Member {
        Fd fd;
        std::size_t step = 0;
        std::vector<Step> steps;  // until it is in
        Deadline connected = {};
        std::string wanted;       // while settling; empty: nothing
        std::string tail;         // of a line not yet whole, or what may become `wanted`
        std::uint64_t lines = 0;  // read since the counting began
        std::uint64_t said = 0;
        bool answered = false;  // has been, since it connected
        bool checks = false;    // looks into what it reads
        bool stalled = false;
    };

    void connect_one();
    void watch(std::size_t number, int operation, std::uint32_t events);
    void turn(Deadline deadline);
    void read(std::size_t number);
    void take(std::size_t number, std::string_view bytes);
    void follow_entry(Member& member, std::string_view bytes);
    void look_for_wanted(Member& member, std::string_view bytes);
    void count(std::size_t number, std::string_view bytes);
    void check(std::size_t number, std::string_view bytes);
    void send(std::size_t number, std::string_view bytes);
    void say(const Talk& talk, std::uint64_t count);
    void be_heard(std::size_t sender, Deadline deadline);
    [[nodiscard]] std::uint64_t readers() const;  // of one message

    const Contender& contender_;
    std::uint16_t port_;
    Fd epoll_;
    std::vector<epoll_event> events_;
    std::vector<char> buffer_;
    std::vector<Member> members_;

    std::size_t entering_ = 0;
    std::size_t looking_ = 0;
    bool counting_ = false;
    std::vector<Clock::duration> first_answers_;
    std::uint64_t said_ = 0;   // since the counting began
    std::uint64_t lines_ = 0;  // read by all
    std::size_t stalled_ = 0;
    std::size_t next_sender_ = 0;
    unsigned settled_ = 0;
    std::vector<std::uint32_t> numbers_;             // of what each has said
    std::vector<std::vector<std::uint32_t>> heard_;  // by who checks, of each
};

}  // namespace chatd::test
