// Salvage: what can be kept of a log that is damaged. Every entry that is whole is found, wherever
// it lies, and may be put into a new log in the old order.
//
// What is looked at may be any bytes: of a file that was cut short, written over, or is something
// else. This file must never change them, and never believe a number among them that nothing
// confirms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "log/log.h"

namespace chatd {

// Is this a log of which nothing is lost? `copy` may be changed: a Log cuts off what is not whole.
[[nodiscard]] bool is_whole_log(std::span<std::byte> copy);

class Salvage {
  public:
    // `bytes` outlives this object. ring_bytes: of the log that it was, when that is known.
    explicit Salvage(std::span<const std::byte> bytes,
                     std::optional<std::size_t> ring_bytes = std::nullopt);

    // Was it a log? Else it is nothing of ours, or of a version that is not known here.
    [[nodiscard]] bool is_log() const;

    // What it was most likely.
    [[nodiscard]] std::size_t ring_bytes() const { return ring_bytes_; }

    // What is lost, as far as anybody can know without the header if that is lost too.
    struct Loss {
        std::uint64_t places;
        std::uint64_t bytes;
    };
    [[nodiscard]] Loss loss() const;

    // Puts what was found into an empty log, the oldest first; if that is smaller, the oldest will
    // have gone again. Returns how many entries it holds then.
    std::uint64_t restore(Log& log) const;

  private:
    struct Found {
        std::uint64_t seq;
        std::size_t offset;  // in the ring
        std::uint32_t bytes;
        std::uint32_t back_bytes;
    };

    [[nodiscard]] std::size_t likely_ring_bytes() const;
    [[nodiscard]] std::string_view ring_from(std::size_t offset) const;
    void find(std::size_t begin, std::size_t end);
    void sort();
    void drop_forgotten();
    [[nodiscard]] std::vector<std::size_t> gaps() const;
    [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const;
    [[nodiscard]] std::size_t skip_pad(std::size_t offset) const;
    [[nodiscard]] bool bounds_fit() const;

    std::span<const std::byte> bytes_;
    LogHeader header_;
    std::size_t ring_bytes_;
    bool header_is_sound_;
    std::vector<Found> found_;
};

}  // namespace chatd
