// Fuzz target: what is done with text, from its bytes to a line, a name or a command.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "fuzz/claim.h"
#include "fuzz/script.h"
#include "fuzz/targets.h"
#include "text/clean.h"
#include "text/edit.h"
#include "text/encoding.h"
#include "text/name.h"
#include "text/utf8.h"
#include "text/width.h"
#include "worker/commands.h"
#include "worker/foreign_protocol.h"
#include "worker/input.h"

namespace chatd::fuzz {
namespace {

bool lies_in(std::string_view part, std::string_view whole) {
    return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

// --- UTF-8

void claim_decoding(std::string_view bytes) {
    std::size_t count = 0;
    std::string encoded;
    for (std::string_view rest = bytes; !rest.empty(); ++count) {
        const Decoded next = decode_utf8(rest);
        CLAIM(next.bytes >= 1 && next.bytes <= 4 && next.bytes <= rest.size());
        CLAIM(next.valid || next.code == kReplacementCharacter);
        CLAIM(next.code <= 0x10FFFF && (next.code < 0xD800 || next.code > 0xDFFF));
        encoded.clear();
        append_utf8(encoded, next.code);
        if (next.valid) CLAIM(encoded == rest.substr(0, next.bytes));
        rest.remove_prefix(next.bytes);
    }
    CLAIM(count_utf8(bytes) == count);
    CLAIM(columns_of(bytes) <= 2 * count);
}

// The cut text ends where the last code point ends that fits whole, as decoding finds it.
void claim_cut(std::string_view bytes, std::size_t most) {
    const std::string_view cut = cut_utf8(bytes, most);
    CLAIM(cut.size() <= most && bytes.starts_with(cut));
    std::size_t longest = 0;
    while (longest < bytes.size()) {
        const std::size_t next = longest + decode_utf8(bytes.substr(longest)).bytes;
        if (next > most) break;
        longest = next;
    }
    CLAIM(cut.size() == longest);
}

// --- Text

void claim_clean(std::string_view text) {
    CLAIM(is_clean_text(text));
    while (!text.empty()) {
        const Decoded next = decode_utf8(text);
        CLAIM(next.valid);
        CLAIM(next.code >= 0x20 && next.code != 0x7F && (next.code < 0x80 || next.code > 0x9F));
        text.remove_prefix(next.bytes);
    }
}

void claim_cleaning(std::string_view bytes) {
    const std::string clean = clean_text(bytes);
    claim_clean(clean);
    CLAIM(clean_text(clean) == clean);
    CLAIM(clean.size() <= 3 * bytes.size());
    CLAIM(is_clean_text(bytes) == (clean == bytes));
    const std::string_view trimmed = trim(clean);
    CLAIM(lies_in(trimmed, clean) && trim(trimmed) == trimmed);
    if (is_blank(clean)) CLAIM(trimmed.empty());
    for (std::size_t at = 0; at < clean.size(); at += decode_utf8(clean.substr(at)).bytes) {
        CLAIM(is_clean_text(trim(std::string_view(clean).substr(at))));
    }
}

void claim_editing(std::string_view bytes) {
    const std::string line = edited(bytes);
    CLAIM(line == bytes || is_clean_text(line));
    CLAIM(line.size() <= 3 * bytes.size());
}

// --- Names

void claim_name(std::string_view bytes) {
    const std::string key = fold_name(bytes);
    CLAIM(fold_name(key) == key);
    const std::string_view trimmed = trim_name(bytes);
    CLAIM(lies_in(trimmed, bytes) && trim_name(trimmed) == trimmed);
    CLAIM(trimmed.empty() == is_blank(bytes));
    const NameFault fault = check_name(bytes);
    CLAIM((fault == NameFault::Empty) == bytes.empty());
    CLAIM((fault == NameFault::TooLong) ==
          (bytes.size() > kNameBytesMax || count_utf8(bytes) > kNameCharactersMax));
    if (fault != NameFault::None) return;
    claim_clean(bytes);
    CLAIM(bytes.find(' ') == std::string_view::npos && !is_blank(bytes));
    CLAIM(bytes.front() != '/');
    CLAIM(may_be_name(bytes) && trim_name(bytes) == bytes);
    CLAIM(!key.empty() && !skeletons_of(bytes).front().empty());
}

// --- Lines

using Lines = std::vector<std::optional<std::string>>;  // nothing: one that was too long

void take_lines(LineReader& reader, Lines& lines) {
    while (const auto line = reader.next()) {
        CLAIM(line->text.size() <= kLineBytesMax && !(line->too_long && !line->text.empty()));
        lines.push_back(line->too_long ? std::nullopt : std::optional(line->text));
    }
    // A line that just fits, and the CR that may be the first half of its end.
    CLAIM(reader.buffered_bytes() <= kLineBytesMax + 1);
}

Lines lines_of(std::string_view bytes) {
    LineReader reader;
    Lines lines;
    reader.add(bytes);
    take_lines(reader, lines);
    reader.finish();
    take_lines(reader, lines);
    return lines;
}

Lines lines_in_pieces(std::string_view bytes, std::uint32_t seed) {
    LineReader reader;
    Lines lines;
    for_each_piece(bytes, seed, [&](std::string_view piece) {
        reader.add(piece);
        take_lines(reader, lines);
    });
    reader.finish();
    take_lines(reader, lines);
    return lines;
}

// --- Foreign protocols

// Text of a client that means another protocol is not read: how much of it was makes no difference.
struct Detected {
    std::string text;
    std::string_view protocol;

    bool operator==(const Detected& other) const {
        return protocol == other.protocol && (!protocol.empty() || text == other.text);
    }
};

class Detection {
  public:
    void add(std::string_view bytes) {
        if (!detected_.protocol.empty()) return;
        std::string text(bytes);
        detected_.protocol = detector_.filter(text);
        detected_.text += text;
    }

    Detected finish() {
        if (detected_.protocol.empty()) detected_.text += detector_.finish();
        return detected_;
    }

  private:
    ProtocolDetector detector_;
    Detected detected_;
};

Detected detect(std::string_view bytes) {
    Detection detection;
    detection.add(bytes);
    return detection.finish();
}

Detected detect_in_pieces(std::string_view bytes, std::uint32_t seed) {
    Detection detection;
    for_each_piece(bytes, seed, [&](std::string_view piece) { detection.add(piece); });
    return detection.finish();
}

// --- Commands

void claim_command(std::string_view line) {
    const Command command = parse_command(line);
    CLAIM(lies_in(command.argument, line));
    if (command.verb == Verb::Say) {
        CLAIM(command.word.empty() && command.argument == line);
        CLAIM(!trim(line).starts_with('/') || trim(line).starts_with("//"));
        return;
    }
    CLAIM(lies_in(command.word, line) && !command.word.empty());
    if (command.verb == Verb::SaySlash) return;
    CLAIM(trim(command.argument) == command.argument);
    const auto nearest = nearest_command(command.word);
    if (command.verb != Verb::Unknown) CLAIM(nearest.has_value());
    if (nearest) CLAIM(parse_command(*nearest).verb != Verb::Unknown);
}

}  // namespace

void fuzz_text(std::string_view input) {
    Script script(input);
    const std::uint32_t seed = script.byte();
    const std::string_view bytes = script.rest();

    claim_decoding(bytes);
    claim_cut(bytes, seed);
    claim_cut(bytes, bytes.size() / 2);
    claim_cleaning(bytes);
    claim_editing(bytes);
    (void)encoding_of(bytes);
    claim_name(bytes);
    claim_command(bytes);
    (void)protocol_of(bytes);
    CLAIM(detect_in_pieces(bytes, seed) == detect(bytes));

    const Lines lines = lines_of(bytes);
    CLAIM(lines_in_pieces(bytes, seed) == lines);
    for (const auto& line : lines) {
        if (!line) continue;
        claim_cleaning(*line);
        claim_name(trim(*line));
        claim_command(clean_text(*line));
    }
}

}  // namespace chatd::fuzz
