// How the log lies in memory and in a history file: the header, the entries, the checksum.
//
// This file must never trust a number that it reads: the bytes may be those of a damaged file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/frame.h"

namespace chatd {

// A count of bytes since the log began. Positions only grow. The place of a position in the ring is
// its remainder by the ring's size.
using Position = std::uint64_t;

// The version of everything that lies in the memory of a log, entries included.
inline constexpr std::uint32_t kLogVersion = 1;

// Lies at the beginning of the memory, and of a history file.
struct LogHeader {
    char magic[8];
    std::uint32_t version;
    std::uint32_t header_bytes;
    std::uint64_t ring_bytes;
    std::uint64_t tail;    // the position of the oldest entry
    std::uint64_t head;    // the position after the newest entry
    std::uint64_t synced;  // everything before this position is known to be on the disk
};

// The ring begins on a page of its own.
inline constexpr std::size_t kLogHeaderBytes = 4096;

// A log never reaches these values; a header with larger ones is damaged.
inline constexpr Position kPositionMax = Position{1} << 62;
inline constexpr std::uint64_t kSeqMax = std::uint64_t{1} << 62;

// How much memory a log with a ring of ring_bytes needs.
[[nodiscard]] constexpr std::size_t log_memory_bytes(std::size_t ring_bytes) {
    return kLogHeaderBytes + ring_bytes;
}

// The header of an empty log. ring_bytes is rounded down to a multiple of 8. The ring behind an
// empty log's header may hold anything: nobody looks at it.
[[nodiscard]] LogHeader empty_log_header(std::size_t ring_bytes);

// Does the header say that a log follows, of whatever version and in whatever state?
[[nodiscard]] bool has_log_magic(const LogHeader& header);

// Can a log of this version begin with this header, however much of it is left?
[[nodiscard]] bool is_log_header(const LogHeader& header);

// Is this the header of a log that fits into total_bytes, the header included?
[[nodiscard]] bool is_log(const LogHeader& header, std::size_t total_bytes);

// The entry at the front of `bytes`; none unless it is whole and its checksum is right. What people
// say can never look like an entry, because a frame holds bytes that no clean text has.
[[nodiscard]] std::optional<Frame> whole_entry(std::string_view bytes);

// Do `bytes` begin with a pad that fills the `rest` bytes up to the end of the ring?
[[nodiscard]] bool is_pad(std::string_view bytes, std::size_t rest);

// Puts the right checksum into an entry's frame.
void set_checksum(std::string& frame);

}  // namespace chatd
