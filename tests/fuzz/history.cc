// Fuzz target: a history file to which anything has happened, taken up as it is and salvaged.
//
// The input edits a log that was whole; or it is the file itself.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "broker/room.h"
#include "fuzz/claim.h"
#include "fuzz/script.h"
#include "fuzz/targets.h"
#include "log/crowd.h"
#include "log/log.h"
#include "log/reader.h"
#include "log/salvage.h"

namespace chatd::fuzz {
namespace {

constexpr std::size_t kRing = kHistoryBytesMin;
constexpr HistorySize kSize{kRing, true};
constexpr std::size_t kFile = kSize.bytes();
constexpr std::int64_t kNow = 1'700'488'979'000;

// Aligned, as a log has to be; what is mapped has whole words too.
class Memory {
  public:
    explicit Memory(std::size_t bytes) : words_((bytes + 7) / 8), bytes_(bytes) {}
    explicit Memory(std::span<const std::byte> bytes) : Memory(bytes.size()) {
        std::ranges::copy(bytes, this->bytes().begin());
    }

    [[nodiscard]] std::span<std::byte> bytes() {
        return std::as_writable_bytes(std::span(words_)).first(bytes_);
    }

    void resize(std::size_t bytes) {
        words_.resize((bytes + 7) / 8);
        if (bytes < bytes_) std::ranges::fill(all().subspan(bytes), std::byte{0});
        bytes_ = bytes;
    }

  private:
    [[nodiscard]] std::span<std::byte> all() { return std::as_writable_bytes(std::span(words_)); }

    std::vector<std::uint64_t> words_;
    std::size_t bytes_;
};

Memory empty_log(std::size_t ring_bytes) {
    Memory memory(HistorySize{ring_bytes}.bytes());
    const LogHeader header = empty_log_header(ring_bytes);
    for (const std::size_t at : {std::size_t{0}, log_memory_bytes(ring_bytes)}) {
        std::memcpy(memory.bytes().subspan(at).data(), &header, sizeof header);
    }
    return memory;
}

// --- Logs that are whole

void say(Log& log, std::uint32_t number, std::size_t bytes) {
    Entry entry{};
    entry.kind = number % 7 == 3 ? EntryKind::Tell : EntryKind::Say;
    entry.from = 1 + number % 3;
    entry.to = entry.kind == EntryKind::Tell ? 3 : 0;
    entry.time_ms = kNow + number;
    entry.counter = number;
    log.append(entry, "bob", std::string(bytes, 'x'));
}

void comes_or_goes(Log& log, std::uint32_t number) {
    Entry entry{};
    entry.kind = number % 2 == 0 ? EntryKind::Join : EntryKind::Leave;
    entry.from = log.next_seq() - number % 2;
    entry.time_ms = kNow + number;
    log.append(entry, "carol", {});
}

Memory log_of(std::uint32_t entries, std::size_t most) {
    Memory memory = empty_log(kRing);
    Log log(memory.bytes());
    std::uint32_t state = 1;
    for (std::uint32_t i = 0; i < entries; ++i) {
        state = state * 1664525U + 1013904223U;
        if (i % 10 < 2) {
            comes_or_goes(log, i);
        } else {
            say(log, i, 1 + (state >> 8) % most);
        }
    }
    return memory;
}

// The logs range from a nearly empty one to one that went around the ring several times. The last
// one has many small entries of nearly the same length.
Memory& whole_log(std::uint8_t choice) {
    static std::array<Memory, 6> logs = {log_of(0, 1),     log_of(12, 60),    log_of(100, 800),
                                         log_of(300, 800), log_of(60, 12000), log_of(3000, 8)};
    return logs[choice % logs.size()];
}

// --- Damage

void overwrite(std::span<std::byte> file, std::size_t at, std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size() && at + i < file.size(); ++i) {
        file[at + i] = static_cast<std::byte>(bytes[i]);
    }
}

void copy(std::span<std::byte> file, std::size_t from, std::size_t to,
          std::span<const std::byte> source, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes && from + i < source.size() && to + i < file.size(); ++i) {
        file[to + i] = source[from + i];
    }
}

void set_field(std::span<std::byte> file, std::size_t field, std::uint64_t value) {
    const std::size_t at = field % (sizeof(LogHeader) / 8) * 8;
    overwrite(file, at, {reinterpret_cast<const char*>(&value), sizeof value});
}

// A sector that went to the wrong place.
void misplace(std::span<std::byte> file, std::size_t from, Script& script) {
    const std::size_t to = script.value<std::uint32_t>() % kFile / 8 * 8;
    const std::size_t bytes = script.value<std::uint16_t>();
    copy(file, from, to, Memory(file).bytes(), bytes);
}

// Pages of another time.
void bring_back(std::span<std::byte> file, std::size_t at, Script& script) {
    Memory& other = whole_log(script.byte());
    copy(file, at, at, other.bytes(), 4096U * (1U + script.byte() % 4U));
}

void damage(Memory& file, Script& script) {
    const std::span<std::byte> bytes = file.bytes();
    const std::uint8_t how = script.byte();
    const std::size_t at = script.value<std::uint32_t>() % kFile;
    switch (how % 8) {
        case 0: return overwrite(bytes, at, script.piece());
        case 1: return overwrite(bytes, at / 8 * 8, script.repeated(kRing));
        case 2: return misplace(bytes, at / 8 * 8, script);
        case 3: return bring_back(bytes, at / 4096 * 4096, script);
        case 4: return set_field(bytes, at, script.value<std::uint64_t>());
        case 5:  // bounds that could be true
            return set_field(bytes, 3 + at % 3, script.value<std::uint32_t>() / 8 * 8);
        case 6: return file.resize(at);
        default: return file.resize(bytes.size() + at % 8192);
    }
}

Memory damaged_file(Script& script) {
    const std::uint8_t choice = script.byte();
    if (choice == 0xFF) return Memory(std::as_bytes(std::span(script.rest())));
    Memory file(whole_log(choice).bytes());
    // Each edit damages the result of the one before. More than a few would find nothing new.
    for (int edits = 0; !script.done() && edits < 16; ++edits) damage(file, script);
    return file;
}

// --- Claims

// All that is read from a log by its readers.
void claim_readable(const Log& log) {
    std::array<Piece, 4> pieces;
    std::size_t entries = SIZE_MAX;
    for (const std::uint64_t session : {std::uint64_t{0}, std::uint64_t{3}}) {
        for (const Reading reading : {Reading::Live, Reading::Replay}) {
            for (Position at = log.tail(); at < log.head();) {
                const std::size_t count =
                    collect_pieces(log, &at, log.head(), session, reading, pieces, entries);
                for (std::size_t i = 0; i < count; ++i) {
                    std::string_view bytes = pieces[i].bytes;
                    Frame frame{};
                    while (!bytes.empty()) CLAIM(take_frame(bytes, frame) == FrameStatus::Whole);
                }
            }
        }
        (void)crowds_between(log, log.tail(), log.head(), session);
        Log::Search search = log.search(log.head(), kReplayMax, session);
        CLAIM(log.go_on(search, entries));
        CLAIM(search.begin >= log.tail() && search.begin <= log.head());
        (void)log.messages_before(search.begin);
    }
}

// A walk from the oldest entry to the newest and a walk back pass the same entries. All of them are
// whole and in order.
std::vector<std::uint64_t> claim_entries(const Log& log) {
    std::vector<std::uint64_t> seqs;
    std::vector<Position> places;
    for (Position at = log.tail(); at < log.head();) {
        const LogEntry found = log.entry_at(at);
        CLAIM(whole_entry(found.frame.bytes).has_value());
        CLAIM(seqs.empty() || found.entry.seq > seqs.back());
        seqs.push_back(found.entry.seq);
        places.push_back(found.at);
        CLAIM(found.next > at);
        at = found.next;
    }
    CLAIM(seqs.empty() || log.next_seq() > seqs.back());
    std::size_t left = places.size();
    for (auto found = log.newest(); found; found = log.before(*found)) {
        CLAIM(left > 0 && found->at == places[--left]);
    }
    CLAIM(left == 0);
    return seqs;
}

// The same of a log and its archive, which has only what was said to all before the log begins.
std::vector<std::uint64_t> claim_history(const Log& log) {
    std::vector<std::uint64_t> seqs;
    if (const Log* const archive = log.archive()) {
        seqs = claim_entries(*archive);
        claim_readable(*archive);
    }
    claim_readable(log);
    for (const std::uint64_t seq : claim_entries(log)) {
        CLAIM(seqs.empty() || seq > seqs.back());
        seqs.push_back(seq);
    }
    CLAIM(seqs.empty() || log.next_seq() > seqs.back());
    return seqs;
}

// Uses a file of any content as the next broker would.
void claim_use(std::span<std::byte> file) {
    LogHeader header{};
    if (file.size() < sizeof header) return;
    std::memcpy(&header, file.data(), sizeof header);
    if (!is_log(header, file.size())) return;
    // A log that is whole loses nothing.
    Memory copy(file);
    if (is_whole_history(copy.bytes())) CLAIM(std::ranges::equal(copy.bytes(), file));
    Log log(file);
    (void)claim_history(log);
    Memory table(Members::memory_bytes(2));
    Room room(table.bytes(), log, kNow);
    const auto admission = room.attach({100, 1, 0, "alice", "192.0.2.7:1"}, kNow);
    CLAIM(admission.member != nullptr);
    Post post{1, EntryKind::Say, {}, {}};
    for (; post.counter < 4; ++post.counter) {
        CLAIM(room.post(*admission.member, post, {}, std::string(4000, 'y'), kNow));
    }
    (void)claim_history(log);
}

std::size_t fitting(std::size_t ring_bytes) {
    return std::clamp(ring_bytes, kHistoryBytesMin, 6 * kRing) / 8 * 8;
}

Memory restored(const Salvage& salvage) {
    Memory memory = empty_log(fitting(salvage.ring_bytes()));
    Log log(memory.bytes());
    const std::uint64_t kept = salvage.restore(log);
    CLAIM(kept == claim_history(log).size());
    return memory;
}

std::vector<std::uint64_t> seqs_of(Memory memory) {
    return claim_history(Log(memory.bytes()));
}

void claim_salvage(std::span<const std::byte> file, std::optional<HistorySize> size) {
    const Salvage salvage(file, size);
    (void)salvage.loss();
    Memory result = restored(salvage);
    const std::vector<std::uint64_t> seqs = seqs_of(result);
    CLAIM(salvage.is_log() || seqs.empty());
    CLAIM(is_whole_history(Memory(result.bytes()).bytes()));
    // Salvaged once more, though it is whole, it is the same.
    Memory again = restored(Salvage(result.bytes()));
    CLAIM(std::ranges::equal(result.bytes(), again.bytes()));
}

}  // namespace

// Each input is used in one of three ways only, because each way takes milliseconds.
void fuzz_history(std::string_view input) {
    Script script(input);
    const std::uint8_t way = script.byte();
    Memory file = damaged_file(script);
    // This copy has exactly the length of the file, so that the sanitizers notice a read beyond it.
    const std::vector<std::byte> exact(file.bytes().begin(), file.bytes().end());
    switch (way % 3) {
        case 0: return claim_use(file.bytes());
        case 1: return claim_salvage(exact, std::nullopt);
        default: return claim_salvage(exact, kSize);
    }
}

}  // namespace chatd::fuzz
