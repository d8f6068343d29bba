// A crowd: people who come and go together, told of in one line. For n who come at once it would
// else be n times n lines, and whoever asks for that a hundred times a second brings the room down.
// The log keeps everybody; a crowd only stands for a stretch of it on its way to a reader.
//
// This file must never hide what anybody said, nor change the order of what it leaves alone.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "log/log.h"

namespace chatd {

// Comings and goings side by side in the log, and the Crowd frame that stands for them.
struct CrowdStretch {
    Position begin;
    Position end;
    std::string frame;
};

// Those in [from, to), the first first, as `session` may read them: what it did itself is in none.
// 0: nobody, for a stretch in which no reader of it came or went. Who comes or goes alone is in
// none, nor who leaves with last words, nor who comes back within the stretch.
[[nodiscard]] std::vector<CrowdStretch> crowds_between(const Log& log, Position from, Position to,
                                                       std::uint64_t session);

// Those before one position, as members who have not left read them: looked for once for all who
// begin at the same place.
class Crowds {
  public:
    explicit Crowds(const Log& log) : log_(log) {}

    void set_end(Position end);
    [[nodiscard]] Position end() const { return end_; }

    // Valid until the end is set anew.
    [[nodiscard]] const std::vector<CrowdStretch>& from(Position begin);

  private:
    const Log& log_;
    Position end_ = 0;
    std::unordered_map<Position, std::vector<CrowdStretch>> by_begin_;
};

// Of so many people, so many are named.
[[nodiscard]] constexpr std::uint32_t named_of(std::uint32_t people) {
    return people <= kCrowdNames + 1 ? people : kCrowdNames;
}

}  // namespace chatd
