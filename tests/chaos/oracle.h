// The oracle of the chaos run: everybody must see the room's one order, with nothing missing and
// nothing twice, and everybody who comes or leaves must be told of truly. It takes the lines that
// people read, and returns violations.
//
// The scribe says nothing, and nobody harms its worker: what it reads is the order. What everybody
// else reads is compared with it as it comes. This file must never use a descriptor or a clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::test {

// The way in which a person will leave, after what it did or what was done to it.
enum class Fate { Stays, Quits, Resets, IsKilled };

// A line that everybody is shown, except the person that it is about.
struct Event {
    enum class Kind { Join, Leave, Message, Rename };
    Kind kind;
    std::string who;
    std::string line;
};

// None when the line is no event of the room, but an answer to one person.
[[nodiscard]] std::optional<Event> parse_event(std::string_view line);

// The text of a message. By it the oracle knows who said it, and whether one is missing.
[[nodiscard]] std::string numbered(std::uint64_t person, std::uint64_t number);

class Oracle {
  public:
    // replay: how many messages a newcomer is shown.
    explicit Oracle(std::size_t replay) : replay_(replay) {}

    // A person asks to come in under a name that nobody has. Returns the number of the person.
    std::uint64_t enters(const std::string& name);
    void sends(std::uint64_t person) { ++people_[person].sent; }
    void will(std::uint64_t person, Fate fate) { people_[person].fate = fate; }
    [[nodiscard]] Fate fate(std::uint64_t person) const { return people_[person].fate; }

    // A person reads a line: an event, or "[14:02] " and an earlier event.
    void saw(std::uint64_t person, std::string_view line);

    // The scribe reads a line.
    void told(std::string_view line);

    // The person reads no more. What it has read must be the beginning of the order.
    void closed(std::uint64_t person) { people_[person].open = false; }

    // The end: a person that stayed must have read everything. Later lines are not looked at.
    void finish();

    [[nodiscard]] std::size_t events() const { return order_.size(); }
    [[nodiscard]] std::uint64_t checked() const { return checked_; }
    [[nodiscard]] std::vector<std::string> last_messages(std::size_t count) const;
    [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
    void violate(const std::string& what);

  private:
    struct Person {
        std::string name;
        Fate fate = Fate::Stays;
        bool open = true;
        std::size_t came_after = 0;       // length of the order when the person connected
        std::optional<std::size_t> at;    // the next event that it must read; none before its Join
        std::uint64_t sent = 0;           // messages
        std::uint64_t heard = 0;          // of these, those that the scribe has read
        std::vector<std::string> replay;  // what it was shown as a newcomer
        bool replay_checked = false;
        std::deque<std::string> unchecked;  // lines that the scribe has not read yet
    };

    void happened(Event event);
    void check_leave(const Event& event, const Person& person);
    void check_number(const Event& event);
    void advance(Person& person);
    void check_replay(Person& person);
    [[nodiscard]] std::optional<std::size_t> join_of(const Person& person) const;
    [[nodiscard]] std::string around(std::size_t at) const;

    std::size_t replay_;
    std::vector<Event> order_;
    std::deque<Person> people_;
    std::map<std::string, std::uint64_t> present_;  // in the room, by name, at the end of the order
    std::map<std::string, std::uint64_t> latest_;   // the last person that had or wants a name
    std::uint64_t checked_ = 0;
    bool finished_ = false;
    std::vector<std::string> violations_;
};

}  // namespace chatd::test
