#include "chaos/oracle.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "chaos/abusers.h"

namespace chatd::test {
namespace {

constexpr std::size_t kViolationsMax = 20;
constexpr std::string_view kEntered = " entered the chat room";
constexpr std::string_view kLeft = " left the chat room";
constexpr std::string_view kSays = " says: ";

std::uint64_t number_after(std::string_view text, char mark) {
    const std::size_t at = text.find(mark);
    std::uint64_t number = 0;
    if (at == std::string_view::npos) return 0;
    (void)std::from_chars(text.data() + at + 1, text.data() + text.size(), number);
    return number;
}

// The line of an earlier event, without its time.
std::string_view without_time(std::string_view line) {
    return line.substr(line.find("] ") + 2);
}

}  // namespace

std::string numbered(std::uint64_t person, std::uint64_t number) {
    return '#' + std::to_string(person) + " !" + std::to_string(number);
}

std::optional<Event> parse_event(std::string_view line) {
    const auto event = [line](Event::Kind kind, std::string_view who) {
        return Event{kind, std::string(who), std::string(line)};
    };
    if (line.starts_with("* ")) {
        const std::string_view rest = line.substr(2);
        return event(Event::Kind::Message, rest.substr(0, rest.find(' ')));
    }
    const std::string_view who = line.substr(0, line.find(' '));
    const std::string_view rest = line.substr(who.size());
    if (who.empty()) return std::nullopt;
    if (rest == kEntered) return event(Event::Kind::Join, who);
    if (rest.starts_with(kLeft)) return event(Event::Kind::Leave, who);
    if (rest.starts_with(kSays)) return event(Event::Kind::Message, who);
    return std::nullopt;
}

void Oracle::violate(const std::string& what) {
    if (violations_.size() < kViolationsMax) violations_.push_back(what);
}

std::uint64_t Oracle::enters(const std::string& name) {
    const std::uint64_t person = people_.size();
    people_.emplace_back();
    people_.back().name = name;
    people_.back().came_after = order_.size();
    latest_[name] = person;
    return person;
}

// --- The order -----------------------------------------------------------------------------------

void Oracle::told(std::string_view line) {
    if (finished_) return;
    auto event = parse_event(line);
    // Nobody knows what an abuser has sent. But all read the same of it, in the same order.
    if (is_of_abuser(line)) {
        order_.push_back(event.value_or(Event{Event::Kind::Rename, {}, std::string(line)}));
        return;
    }
    if (event) return happened(std::move(*event));
    violate("the scribe read what is no event: " + std::string(line));
}

void Oracle::happened(Event event) {
    const auto known = latest_.find(event.who);
    const auto present = present_.find(event.who);
    if (known == latest_.end()) {
        violate("nobody is called so: " + event.line);
    } else if (event.kind == Event::Kind::Join) {
        if (present != present_.end()) violate("came in twice: " + event.line);
        present_[event.who] = known->second;
    } else if (present == present_.end()) {
        violate("is not in the room: " + event.line);
    } else if (event.kind == Event::Kind::Leave) {
        check_leave(event, people_[present->second]);
        present_.erase(present);
    } else {
        check_number(event);
    }
    order_.push_back(std::move(event));
}

void Oracle::check_leave(const Event& event, const Person& person) {
    const std::string_view how = std::string_view(event.line).substr(event.who.size());
    bool is_true = false;
    switch (person.fate) {
        case Fate::Stays: break;
        case Fate::Quits:
            is_true = how == kLeft || how.starts_with(std::string(kLeft) + ": ");
            break;
        case Fate::Resets: is_true = how == std::string(kLeft) + " (connection lost)"; break;
        case Fate::IsKilled: is_true = how == std::string(kLeft) + " (killed by signal 9)"; break;
    }
    if (!is_true) {
        constexpr const char* kFates[] = {"stays", "quits", "resets", "is killed"};
        violate("not true: " + event.line + ", who " + kFates[static_cast<int>(person.fate)]);
    }
}

// The messages of each person are numbered, so one that is missing, doubled or out of order shows.
void Oracle::check_number(const Event& event) {
    const std::uint64_t from = number_after(event.line, '#');
    const std::uint64_t number = number_after(event.line, '!');
    if (from >= people_.size() || people_[from].name != event.who) {
        return violate("not said by who is shown: " + event.line);
    }
    Person& person = people_[from];
    if (number != person.heard + 1) {
        violate("after number " + std::to_string(person.heard) + " came: " + event.line);
    }
    person.heard = number;
}

// --- What the others saw -------------------------------------------------------------------------

void Oracle::saw(std::uint64_t person, std::string_view line) {
    if (finished_) return;
    Person& reader = people_[person];
    if (line.starts_with('[')) {
        if (reader.replay_checked)
            violate(reader.name + " read of the past too late: " + std::string(line));
        reader.replay.emplace_back(without_time(line));
        return;
    }
    reader.unchecked.emplace_back(line);
    advance(reader);
}

std::optional<std::size_t> Oracle::join_of(const Person& person) const {
    for (std::size_t at = person.came_after; at < order_.size(); ++at) {
        if (order_[at].kind == Event::Kind::Join && order_[at].who == person.name) return at;
    }
    return std::nullopt;
}

void Oracle::advance(Person& person) {
    if (!person.at) {
        const auto joined = join_of(person);
        if (!joined) return;
        person.at = *joined + 1;
    }
    if (!person.replay_checked && !person.unchecked.empty()) check_replay(person);
    while (*person.at < order_.size()) {
        const Event& next = order_[*person.at];
        if (next.who == person.name) {
            ++*person.at;  // The person is not shown its own events.
            continue;
        }
        if (person.unchecked.empty()) return;
        if (person.unchecked.front() != next.line) {
            violate(person.name + " read: " + person.unchecked.front() +
                    "\n  instead of: " + next.line + "\n" + around(*person.at));
            person.at = order_.size();  // One violation of a person is enough.
            person.unchecked.clear();
            return;
        }
        person.unchecked.pop_front();
        ++*person.at;
        ++checked_;
    }
}

void Oracle::check_replay(Person& person) {
    person.replay_checked = true;
    std::size_t left = person.replay.size();
    std::size_t before = 0;
    for (std::size_t at = *join_of(person); at > 0 && before < replay_; --at) {
        const Event& event = order_[at - 1];
        if (event.kind != Event::Kind::Message) continue;
        ++before;
        if (left == 0 || person.replay[left - 1] != event.line) {
            return violate(person.name + " was shown " + std::to_string(person.replay.size()) +
                           " of the past, and not: " + event.line);
        }
        --left;
    }
    if (left != 0) violate(person.name + " was shown too much of the past: " + person.replay[0]);
    person.replay = {};
}

std::string Oracle::around(std::size_t at) const {
    std::string text = "  the order there:";
    for (std::size_t i = at < 3 ? 0 : at - 3; i < order_.size() && i < at + 4; ++i) {
        text += "\n    " + std::to_string(i) + ": " + order_[i].line;
    }
    return text;
}

// --- The end -------------------------------------------------------------------------------------

void Oracle::finish() {
    finished_ = true;
    for (Person& person : people_) {
        advance(person);
        // An abuser may go at any time: so the scribe or somebody else may not have read it yet.
        const auto other = std::ranges::find_if_not(person.unchecked, is_of_abuser);
        if (other != person.unchecked.end()) {
            violate(person.name + " read what is not in the order: " + *other);
        }
        while (person.at && *person.at < order_.size() && is_of_abuser(order_[*person.at].line)) {
            ++*person.at;
        }
        if (person.open && (!person.at || *person.at != order_.size())) {
            violate(person.name +
                    " never read: " + (person.at ? order_[*person.at].line : "that it came in"));
        }
        const bool all = person.fate == Fate::Stays || person.fate == Fate::Quits;
        if (person.at && (person.heard > person.sent || (all && person.heard != person.sent))) {
            violate(person.name + " sent " + std::to_string(person.sent) + " messages, and " +
                    std::to_string(person.heard) + " were heard");
        }
        const auto present = present_.find(person.name);
        const bool there = present != present_.end() && &people_[present->second] == &person;
        if (there != (person.fate == Fate::Stays) && person.at) {
            violate(person.name + (there ? " is still there" : " is not there any more"));
        }
    }
}

std::vector<std::string> Oracle::last_messages(std::size_t count) const {
    std::vector<std::string> lines;
    for (auto event = order_.rbegin(); event != order_.rend() && lines.size() < count; ++event) {
        if (event->kind == Event::Kind::Message) lines.push_back(event->line);
    }
    return {lines.rbegin(), lines.rend()};
}

}  // namespace chatd::test
