// The crowd of the chaos run: many scripted clients in one thread. They come, say numbered lines,
// leave in every way there is, and tell the oracle what they read.
//
// The first three stay to the end: the scribe, whose lines are the order for the oracle, a second
// scribe, and the pacer, who says the pulses.
#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "chaos/oracle.h"
#include "chaos/tongue.h"
#include "support/fd.h"
#include "support/random.h"
#include "support/wait.h"

namespace chatd::test {

class Crowd {
  public:
    Crowd(std::uint16_t port, Oracle& oracle, Random& random);

    // Waits until something has come, but not longer than until `until`, and reads it.
    void turn(Deadline until);

    // These are the things that people do. Except for one_comes(), somebody is chosen at random;
    // nothing happens when the chosen one is on the way out.
    void one_comes();
    void one_speaks();
    void one_asks_who();
    void one_goes();            // by /quit, by closing its side, or by a reset
    void one_dawdles();         // reads nothing for a while
    void everybody_goes();      // except the first three
    void speak_and_be_heard();  // the pacer; returns when everybody has read it

    // Somebody in the room whose worker may be harmed, chosen at random.
    struct Victim {
        std::uint16_t port;
        std::uint64_t person;
    };
    [[nodiscard]] std::optional<Victim> victim();
    void will_be_killed(const Victim& victim) { oracle_.will(victim.person, Fate::IsKilled); }

    // The pacer says something. pulse_heard() returns, once, how long it took until the scribe read
    // it; none until then.
    void pulse();
    [[nodiscard]] std::optional<Clock::duration> pulse_heard();

    [[nodiscard]] std::size_t people() const { return people_.size(); }
    [[nodiscard]] std::uint64_t came() const { return came_; }
    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    [[nodiscard]] std::uint64_t recoveries_told() const { return recoveries_told_; }

    // The last messages, as /history shows them to the scribe.
    [[nodiscard]] std::vector<std::string> history(std::size_t count);

    // The server has ended. Returns whether all connections end before the deadline.
    [[nodiscard]] bool all_cut_off(Deadline deadline);

  private:
    struct Person {
        explicit Person(Tongue speaks) : tongue(std::move(speaks)) {}

        Fd fd;
        Tongue tongue;
        std::uint64_t number = 0;
        std::string name;
        std::string unread;
        std::string unsent;
        std::uint64_t messages = 0;
        bool welcome = false;
        bool reads_names = false;  // the lines of the welcome that say who is here
        bool going = false;
        int questions = 0;
        Deadline reads_from = {};
    };

    Person& add(const std::string& name, Tongue::Kind kind = Tongue::Kind::Plain);
    [[nodiscard]] Tongue::Kind some_tongue();
    void send(Person& person, const std::string& text);
    void read(Person& person);
    void take_lines(Person& person);
    void take_line(Person& person, std::string_view line);
    void is_over(Person& person);
    void say(Person& person);
    Person* anyone();

    std::uint16_t port_;
    Oracle& oracle_;
    Random& random_;
    std::vector<std::unique_ptr<Person>> people_;  // scribe, second scribe, pacer, others
    std::set<std::string> free_names_;             // of people who have left
    std::uint64_t came_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t recoveries_told_ = 0;
    std::string pulse_;
    Deadline pulse_sent_ = {};
    std::optional<Clock::duration> pulse_took_;
    std::optional<std::vector<std::string>> history_;
};

}  // namespace chatd::test
