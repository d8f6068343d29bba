// The oracle of the chaos run: what everybody saw must be the room's one order, nothing missing,
// nothing twice, every coming and going true. Lines of screens in, violations out.
//
// This file must never use a descriptor or a clock. What the scribe reads, who says nothing and
// whose worker nobody harms, is the order; everybody else is held against it as it comes.
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

// How somebody is to leave, by what was done to it.
enum class Fate { Stays, Quits, Resets, IsKilled };

// A line that everybody is shown, except the one it is about.
struct Event {
    enum class Kind { Join, Leave, Message };
    Kind kind;
    std::string who;
    std::string line;
};

// Nothing: it is an answer to somebody, not an event of the room.
[[nodiscard]] std::optional<Event> parse_event(std::string_view line);

// What a message says; the oracle knows by it who said it and whether one is missing.
[[nodiscard]] std::string numbered(std::uint64_t person, std::uint64_t number);

class Oracle {
  public:
    // Messages a newcomer is shown.
    explicit Oracle(std::size_t replay) : replay_(replay) {}

    // Somebody asks to come in under a name that nobody has. Returns its number.
    std::uint64_t enters(const std::string& name);
    void sends(std::uint64_t person) { ++people_[person].sent; }
    void will(std::uint64_t person, Fate fate) { people_[person].fate = fate; }
    [[nodiscard]] Fate fate(std::uint64_t person) const { return people_[person].fate; }

    // What a person reads: an event, or "[14:02] " and an event that was before.
    void saw(std::uint64_t person, std::string_view line);

    // What the scribe reads.
    void told(std::string_view line);

    // It reads no more: what it saw so far must be the order so far.
    void closed(std::uint64_t person) { people_[person].open = false; }

    // The end: whoever stayed must have seen everything. What comes after that is not looked at.
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
        std::size_t came_after = 0;  // the order was so long when it connected
        std::optional<std::size_t> at;
        std::uint64_t sent = 0;
        std::uint64_t heard = 0;  // of its messages, by the scribe
        std::vector<std::string> past;
        bool past_checked = false;
        std::deque<std::string> unchecked;  // what the scribe has not read yet
    };

    void happened(Event event);
    void check_leave(const Event& event, const Person& person);
    void check_number(const Event& event);
    void advance(Person& person);
    void check_past(Person& person);
    [[nodiscard]] std::optional<std::size_t> join_of(const Person& person) const;
    [[nodiscard]] std::string around(std::size_t at) const;

    std::size_t replay_;
    std::vector<Event> order_;
    std::deque<Person> people_;
    std::map<std::string, std::uint64_t> present_;  // by name, as the order has it
    std::map<std::string, std::uint64_t> latest_;   // who had or wants the name last
    std::uint64_t checked_ = 0;
    bool finished_ = false;
    std::vector<std::string> violations_;
};

}  // namespace chatd::test
