// The window of the benchmark: how many lines were said that not every listener has yet. The
// slowest listener counts, and nobody else: a window that counts deliveries would let a server run
// ahead with some clients and leave others hundreds of lines behind, and take that for speed.
//
// This file must never read a clock or touch a socket: the swarm tells it what happens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace chatd::test {

class Window {
  public:
    // `listeners` clients that say nothing have heard everything so far. No more than `lines_max`
    // lines may be outstanding. Throws when one of both is 0.
    Window(std::size_t listeners, std::size_t lines_max);

    // How many lines may be said now.
    [[nodiscard]] std::size_t room() const;

    // So many lines are said. Throws when there is no room for them.
    void say(std::size_t lines);

    // A listener that had heard `before` lines hears `lines` more. Throws when these are more than
    // were said.
    void hear(std::uint64_t before, std::uint64_t lines);

  private:
    [[nodiscard]] std::size_t& listeners_at(std::uint64_t heard);

    std::uint64_t said_ = 0;
    std::uint64_t slowest_ = 0;  // lines that every listener has heard
    // How many listeners have heard just so many lines. The numbers in use lie between `slowest_`
    // and `said_`, so few places serve all of them in turn.
    std::vector<std::size_t> places_;
};

}  // namespace chatd::test
