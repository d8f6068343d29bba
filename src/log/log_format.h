// The format of the log in memory and in a history file: the header, the entries, the checksum.
//
// This file must never trust a number that it reads: the bytes may be those of a damaged file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/frame.h"

namespace chatd {

// A count of bytes since the log began. Positions only grow. The place of a position in the ring is
// its remainder by the ring's size.
using Position = std::uint64_t;

// Lies at the beginning of the memory of a log. A history file has two logs of the same size, one
// behind the other: the log and its archive. Files of 0.3.0 have no archive.
struct LogHeader {
    char magic[8];
    std::uint32_t version;
    std::uint32_t header_bytes;
    std::uint64_t ring_bytes;
    std::uint64_t tail;    // the position of the oldest entry
    std::uint64_t head;    // the position after the newest entry
    std::uint64_t synced;  // everything before this position is known to be on the disk
};

inline constexpr char kLogMagic[8] = {'c', 'h', 'a', 't', 'd', 'l', 'o', 'g'};

// The version of everything that lies in the memory of a log, entries included.
inline constexpr std::uint32_t kLogVersion = 1;

// The version of a log with an archive, when another program takes it over. 0.3.0 refuses it,
// because it would take the archive for damage.
inline constexpr std::uint32_t kArchiveVersion = 2;

// The header of a log has a page of its own; that of its archive begins where the ring ends.
inline constexpr std::size_t kLogHeaderBytes = 4096;

// A log never reaches these values; a header with larger ones is damaged.
inline constexpr Position kPositionMax = Position{1} << 62;
inline constexpr std::uint64_t kSeqMax = std::uint64_t{1} << 62;

// The bytes of memory that a log with a ring of ring_bytes needs, without its archive.
[[nodiscard]] constexpr std::size_t log_memory_bytes(std::size_t ring_bytes) {
    return kLogHeaderBytes + ring_bytes;
}

// The size of a history.
struct HistorySize {
    std::size_t ring_bytes;  // of the log, and of its archive
    bool has_archive = true;

    // The bytes of memory that all of it needs.
    [[nodiscard]] constexpr std::size_t bytes() const {
        return (has_archive ? 2 : 1) * log_memory_bytes(ring_bytes);
    }
};

// The header at the front of `bytes`. Bytes that are missing are 0.
[[nodiscard]] inline LogHeader header_of(std::span<const std::byte> bytes) {
    LogHeader header{};
    const std::span<std::byte> copy = std::as_writable_bytes(std::span(&header, 1));
    std::ranges::copy(bytes.first(std::min(bytes.size(), copy.size())), copy.begin());
    return header;
}

// The header of an empty log. ring_bytes is rounded down to a multiple of 8. The ring behind it may
// hold anything, because nobody looks at it.
[[nodiscard]] inline LogHeader empty_log_header(std::size_t ring_bytes) {
    LogHeader header{};
    std::memcpy(header.magic, kLogMagic, sizeof kLogMagic);
    header.version = kLogVersion;
    header.header_bytes = kLogHeaderBytes;
    header.ring_bytes = ring_bytes / 8 * 8;
    return header;
}

// Does the header say that a log follows, of whatever version and in whatever state?
[[nodiscard]] inline bool has_log_magic(const LogHeader& header) {
    return std::memcmp(header.magic, kLogMagic, sizeof kLogMagic) == 0;
}

// Is this the header of a log of this version that fits into total_bytes, the header included?
[[nodiscard]] inline bool is_log(const LogHeader& header, std::size_t total_bytes) {
    return has_log_magic(header) && header.version == kLogVersion &&
           header.header_bytes == kLogHeaderBytes && header.ring_bytes % 8 == 0 &&
           header.ring_bytes >= kHistoryBytesMin && header.ring_bytes <= kHistoryBytesMax &&
           header.tail <= header.head && header.head - header.tail <= header.ring_bytes &&
           header.tail % 8 == 0 && header.head % 8 == 0 && header.head <= kPositionMax &&
           log_memory_bytes(header.ring_bytes) <= total_bytes;
}

// Is this the header of the archive of a log with such a ring, with total_bytes behind that log?
[[nodiscard]] inline bool is_archive(const LogHeader& header, std::size_t ring_bytes,
                                     std::size_t total_bytes) {
    return is_log(header, total_bytes) && header.ring_bytes == ring_bytes;
}

// Do `bytes` begin with a pad that fills the `rest` bytes up to the end of the ring?
[[nodiscard]] inline bool is_pad(std::string_view bytes, std::size_t rest) {
    FrameHeader header;
    if (bytes.size() < sizeof header) return false;
    std::memcpy(&header, bytes.data(), sizeof header);
    return header.type == FrameType::Pad && header.bytes == rest;
}

// Puts the right checksum into the frame of an entry: FNV-1a over 64-bit words, the checksum itself
// taken as 0. It is fast, and protects against accidents, not against an enemy.
inline void set_checksum(std::string& frame) {
    char* const place = frame.data() + sizeof(FrameHeader) + offsetof(Entry, checksum);
    std::memset(place, 0, sizeof(Entry::checksum));
    std::uint64_t hash = 0xcbf29ce484222325;
    for (std::size_t i = 0; i < frame.size(); i += 8) {
        std::uint64_t word;
        std::memcpy(&word, frame.data() + i, sizeof word);
        hash = (hash ^ word) * 0x100000001b3;
    }
    const auto checksum = static_cast<std::uint32_t>(hash ^ (hash >> 32));
    std::memcpy(place, &checksum, sizeof checksum);
}

// The entry at the front of `bytes`; none unless it is whole and its checksum is right. What people
// say can never look like an entry, because a frame holds bytes that no clean text has.
[[nodiscard]] inline std::optional<Frame> whole_entry(std::string_view bytes) {
    Frame frame{};
    if (take_frame(bytes, frame) != FrameStatus::Whole || frame.type != FrameType::Entry ||
        frame.bytes.size() % 8 != 0) {
        return std::nullopt;
    }
    const auto entry = frame.as<Entry>();
    if (entry.seq == 0 || entry.seq > kSeqMax || entry.messages > entry.seq) return std::nullopt;
    std::string right(frame.bytes);
    set_checksum(right);
    return frame.bytes == right ? std::optional(frame) : std::nullopt;
}

}  // namespace chatd
