#include "log/log_format.h"

#include <cstring>

#include "base/bounds.h"

namespace chatd {
namespace {

constexpr char kMagic[8] = {'c', 'h', 'a', 't', 'd', 'l', 'o', 'g'};

constexpr std::size_t kChecksumOffset = sizeof(FrameHeader) + offsetof(Entry, checksum);

// FNV-1a over 64-bit words. It is fast, and protects against accidents, not against an enemy.
std::uint32_t checksum_of(std::string_view frame) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (std::size_t i = 0; i < frame.size(); i += 8) {
        std::uint64_t word;
        std::memcpy(&word, frame.data() + i, sizeof word);
        hash = (hash ^ word) * 0x100000001b3;
    }
    return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

bool checksum_is_right(std::string_view frame) {
    std::string copy(frame);
    std::uint32_t expected;
    std::memcpy(&expected, copy.data() + kChecksumOffset, sizeof expected);
    std::memset(copy.data() + kChecksumOffset, 0, sizeof expected);
    return checksum_of(copy) == expected;
}

}  // namespace

void set_checksum(std::string& frame) {
    std::memset(frame.data() + kChecksumOffset, 0, sizeof(Entry::checksum));
    const std::uint32_t sum = checksum_of(frame);
    std::memcpy(frame.data() + kChecksumOffset, &sum, sizeof sum);
}

std::optional<Frame> whole_entry(std::string_view bytes) {
    Frame frame{};
    if (take_frame(bytes, frame) != FrameStatus::Whole || frame.type != FrameType::Entry ||
        frame.bytes.size() % 8 != 0) {
        return std::nullopt;
    }
    const auto entry = frame.as<Entry>();
    if (entry.seq == 0 || entry.seq > kSeqMax || entry.messages > entry.seq) return std::nullopt;
    if (!checksum_is_right(frame.bytes)) return std::nullopt;
    return frame;
}

bool is_pad(std::string_view bytes, std::size_t rest) {
    FrameHeader header;
    if (bytes.size() < sizeof header) return false;
    std::memcpy(&header, bytes.data(), sizeof header);
    return header.type == FrameType::Pad && header.bytes == rest;
}

LogHeader empty_log_header(std::size_t ring_bytes) {
    LogHeader header{};
    std::memcpy(header.magic, kMagic, sizeof kMagic);
    header.version = kLogVersion;
    header.header_bytes = kLogHeaderBytes;
    header.ring_bytes = ring_bytes / 8 * 8;
    return header;
}

bool has_log_magic(const LogHeader& header) {
    return std::memcmp(header.magic, kMagic, sizeof kMagic) == 0;
}

bool is_log_header(const LogHeader& header) {
    return has_log_magic(header) && header.version == kLogVersion &&
           header.header_bytes == kLogHeaderBytes && header.ring_bytes % 8 == 0 &&
           header.ring_bytes >= kHistoryBytesMin && header.ring_bytes <= kHistoryBytesMax &&
           header.tail <= header.head && header.head - header.tail <= header.ring_bytes &&
           header.tail % 8 == 0 && header.head % 8 == 0 && header.head <= kPositionMax;
}

bool is_log(const LogHeader& header, std::size_t total_bytes) {
    return is_log_header(header) && log_memory_bytes(header.ring_bytes) <= total_bytes;
}

}  // namespace chatd
