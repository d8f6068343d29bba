// Random numbers for all tests. The same seed gives the same numbers on every machine, so a test
// that fails with a seed fails again with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>

namespace chatd::test {

class Random {
  public:
    explicit Random(std::uint64_t seed) : seed_(seed), engine_(seed) {}

    [[nodiscard]] std::uint64_t seed() const { return seed_; }

    // Any number of 64 bits.
    std::uint64_t number() { return engine_(); }

    // A number from 0 to end - 1. `end` is at least 1. The distributions of <random> would give
    // other numbers with another standard library.
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(engine_() % end); }

    // Returns true once in `chances` calls, on average.
    bool one_in(std::size_t chances) { return below(chances) == 0; }

    // Returns one of the elements of an array or container, which must not be empty.
    template <class Elements>
    const auto& pick(const Elements& elements) {
        return std::data(elements)[below(std::size(elements))];
    }

    // Returns `count` bytes of any value.
    std::string bytes(std::size_t count) {
        std::string bytes(count, '\0');
        for (char& byte : bytes) byte = static_cast<char>(below(256));
        return bytes;
    }

  private:
    std::uint64_t seed_;
    std::mt19937_64 engine_;
};

}  // namespace chatd::test
