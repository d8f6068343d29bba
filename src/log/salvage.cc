#include "log/salvage.h"

#include <algorithm>
#include <utility>

#include "base/bounds.h"

namespace chatd {
namespace {

// Can a log begin with this header, however much of it is left? A log moves its tail only when it
// needs room, so while much room is left, the tail must be 0.
bool is_sound(const LogHeader& header) {
    if (!is_log(header, SIZE_MAX)) return false;
    const std::uint64_t used = header.head - header.tail;
    return header.tail == 0 || header.ring_bytes - used <= 3 * kFrameBytesMax;
}

// Bytes behind the head in which entries are looked for. Damage comes in pages, and a large ring
// that is nearly empty must not be read as a whole at each start.
constexpr Position kReach = Position{1} << 20;

// Are there entries behind the head that are newer than the oldest before it? Then the head
// has fallen back, or a broker has cut off what lay behind a damaged place. One entry that leads
// back to the newest does not count: a writer died after it wrote the entry and before it moved the
// head.
bool more_lies_behind(const Log& log, std::span<const std::byte> ring) {
    const std::string_view all(reinterpret_cast<const char*>(ring.data()), ring.size());
    const Position end = std::min(log.tail() + ring.size(), log.head() + kReach);
    const std::optional<LogEntry> newest = log.newest();
    const std::uint64_t oldest = newest ? log.entry_at(log.tail()).entry.seq : 0;
    const auto would_follow = [&](Position at, const Entry& entry) {
        return entry.seq >= log.next_seq() && entry.back_bytes == (newest ? at - newest->at : 0);
    };
    bool died_in_append = false;
    for (Position at = log.head(); at < end; at += 8) {
        const std::optional<Frame> frame = whole_entry(all.substr(at % ring.size(), end - at));
        if (!frame) continue;
        const auto entry = frame->as<Entry>();
        const bool is_next = would_follow(at, entry) && !std::exchange(died_in_append, true);
        if (entry.seq > oldest && !is_next) return true;
        at += frame->bytes.size() - 8;
    }
    return false;
}

// Is this a log, without an archive, of which nothing is lost?
bool is_whole_log(std::span<std::byte> copy) {
    const LogHeader header = header_of(copy);
    if (!is_sound(header) || log_memory_bytes(header.ring_bytes) != copy.size()) return false;
    const Log log(copy);
    return log.lost_bytes() == 0 &&
           !more_lies_behind(log, copy.subspan(kLogHeaderBytes, header.ring_bytes));
}

std::span<const std::byte> from(std::span<const std::byte> bytes, std::size_t offset) {
    return bytes.subspan(std::min(offset, bytes.size()));
}

}  // namespace

bool is_whole_history(std::span<std::byte> copy) {
    const LogHeader header = header_of(copy);
    if (!is_log(header, copy.size())) return false;
    const std::size_t log_bytes = log_memory_bytes(header.ring_bytes);
    const std::span<std::byte> archive = copy.subspan(log_bytes);
    const auto is_zero = [](std::byte byte) { return byte == std::byte{}; };
    const bool has_no_archive =
        archive.size() <= log_bytes && std::ranges::all_of(archive, is_zero);
    if (!is_whole_log(copy.first(log_bytes)) || !(has_no_archive || is_whole_log(archive))) {
        return false;
    }
    // An archive that is newer than its log, after a crash of the machine, would leave the log with
    // a tail that nobody believes the next time.
    (void)Log(copy);
    return is_sound(header_of(copy));
}

Salvage::Salvage(std::span<const std::byte> bytes, std::optional<HistorySize> size)
    : bytes_(bytes),
      header_(header_of(bytes)),
      ring_bytes_(size ? size->ring_bytes / 8 * 8 : likely_ring_bytes()),
      missing_bytes_(size ? ring_bytes_ - ring_from(0).size() : 0),
      header_is_sound_(is_sound(header_) && header_.ring_bytes == ring_bytes_),
      tail_(header_is_sound_ ? header_.tail % ring_bytes_ : 0) {
    // The search begins at the tail, because the first one found of two equal numbers is kept.
    find(tail_, ring_bytes_);
    find(0, tail_);
    std::ranges::stable_sort(found_, {}, &Found::seq);
    const auto same = [](const Found& one, const Found& other) { return one.seq == other.seq; };
    found_.erase(std::unique(found_.begin(), found_.end(), same), found_.end());
    // The tail is a place in the ring only if the size of the ring is certain.
    const bool is_certain = size || log_memory_bytes(ring_bytes_) <= bytes.size();
    if (header_is_sound_ && is_certain) drop_forgotten();
    const std::span<const std::byte> behind = from(bytes, log_memory_bytes(ring_bytes_));
    // As long as no entry had to leave the log, most likely nothing was in an archive that is gone.
    const bool had_entries = !behind.empty() || !header_is_sound_ || header_.tail != 0;
    const bool has_archive = size ? size->has_archive : !behind.empty();
    if (has_archive && had_entries) {
        archive_ = std::make_unique<Salvage>(behind, HistorySize{ring_bytes_, false});
    }
}

// In a file with an archive, both halves have a header, and one of them is enough to know that. A
// header that is alone is believed when the log went beyond the present end of the file. Otherwise
// the size that it says must not be far from the size of the file.
std::size_t Salvage::likely_ring_bytes() const {
    const auto ring_in = [](std::size_t bytes) {
        const std::size_t ring = bytes < kLogHeaderBytes ? 0 : (bytes - kLogHeaderBytes) / 8 * 8;
        return ring < kHistoryBytesMin ? 0 : std::min(ring, kHistoryBytesMax);
    };
    const std::size_t there = ring_in(bytes_.size());
    const std::size_t half = ring_in(bytes_.size() / 2);
    const LogHeader behind = header_of(from(bytes_, bytes_.size() / 2));
    if (half != 0 && (has_log_magic(behind) || header_.ring_bytes == half)) return half;
    if (!is_sound(header_)) return there == 0 ? kHistoryBytes : there;
    if (header_.head > there) return header_.ring_bytes;
    return std::clamp(header_.ring_bytes, half, std::max(there, kHistoryBytes));
}

// The bytes of the ring from `offset` on, as far as the file has them.
std::string_view Salvage::ring_from(std::size_t offset) const {
    const std::size_t end = std::min(bytes_.size(), kLogHeaderBytes + ring_bytes_);
    const std::size_t begin = std::min(end, kLogHeaderBytes + offset);
    return {reinterpret_cast<const char*>(bytes_.data()) + begin, end - begin};
}

// Finds the whole entries that begin in this part of the ring.
void Salvage::find(std::size_t begin, std::size_t end) {
    for (std::size_t offset = begin; offset < end; offset += 8) {
        const std::string_view rest = ring_from(offset);
        if (rest.size() < sizeof(FrameHeader)) break;
        const std::optional<Frame> frame = whole_entry(rest);
        if (!frame) continue;
        const auto entry = frame->as<Entry>();
        const auto entry_bytes = static_cast<std::uint32_t>(frame->bytes.size());
        found_.push_back({entry.seq, offset, entry_bytes, entry.back_bytes});
        offset += entry_bytes - 8;
    }
}

// Drops entries that are older than the first one behind the tail: the log had let them go, and
// they were left where nothing was written since, or under a pad. A tail that lies within an entry
// is wrong; then nothing is dropped.
void Salvage::drop_forgotten() {
    if (found_.empty()) return;
    const std::size_t tail = skip_pad(tail_);
    const auto around_tail = [tail](const Found& entry) {
        return entry.offset < tail && tail < entry.offset + entry.bytes;
    };
    if (std::ranges::any_of(found_, around_tail)) return;
    const auto from_tail = [&](const Found& entry) { return distance(tail, entry.offset); };
    found_.erase(found_.begin(), std::ranges::min_element(found_, {}, from_tail));
}

// Bytes from one place of the ring forward to another, around the end of the ring if need be.
std::size_t Salvage::distance(std::size_t from, std::size_t to) const {
    return from <= to ? to - from : ring_bytes_ - from + to;
}

// The place of the next entry: 0 when a pad lies at `offset`, `offset` otherwise.
std::size_t Salvage::skip_pad(std::size_t offset) const {
    return is_pad(ring_from(offset), ring_bytes_ - offset) ? 0 : offset;
}

// Does everything that was found lie between tail and head?
bool Salvage::bounds_fit() const {
    if (!header_is_sound_) return false;
    const std::uint64_t used = header_.head - header_.tail;
    const auto inside = [&](const Found& entry) {
        return distance(tail_, entry.offset) + entry.bytes <= used;
    };
    return found_.empty() || (inside(found_.front()) && inside(found_.back()));
}

bool Salvage::is_log() const {
    if (!found_.empty() || (archive_ != nullptr && archive_->is_log())) return true;
    return has_log_magic(header_) &&
           (header_.version == kLogVersion || bytes_.size() < sizeof header_);
}

Salvage::Loss Salvage::loss() const {
    Loss loss;
    add_up(loss);
    if (archive_ != nullptr) archive_->add_up(loss);
    if (loss.places == 0) loss.places = 1;  // the end of the ring, which held nothing
    return loss;
}

// Adds what is lost of the log itself, without its archive.
void Salvage::add_up(Loss& loss) const {
    const auto add = [&loss](std::uint64_t bytes) {
        if (bytes == 0) return;
        ++loss.places;
        loss.bytes += bytes;
    };
    for (const std::size_t gap : gaps()) add(gap);
    if (!bounds_fit()) {
        add(sizeof header_);
        add(missing_bytes_);
        loss.is_upper_bound |= missing_bytes_ != 0;
    } else if (found_.empty()) {
        add(header_.head - header_.tail);
    } else {
        const Found& newest = found_.back();
        add(distance(skip_pad(tail_), found_.front().offset));
        add(header_.head - header_.tail - distance(tail_, newest.offset) - newest.bytes);
    }
}

// The sizes of the gaps between entries that are neighbours in the ring now, but were not in the
// log. What lies before the oldest entry and behind the newest is no gap.
std::vector<std::size_t> Salvage::gaps() const {
    std::vector<Found> around = found_;
    std::ranges::sort(around, {}, &Found::offset);
    std::vector<std::size_t> gaps;
    for (std::size_t i = 0; i < around.size(); ++i) {
        const Found& before = around[i];
        const Found& next = around[(i + 1) % around.size()];
        if (before.seq == found_.back().seq || next.seq == found_.front().seq) continue;
        const std::size_t step = distance(before.offset, next.offset);
        if (next.back_bytes != step) gaps.push_back(step - before.bytes);
    }
    return gaps;
}

std::uint64_t Salvage::restore(Log& log) const {
    if (archive_ != nullptr) {
        Log& older = log.archive() == nullptr ? log : *log.archive();
        archive_->append_to(older);
        log.continue_after(older.next_seq() - 1);
    }
    append_to(log);
    std::uint64_t held = 0;
    for (const Log* part = &log; part != nullptr; part = part->archive()) {
        for (Position at = part->tail(); at < part->head(); at = part->entry_at(at).next) ++held;
    }
    return held;
}

void Salvage::append_to(Log& log) const {
    for (const Found& one : found_) {
        // The file may have been damaged further since the entry was found.
        const std::optional<Frame> frame = whole_entry(ring_from(one.offset));
        if (!frame || frame->as<Entry>().seq != one.seq) continue;
        // The writer died when the archive had the entry, and the log had it still.
        if (one.seq < log.next_seq()) continue;
        log.append_with_seq(frame->as<Entry>(), frame->name, frame->text);
    }
}

}  // namespace chatd
