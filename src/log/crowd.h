// Crowds: people who come and go together, of whom a reader is told in one line. Without crowds, n
// people who come at once would make n times n lines, and an attacker who does that a hundred times
// a second would bring the room down. The log keeps every entry: a crowd stands for a stretch of
// the log only in what is sent to a reader.
//
// This file must never hide what somebody said, and never change the order of other entries.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "log/log.h"

namespace chatd {

// The number of names in a Crowd of so many people. One person more than kCrowdNames is named too,
// because "and 1 others" would be as long as a name.
[[nodiscard]] constexpr std::uint32_t named_of(std::uint32_t people) {
    return people <= kCrowdNames + 1 ? people : kCrowdNames;
}

// Join and Leave entries side by side in the log, and the Crowd frame that stands for them.
struct CrowdStretch {
    Position begin;
    Position end;
    std::string frame;
};

// Crowds in their order, and the position up to which they were looked for, which may cut a crowd
// in two.
struct CrowdsFound {
    std::vector<CrowdStretch> crowds;
    Position end = 0;
};

// Returns the crowds in [from, to), at most kCrowdsAtOnce of them and those among the first
// kCrowdEntriesAtOnce entries, for the reader `session`, whose own entries are in no crowd. Session
// 0 stands for every reader who neither came nor left in [from, to). A crowd has at least two
// people who come, or two who leave. A Leave with last words is in no crowd. A member who left and
// comes back begins a new crowd, and so does anybody who looks like that member, or for whom the
// crowd is full.
[[nodiscard]] CrowdsFound crowds_between(const Log& log, Position from, Position to,
                                         std::uint64_t session);

// The crowds before one position in the log, for members that have not left. Members that begin to
// read at the same position share one search. A few positions are remembered, because a worker that
// comes back again and again can begin wherever it likes.
class Crowds {
  public:
    // `log` must outlive this object.
    explicit Crowds(const Log& log) : log_(log) {}

    // Crowds are looked for up to `end` from now on.
    void set_end(Position end) {
        if (end != end_) by_begin_.clear();
        end_ = end;
    }
    [[nodiscard]] Position end() const { return end_; }

    // Everybody who does not lag behind has been sent the log up to here, and goes on from here.
    void note_fan_out(Position end) { common_ = end; }

    // The entries that from() looks at for one member alone, at most: none after the last fan-out.
    [[nodiscard]] std::size_t entries_from(Position begin) const;

    // The crowds from `begin` to the end, as crowds_between() returns them. Valid until the next
    // call of this, or until set_end() moves the end.
    [[nodiscard]] const CrowdsFound& from(Position begin);

    // How many beginnings are remembered.
    [[nodiscard]] std::size_t remembered() const { return by_begin_.size(); }

  private:
    const Log& log_;
    Position end_ = 0;
    Position common_ = 0;  // of all members who do not lag behind
    std::unordered_map<Position, CrowdsFound> by_begin_;
};

// Takes so many names off the front of `names`, the text of a Crowd, and the space behind them.
[[nodiscard]] std::string_view take_names(std::string_view& names, std::uint32_t count);

}  // namespace chatd
