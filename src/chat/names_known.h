// The names that Tab completes: of those who are in the room, as far as the server has told. This
// file must never grow without a bound: a room may have more members than anybody completes.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/bounds.h"
#include "chat/event.h"

namespace chatd {

class NamesKnown {
  public:
    void follow(const Event& event) {
        using Type = Event::Type;
        switch (event.type) {
            case Type::Welcome: names_.clear(); return add(event.strings("names"));
            case Type::Join:
            case Type::Person:
            case Type::Say:
            case Type::Emote:
            case Type::Tell:
                if (!event.past) add({std::string(event.name())});
                return;
            case Type::Crowd:
                add(event.strings("names_joined"));
                return remove(event.strings("names_left"));
            case Type::Leave: return remove({std::string(event.name())});
            case Type::Rename:
                if (event.past) return;
                remove({std::string(event.name())});
                return add({std::string(event.string("to"))});
            default: return;
        }
    }

    [[nodiscard]] std::vector<std::string> all() const { return {names_.begin(), names_.end()}; }

  private:
    void add(const std::vector<std::string>& names) {
        for (const std::string& name : names) {
            if (names_.size() < kNamesKnownMax && !name.empty()) names_.insert(name);
        }
    }

    void remove(const std::vector<std::string>& names) {
        for (const std::string& name : names) names_.erase(name);
    }

    std::set<std::string> names_;
};

}  // namespace chatd
