#include "text/clean.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/bounds.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace chatd {
namespace {

// The ways in which cleaning treats a character.
enum class Fate : std::uint8_t {
    Keep,
    Space,            // replaces it by a space
    Replace,          // replaces it by U+FFFD
    Drop,             // drops it alone
    Escape,           // drops it and the rest of its escape sequence
    SingleShift,      // drops it and a letter behind it
    ControlSequence,  // drops it, its parameters and its final byte
    ControlString,    // drops it and everything up to its terminator
};

struct FateRange {
    char32_t first;
    char32_t last;
    Fate fate;
};

// Sorted. A code that is not listed is kept. Some are not listed on purpose: U+00AD, the soft
// hyphen, because pasted text is full of it and it is drawn as a hyphen or not at all; U+200B,
// because it parts words in Thai and Khmer; U+200C and U+200D, because they shape words and emoji.
constexpr FateRange kFates[] = {
    {0x0000, 0x0008, Fate::Drop},             // C0
    {0x0009, 0x0009, Fate::Space},            // TAB
    {0x000A, 0x001A, Fate::Drop},             // C0
    {0x001B, 0x001B, Fate::Escape},           // ESC
    {0x001C, 0x001F, Fate::Drop},             // C0
    {0x007F, 0x008E, Fate::Drop},             // DEL and C1
    {0x008F, 0x008F, Fate::SingleShift},      // SS3
    {0x0090, 0x0090, Fate::ControlString},    // DCS
    {0x0091, 0x0097, Fate::Drop},             // C1
    {0x0098, 0x0098, Fate::ControlString},    // SOS
    {0x0099, 0x009A, Fate::Drop},             // C1
    {0x009B, 0x009B, Fate::ControlSequence},  // CSI
    {0x009C, 0x009C, Fate::Drop},             // ST, with no string to end
    {0x009D, 0x009F, Fate::ControlString},    // OSC, PM, APC
    {0x061C, 0x061C, Fate::Drop},             // Arabic letter mark, a bidi control
    {0x200E, 0x200F, Fate::Drop},             // left-to-right mark, right-to-left mark
    {0x2028, 0x2029, Fate::Space},            // line separator, paragraph separator
    {0x202A, 0x202E, Fate::Drop},             // bidi embeddings and overrides
    {0x2066, 0x2069, Fate::Drop},             // bidi isolates
    {0xFDD0, 0xFDEF, Fate::Replace},          // noncharacters; for the others see fate_of()
    {0xFEFF, 0xFEFF, Fate::Drop},             // byte order mark
    {0xFFF9, 0xFFFB, Fate::Drop},             // interlinear annotation
    {0xE0000, 0xE007F, Fate::Drop},           // tags: can hide whole messages
};
static_assert(std::ranges::is_sorted(kFates, {}, &FateRange::last));

Fate fate_of(const Decoded& character) {
    if (!character.valid) return Fate::Replace;
    // The last two code points of every plane are noncharacters.
    if ((character.code & 0xFFFE) == 0xFFFE) return Fate::Replace;
    const FateRange* row = std::ranges::lower_bound(kFates, character.code, {}, &FateRange::last);
    return row != std::end(kFates) && row->first <= character.code ? row->fate : Fate::Keep;
}

bool is_mark(char32_t code) {
    return is_combining_mark(code) || is_enclosing_mark(code);
}

// Follows the characters of a line that are kept, and knows how many marks may still come next.
class Marks {
  public:
    // Call this for every character that is kept, in order. Returns false for a mark too many,
    // which must not be kept then.
    bool admits(char32_t code) {
        if (is_han(code)) {
            left_ = kTextMarksMax;
        } else if (is_mark(code)) {
            if (left_ == 0) return false;
            --left_;
        } else if (!is_default_ignorable(code)) {
            left_ = carried_by(code);
        }
        return true;
    }

    // Does the same for a printable ASCII character, which needs no tables and is always admitted.
    void pass(char byte) { left_ = carried_by(static_cast<unsigned char>(byte)); }

  private:
    // Whole lines consist of Chinese characters: this saves three look-ups in tables for each.
    static bool is_han(char32_t code) { return code >= 0x3400 && code <= 0x9FFF; }

    static std::size_t carried_by(char32_t code) { return code == ' ' ? 0 : kTextMarksMax; }

    std::size_t left_ = 0;
};

// Returns how many bytes at the front of `line` are clean. Nothing else decides that: clean_text()
// and is_clean_text() both use it. `marks` has seen what stands before the bytes, and sees them
// too.
std::size_t clean_prefix_bytes(std::string_view line, Marks& marks) {
    std::size_t bytes = 0;
    while (bytes < line.size()) {
        // Most lines are ASCII: this saves decoding and look-ups in tables for them.
        if (line[bytes] >= 0x20 && line[bytes] <= 0x7E) {
            marks.pass(line[bytes]);
            ++bytes;
            continue;
        }
        const Decoded next = decode_utf8(line.substr(bytes));
        if (fate_of(next) != Fate::Keep || !marks.admits(next.code)) break;
        bytes += next.bytes;
    }
    return bytes;
}

// The character at the front of `rest`. ESC with a byte 0x40..0x5F is taken as one character: it is
// another way to write a C1 control (ECMA-48 5.3).
Decoded decode_control(std::string_view rest) {
    constexpr char32_t kEscape = 0x1B;
    const Decoded next = decode_utf8(rest);
    if (next.code != kEscape || rest.size() < 2 || rest[1] < 0x40 || rest[1] > 0x5F) return next;
    return {static_cast<char32_t>(rest[1] + 0x40), 2, true};
}

// ECMA-48 defines the parts of a sequence as ranges of bytes.
struct ByteRange {
    char first;
    char last;

    [[nodiscard]] bool has(char byte) const { return byte >= first && byte <= last; }
};

constexpr ByteRange kParameters{0x30, 0x3F};
// ECMA-48 has the slash too, but no terminal is told anything by it: behind a stray ESC it begins a
// command, and private words must not go to everybody because the command was taken for a sequence.
constexpr ByteRange kIntermediates{0x20, 0x2E};
constexpr ByteRange kControlFinal{0x40, 0x7E};
constexpr ByteRange kEscapeFinal{0x30, 0x7E};

// Returns how many bytes at the front of `body`, which follows an introducer, belong to the control
// string; 0 if the line does not finish it. In ECMA-48 BEL is no terminator. For xterm it is one,
// and other terminals do the same.
std::size_t control_string_bytes(std::string_view body) {
    for (std::size_t at = 0; at < body.size(); ++at) {
        if (body[at] == '\a') return at + 1;
        const std::string_view pair = body.substr(at, 2);
        if (pair == "\x1B\\" || pair == "\xC2\x9C") return at + 2;
    }
    return 0;
}

// Cleans one line, which must outlive this object.
class Cleaner {
  public:
    explicit Cleaner(std::string_view line) : rest_(line) { clean_.reserve(line.size()); }

    std::string run() && {
        take_clean_prefix();
        while (!rest_.empty()) {
            take_unclean_character();
            take_clean_prefix();
        }
        return std::move(clean_);
    }

  private:
    void take_clean_prefix() {
        const std::size_t bytes = clean_prefix_bytes(rest_, marks_);
        clean_.append(rest_.substr(0, bytes));
        rest_.remove_prefix(bytes);
    }

    void take_unclean_character() {
        const Decoded next = decode_control(rest_);
        rest_.remove_prefix(next.bytes);
        switch (fate_of(next)) {
            case Fate::Keep:  // a mark too many: take_clean_prefix() takes all others
            case Fate::Drop: break;
            case Fate::Space: put(U' '); break;
            case Fate::Replace: put(kReplacementCharacter); break;
            case Fate::Escape: skip_sequence({kIntermediates}, kEscapeFinal); break;
            case Fate::SingleShift: skip_letter(); break;
            case Fate::ControlSequence: skip_control_sequence(); break;
            case Fate::ControlString: skip_control_string(); break;
        }
    }

    void put(char32_t code) {
        (void)marks_.admits(code);  // True: it is no mark.
        append_utf8(clean_, code);
    }

    // Any number of bytes of each part follow the introducer, and then a final byte. When the line
    // does not finish the sequence, nothing is skipped.
    void skip_sequence(std::initializer_list<ByteRange> parts, ByteRange final) {
        std::size_t at = 0;
        for (const ByteRange part : parts) {
            while (at < rest_.size() && part.has(rest_[at])) ++at;
        }
        if (at < rest_.size() && final.has(rest_[at])) rest_.remove_prefix(at + 1);
    }

    // The keypad of a terminal sends such letters. The key of its slash sends a letter as well, so
    // a slash is one that was typed.
    void skip_letter() {
        const char byte = rest_.empty() ? '\0' : rest_.front();
        const bool is_letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        if (is_letter) rest_.remove_prefix(1);
    }

    // The function keys of the Linux console send a second bracket, and then a letter.
    void skip_control_sequence() {
        if (!rest_.starts_with('['))
            return skip_sequence({kParameters, kIntermediates}, kControlFinal);
        rest_.remove_prefix(1);
        skip_letter();
    }

    // When the rest of the line holds no terminator, what follows holds none either. Without
    // remembering this, a line of a thousand introducers would take quadratic time.
    void skip_control_string() {
        if (no_terminator_left_) return;
        const std::size_t bytes = control_string_bytes(rest_);
        no_terminator_left_ = bytes == 0;
        rest_.remove_prefix(bytes);
    }

    std::string_view rest_;
    std::string clean_;
    Marks marks_;
    bool no_terminator_left_ = false;
};

bool draws_nothing(char32_t code) {
    return is_space_like(code) || is_default_ignorable(code);
}

// The last character of `text`, which must not be empty.
Decoded decode_last(std::string_view text) {
    std::size_t at = text.size() - 1;
    while (at > 0 && text.size() - at < 4 && (text[at] & 0xC0) == 0x80) --at;
    const Decoded last = decode_utf8(text.substr(at));
    return at + last.bytes == text.size() ? last : Decoded{kReplacementCharacter, 1, false};
}

}  // namespace

std::string clean_text(std::string_view line) {
    return Cleaner(line).run();
}

bool is_clean_text(std::string_view line) {
    Marks marks;
    return clean_prefix_bytes(line, marks) == line.size();
}

bool is_blank(std::string_view line) {
    while (!line.empty()) {
        const Decoded next = decode_utf8(line);
        if (!draws_nothing(next.code)) return false;
        line.remove_prefix(next.bytes);
    }
    return true;
}

std::string_view trim(std::string_view text) {
    while (!text.empty()) {
        const Decoded first = decode_utf8(text);
        if (!draws_nothing(first.code) && !is_mark(first.code)) break;
        text.remove_prefix(first.bytes);
    }
    while (!text.empty()) {
        const Decoded last = decode_last(text);
        if (!is_space_like(last.code)) break;
        text.remove_suffix(last.bytes);
    }
    return text;
}

}  // namespace chatd
