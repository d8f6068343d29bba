// Salvage: what can be kept of a damaged log. Every entry that is whole is found, wherever it lies,
// and can be put into a new log in the old order.
//
// The bytes may be anything: a file that was cut short, that was written over, or that is no log.
// This file must never change them, and never believe a number among them that nothing else
// confirms.
#pragma once

#include <memory>
#include <vector>

#include "log/log.h"

namespace chatd {

// Are these a log and its archive, of which nothing is lost? The archive may not have been begun:
// then what is there of it is zeros. This may change `copy`, because a Log cuts off the bytes
// behind its last whole entry.
[[nodiscard]] bool is_whole_history(std::span<std::byte> copy);

class Salvage {
  public:
    // Looks for entries in `bytes`, a log and its archive, which must outlive this object and may
    // still be damaged further meanwhile.
    explicit Salvage(std::span<const std::byte> bytes,
                     std::optional<HistorySize> size = std::nullopt);

    // Are the bytes those of a log of this version, however damaged?
    [[nodiscard]] bool is_log() const;

    // The size that the log's ring had most likely.
    [[nodiscard]] std::size_t ring_bytes() const { return ring_bytes_; }

    // The loss as far as it is known. Without a sound header, only gaps between entries count, and
    // all that is missing at the end of a file whose size is known: nobody knows how much of that
    // had ever held an entry.
    struct Loss {
        std::uint64_t places = 0;     // of loss() at least 1
        std::uint64_t bytes = 0;      // of all places together
        bool is_upper_bound = false;  // of the bytes
    };
    [[nodiscard]] Loss loss() const;

    // Puts the entries into an empty log and its archive, the oldest first. When these are smaller,
    // they lose the oldest again. Returns how many entries there are afterwards.
    std::uint64_t restore(Log& log) const;

  private:
    struct Found {
        std::uint64_t seq;
        std::size_t offset;  // in the ring
        std::uint32_t bytes;
        std::uint32_t back_bytes;
    };

    [[nodiscard]] std::size_t likely_ring_bytes() const;
    void append_to(Log& log) const;
    void add_up(Loss& loss) const;
    [[nodiscard]] std::string_view ring_from(std::size_t offset) const;
    void find(std::size_t begin, std::size_t end);
    void drop_forgotten();
    [[nodiscard]] std::vector<std::size_t> gaps() const;
    [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const;
    [[nodiscard]] std::size_t skip_pad(std::size_t offset) const;
    [[nodiscard]] bool bounds_fit() const;

    std::span<const std::byte> bytes_;
    LogHeader header_;
    std::size_t ring_bytes_;
    std::size_t missing_bytes_;  // of the ring; 0 when its size is only likely
    bool header_is_sound_;
    std::size_t tail_;  // the place of the tail in the ring; 0 if the header is not sound
    std::vector<Found> found_;
    std::unique_ptr<Salvage> archive_;  // null: there is none, or nothing can be in it
};

}  // namespace chatd
