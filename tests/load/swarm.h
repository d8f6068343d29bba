// The swarm of the benchmark: thousands of clients in one thread. They are as cheap as possible,
// because the processor time that they use is missing for the server that is measured. Every line
// that comes is counted, and a few clients check the text of every line.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "load/contender.h"
#include "load/window.h"
#include "support/fd.h"
#include "support/wait.h"

namespace chatd::test {

// The clients talk in a closed loop: somebody says something only when fewer than `outstanding`
// lines have not reached every client that says nothing (see Window). The senders take turns.
struct Talk {
    std::size_t senders;
    std::size_t text_bytes;
    std::size_t outstanding;
};

// Clients that connect: so many, of which at most `at_once` are on their way at any time.
struct Arrival {
    std::size_t count;
    std::size_t at_once;
};

class Swarm {
  public:
    Swarm(const Contender& contender, std::uint16_t port, std::size_t size_max);

    [[nodiscard]] std::size_t size() const { return members_.size(); }

    // Lets more clients connect, and waits until all of them are in the room.
    struct Entry {
        Clock::duration all_in;
        std::vector<Clock::duration> first_answers;  // one for each client, since it connected
    };
    Entry enter(const Arrival& arrival, Deadline deadline);

    // Waits until everybody has read everything that happened so far. Then the counting begins.
    void settle(Deadline deadline);

    // --- Once settled

    // One client says something. Returns how long it took until the last client had read it.
    Clock::duration say_one(std::size_t sender, std::size_t text_bytes);

    // From now on they talk like this. Nothing may be on its way, and one client has to be left
    // that says nothing.
    void begin(const Talk& talk);

    // Talks until `end`. Returns how many lines were read in that time.
    std::uint64_t talk_until(Deadline end);

    // Waits for lines on their way, and throws unless everybody has read every line once. That ends
    // a talk.
    void drain();

    // How many lines were read so far, by all clients together.
    [[nodiscard]] std::uint64_t lines() const { return lines_; }

    // The last `count` clients read nothing from now on.
    void stall(std::size_t count);

  private:
    struct Member {
        Fd fd;
        std::size_t step = 0;
        std::vector<Step> steps;  // until it is in
        Deadline connected = {};
        std::string wanted;       // what it must read while settling; empty: nothing
        std::string tail;         // the beginning of a line, or of `wanted`
        std::uint64_t lines = 0;  // read since the counting began
        std::uint64_t said = 0;
        std::uint64_t heard = 0;  // read since the talk began
        bool listens = false;     // says nothing in this talk, and counts for its window
        bool answered = false;    // the server has sent something since it connected
        bool checks = false;      // checks the text of each line
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
    void say(std::size_t count);
    void be_heard(std::size_t sender, Deadline deadline);
    [[nodiscard]] std::uint64_t readers() const;  // how many clients read one message

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
    Talk talk_{};
    std::optional<Window> window_;  // while they talk
    std::size_t next_sender_ = 0;
    unsigned settled_ = 0;
    std::vector<std::uint32_t> numbers_;             // of the last message, by sender
    std::vector<std::vector<std::uint32_t>> heard_;  // the same as read, by reader that checks
};

}  // namespace chatd::test
