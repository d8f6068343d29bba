#include "log/log.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/check.h"
#include "base/fault.h"

namespace chatd {
namespace {

constexpr char kMagic[8] = {'c', 'h', 'a', 't', 'd', 'l', 'o', 'g'};

// No log gets so far; one that says so is damaged.
constexpr Position kPositionMax = Position{1} << 62;
constexpr std::uint64_t kSeqMax = std::uint64_t{1} << 62;

constexpr std::size_t kChecksumOffset = sizeof(FrameHeader) + offsetof(Entry, checksum);

// FNV-1a over 64-bit words: fast, and against accidents, not against an enemy.
std::uint32_t checksum_of(std::string_view frame) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (std::size_t i = 0; i < frame.size(); i += 8) {
        std::uint64_t word;
        std::memcpy(&word, frame.data() + i, sizeof word);
        hash = (hash ^ word) * 0x100000001b3;
    }
    return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

void set_checksum(std::string& frame) {
    const std::uint32_t sum = checksum_of(frame);
    std::memcpy(frame.data() + kChecksumOffset, &sum, sizeof sum);
}

bool checksum_is_right(std::string_view frame, std::string& scratch) {
    scratch.assign(frame);
    std::uint32_t expected;
    std::memcpy(&expected, scratch.data() + kChecksumOffset, sizeof expected);
    std::memset(scratch.data() + kChecksumOffset, 0, sizeof expected);
    return checksum_of(scratch) == expected;
}

std::uint64_t counts_as_message(const Entry& entry) {
    return is_message(entry.kind) && entry.to == 0 ? 1 : 0;
}

}  // namespace

std::optional<Frame> whole_entry(std::string_view bytes) {
    Frame frame{};
    if (take_frame(bytes, frame) != FrameStatus::Whole || frame.type != FrameType::Entry ||
        frame.bytes.size() % 8 != 0) {
        return std::nullopt;
    }
    const auto entry = frame.as<Entry>();
    if (entry.seq == 0 || entry.seq > kSeqMax || entry.messages > entry.seq) return std::nullopt;
    std::string scratch;
    if (!checksum_is_right(frame.bytes, scratch)) return std::nullopt;
    return frame;
}

bool is_pad(std::string_view bytes, std::size_t rest) {
    FrameHeader header;
    if (bytes.size() < sizeof header) return false;
    std::memcpy(&header, bytes.data(), sizeof header);
    return header.type == FrameType::Pad && header.bytes == rest;
}

LogHeader Log::empty_header(std::size_t ring_bytes) {
    LogHeader header{};
    std::memcpy(header.magic, kMagic, sizeof kMagic);
    header.version = kLogVersion;
    header.header_bytes = kLogHeaderBytes;
    header.ring_bytes = ring_bytes / 8 * 8;
    return header;
}

bool Log::has_magic(const LogHeader& header) {
    return std::memcmp(header.magic, kMagic, sizeof kMagic) == 0;
}

bool Log::is_header(const LogHeader& header) {
    return has_magic(header) && header.version == kLogVersion &&
           header.header_bytes == kLogHeaderBytes && header.ring_bytes % 8 == 0 &&
           header.ring_bytes >= kHistoryBytesMin && header.ring_bytes <= kHistoryBytesMax &&
           header.tail <= header.head && header.head - header.tail <= header.ring_bytes &&
           header.tail % 8 == 0 && header.head % 8 == 0 && header.head <= kPositionMax;
}

bool Log::is_log(const LogHeader& header, std::size_t total_bytes) {
    return is_header(header) && memory_bytes(header.ring_bytes) <= total_bytes;
}

Log::Log(std::span<std::byte> memory)
    : header_(reinterpret_cast<LogHeader*>(memory.data())),
      ring_(memory.subspan(kLogHeaderBytes, header_->ring_bytes)) {
    CHATD_CHECK(is_log(*header_, memory.size()));
    recover();
}

// Walks all that is there: what follows from it is not stored a second time, so nothing can
// disagree after a crash.
void Log::recover() {
    tail_ = header_->tail;
    const Position end = header_->head;
    Position at = tail_;
    Position whole = at;  // a pad without its entry goes too
    while (at < end) {
        const std::size_t rest = ring_.size() - at % ring_.size();
        if (rest <= end - at && is_pad(run_at(at, end), rest)) {
            at += rest;
            continue;
        }
        if (!follows(at, end)) break;
        if (at % ring_.size() == 0) note_lap(whole, at);
        head_ = end;  // entry_at checks against it
        const LogEntry entry = entry_at(at);
        note(entry);
        at = whole = entry.next;
    }
    lost_bytes_ = end - whole;
    head_ = whole;
    if (lost_bytes_ != 0) move_head(whole);
}

// What lies at `at` in one piece, not past `end`.
std::string_view Log::run_at(Position at, Position end) const {
    return {reinterpret_cast<const char*>(place(at)),
            std::min<std::size_t>(end - at, ring_.size() - at % ring_.size())};
}

// Is there a whole entry that comes after all before it? What an earlier lap left is older, and
// what was written to the wrong place does not lead back to the one before.
bool Log::follows(Position at, Position end) const {
    const std::optional<Frame> frame = whole_entry(run_at(at, end));
    if (!frame) return false;
    const auto entry = frame->as<Entry>();
    const bool leads_back = empty_ ? entry.back_bytes == 0 || at < tail_ + entry.back_bytes
                                   : at == newest_ + entry.back_bytes;
    return leads_back && entry.seq >= next_seq_ && entry.messages >= messages_;
}

Position Log::synced() const {
    return std::clamp<Position>(header_->synced, tail_, head_);
}

void Log::note_synced() {
    header_->synced = head_;
}

void Log::rewrite_unsynced() {
    const auto rewrite = [](volatile std::byte* byte) {
        const std::byte same = *byte;
        *byte = same;
    };
    rewrite(reinterpret_cast<std::byte*>(header_));
    // One byte of each page would do, but this is simpler.
    for (Position at = synced(); at < head_; at += 8) rewrite(place(at));
}

LogEntry Log::append(Entry entry, std::string_view name, std::string_view text) {
    entry.seq = next_seq_;
    entry.messages = 0;
    return restore(entry, name, text);
}

LogEntry Log::restore(Entry entry, std::string_view name, std::string_view text) {
    CHATD_CHECK(entry.seq >= next_seq_);
    entry.messages = std::max(entry.messages, messages_ + counts_as_message(entry));
    entry.checksum = 0;
    entry.back_bytes = 0;
    scratch_.clear();
    append_frame(scratch_, entry, name, text);
    make_room(scratch_.size());

    Position at = head_;
    const std::size_t rest = ring_.size() - at % ring_.size();
    if (rest < scratch_.size()) {
        const FrameHeader pad{static_cast<std::uint32_t>(rest), kFrameVersion, FrameType::Pad, 0,
                              0};
        std::memcpy(place(at), &pad, sizeof pad);
        note_lap(at, at + rest);
        at = lap_begin_;
    } else if (at % ring_.size() == 0) {
        note_lap(at, at);
    }
    entry.back_bytes = empty_ ? 0 : static_cast<std::uint32_t>(at - newest_);
    scratch_.replace(sizeof(FrameHeader), sizeof entry, reinterpret_cast<const char*>(&entry),
                     sizeof entry);
    set_checksum(scratch_);
    std::memcpy(place(at), scratch_.data(), scratch_.size());
    fault_point("broker:in-append");
    move_head(at + scratch_.size());
    fault_point("broker:after-append");

    const LogEntry added = entry_at(at);
    note(added);
    return added;
}

void Log::continue_after(std::uint64_t seq) {
    next_seq_ = std::max(next_seq_, seq + 1);
}

// Keeps what follows from the entries up to date.
void Log::note(const LogEntry& added) {
    empty_ = false;
    newest_ = added.at;
    next_seq_ = added.entry.seq + 1;
    messages_ = added.entry.messages;
    if (added.entry.to != 0) private_end_ = added.next;
    if (is_message(added.entry.kind)) newest_message_ = added.at;
}

void Log::note_lap(Position end, Position begin) {
    lap_end_ = end;
    lap_begin_ = begin;
}

// Lets old entries go until `bytes` fit in one piece.
void Log::make_room(std::size_t bytes) {
    const std::size_t rest = ring_.size() - head_ % ring_.size();
    const std::size_t needed = rest < bytes ? rest + bytes : bytes;
    CHATD_CHECK(needed <= ring_.size());
    Position tail = tail_;
    while (head_ + needed - tail > ring_.size()) tail += header_at(tail).bytes;
    if (tail != tail_) move_tail(tail);
}

// Another process may look at the memory after this one died: the order of the stores is all it can
// rely on, so the compiler must keep it.
void Log::move_head(Position head) {
    std::atomic_ref(header_->head).store(head, std::memory_order_release);
    head_ = head;
}

void Log::move_tail(Position tail) {
    std::atomic_ref(header_->tail).store(tail, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    tail_ = tail;
}

FrameHeader Log::header_at(Position at) const {
    FrameHeader header;
    std::memcpy(&header, place(at), sizeof header);
    return header;
}

LogEntry Log::entry_at(Position at) const {
    CHATD_CHECK(at >= tail_ && at < head_);
    if (header_at(at).type == FrameType::Pad) at += header_at(at).bytes;
    std::string_view bytes(reinterpret_cast<const char*>(place(at)),
                           ring_.size() - at % ring_.size());
    LogEntry found{};
    CHATD_CHECK(take_frame(bytes, found.frame) == FrameStatus::Whole);
    found.entry = found.frame.as<Entry>();
    found.at = at;
    found.next = at + found.frame.bytes.size();
    return found;
}

std::optional<LogEntry> Log::newest() const {
    if (empty_) return std::nullopt;
    return entry_at(newest_);
}

std::optional<LogEntry> Log::before(const LogEntry& entry) const {
    const std::uint32_t back_bytes = entry.entry.back_bytes;
    if (back_bytes == 0 || entry.at < tail_ + back_bytes) return std::nullopt;
    return entry_at(entry.at - back_bytes);
}

Position Log::after_seq(std::uint64_t seq) const {
    Position position = head_;
    for (auto entry = newest(); entry && entry->entry.seq > seq; entry = before(*entry)) {
        position = entry->at;
    }
    return position;
}

Log::Stretch Log::last_messages(Position end, std::uint32_t count, std::uint64_t session) const {
    Stretch found{end, 0};
    if (!newest_message_ || *newest_message_ < tail_) return found;
    std::optional<LogEntry> entry = entry_at(*newest_message_);
    for (; entry && found.messages < count; entry = before(*entry)) {
        if (entry->at >= end || !is_replayed_for(entry->entry, session)) continue;
        found.begin = entry->at;
        ++found.messages;
    }
    return found;
}

std::size_t Log::collect(Position* from, Position to, std::uint64_t session, Reading reading,
                         std::span<Piece> pieces) const {
    // Nearly always nothing in between is private, and the whole stretch goes out as it lies.
    if (reading == Reading::Live && *from >= private_end_) return collect_all(from, to, pieces);

    std::size_t filled = 0;
    while (*from < to) {
        const LogEntry found = entry_at(*from);
        if (found.at >= to) {  // only the pad before it lay in between
            *from = to;
            break;
        }
        if (reading == Reading::Live ? is_for(found.entry, session)
                                     : is_replayed_for(found.entry, session)) {
            const std::string_view bytes = found.frame.bytes;
            Piece* const last = filled == 0 ? nullptr : &pieces[filled - 1];
            if (last != nullptr && last->bytes.data() + last->bytes.size() == bytes.data()) {
                last->bytes = {last->bytes.data(), last->bytes.size() + bytes.size()};
            } else if (filled < pieces.size()) {
                pieces[filled++] = {found.at, bytes};
            } else {
                return filled;
            }
        }
        *from = found.next;
    }
    return filled;
}

// At most two pieces: up to the pad, and from the beginning of the ring.
std::size_t Log::collect_all(Position* from, Position to, std::span<Piece> pieces) const {
    CHATD_CHECK(pieces.size() >= 2);
    std::size_t filled = 0;
    const auto add = [&](Position begin, Position end) {
        if (begin < end) {
            pieces[filled++] = {begin, {reinterpret_cast<const char*>(place(begin)), end - begin}};
        }
    };
    if (*from < lap_begin_ && lap_begin_ <= to) {
        add(*from, lap_end_);
        add(lap_begin_, to);
    } else {
        add(*from, to);
    }
    *from = to;
    return filled;
}

Log::Cut Log::cut(std::span<const Piece> pieces, std::size_t bytes) {
    while (!pieces.empty() && bytes >= pieces.front().bytes.size()) {
        bytes -= pieces.front().bytes.size();
        pieces = pieces.subspan(1);
    }
    CHATD_CHECK(!pieces.empty());
    std::string_view left = pieces.front().bytes;
    Position next = pieces.front().at;
    while (bytes > 0) {
        FrameHeader header;
        std::memcpy(&header, left.data(), sizeof header);
        next += header.bytes;
        if (bytes < header.bytes) return {next, left.substr(bytes, header.bytes - bytes)};
        bytes -= header.bytes;
        left.remove_prefix(header.bytes);
    }
    return {next, {}};
}

std::uint64_t Log::messages_before(Position at) const {
    if (at == head_) return messages_;
    const Entry entry = entry_at(at).entry;
    return entry.messages - counts_as_message(entry);
}

}  // namespace chatd
