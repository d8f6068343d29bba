#include "text/unicode.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace chatd {
namespace {

// All tables are sorted, and their ranges do not overlap. Both bounds are part of a range.
struct CodeRange {
    char32_t first;
    char32_t last;
};

// Folds first, first + stride, ... last by adding `delta`. The codes between them fold to
// themselves.
struct FoldRange {
    char32_t first;
    char32_t last;
    std::int32_t delta;
    std::uint32_t stride;
};

struct SystemsRange {
    char32_t first;
    char32_t last;
    std::uint32_t systems;
};

// What `code` becomes: `size` codes of kNameText, from `begin` on.
struct Expansion {
    char32_t code;
    std::uint16_t begin;
    std::uint16_t size;
};

#include "text/names_data.inc"
#include "text/unicode_data.inc"

// The range of `table` in which `code` lies; null if there is none.
template <typename Range>
const Range* find_range(std::span<const Range> table, char32_t code) {
    const auto range = std::ranges::lower_bound(table, code, {}, &Range::last);
    return range != table.end() && range->first <= code ? &*range : nullptr;
}

template <typename Range, std::size_t size>
const Range* find_range(const Range (&table)[size], char32_t code) {
    return find_range(std::span<const Range>(table), code);
}

// Folds `code` as `table` says; none if no range of the table folds it.
std::optional<char32_t> fold(std::span<const FoldRange> table, char32_t code) {
    const FoldRange* range = find_range(table, code);
    if (range == nullptr || (code - range->first) % range->stride != 0) return std::nullopt;
    return static_cast<char32_t>(static_cast<std::int32_t>(code) + range->delta);
}

// Tables that say what becomes of a character. One that is in neither is looked for once more, with
// its case folded.
struct Mapping {
    std::span<const FoldRange> runs;
    std::span<const Expansion> others;

    // Returns false, and appends nothing, when the tables do not have this code.
    bool append_listed(std::u32string& out, char32_t code) const {
        if (const auto folded = fold(runs, code)) {
            out += *folded;
            return true;
        }
        const auto found = std::ranges::lower_bound(others, code, {}, &Expansion::code);
        if (found == others.end() || found->code != code) return false;
        out.append(kNameText + found->begin, found->size);
        return true;
    }

    void append(std::u32string& out, char32_t code) const {
        if (append_listed(out, code)) return;
        const char32_t folded = fold_case(code);
        if (!append_listed(out, folded)) out += folded;
    }
};

constexpr Mapping kToLook{kLookAlikeRuns, kLookAlikes};
constexpr Mapping kToFolding{kFoldingRuns, kFoldings};

// A Hangul syllable is composed of a lead, a vowel and perhaps a tail; which ones follows from its
// code (The Unicode Standard 15.0, section 3.12).
constexpr char32_t kSyllablesFirst = 0xAC00;
constexpr char32_t kSyllablesLast = 0xD7A3;
constexpr char32_t kLeadFirst = 0x1100;
constexpr char32_t kVowelFirst = 0x1161;
constexpr char32_t kBeforeTails = 0x11A7;
constexpr char32_t kLeads = 19;
constexpr char32_t kVowels = 21;
constexpr char32_t kTails = 28;  // "no tail" is one of them

bool is_syllable(char32_t code) {
    return code >= kSyllablesFirst && code <= kSyllablesLast;
}

void append_mapped(std::u32string& out, char32_t code, const Mapping& mapping) {
    if (!is_syllable(code)) return mapping.append(out, code);
    const char32_t index = code - kSyllablesFirst;
    mapping.append(out, kLeadFirst + index / kTails / kVowels);
    mapping.append(out, kVowelFirst + index / kTails % kVowels);
    if (index % kTails != 0) mapping.append(out, kBeforeTails + index % kTails);
}

}  // namespace

bool is_letter(char32_t code) {
    return find_range(kLetters, code) != nullptr;
}

char32_t zero_of(char32_t code) {
    constexpr char32_t kDigitsOfOneKind = 10;
    const CodeRange* range = find_range(kDigits, code);
    return range == nullptr ? 0 : code - (code - range->first) % kDigitsOfOneKind;
}

bool is_combining_mark(char32_t code) {
    return find_range(kCombiningMarks, code) != nullptr;
}

bool is_enclosing_mark(char32_t code) {
    return find_range(kEnclosingMarks, code) != nullptr;
}

bool is_space(char32_t code) {
    return find_range(kSpaces, code) != nullptr;
}

bool is_space_like(char32_t code) {
    // Zero width space, Braille pattern blank, the two Hangul fillers that have a width of their
    // own, Egyptian hieroglyph half and full blank.
    constexpr std::u32string_view kEmpty = U"\t\u200B\u2800\u3164\uFFA0\U00013441\U00013442";
    return is_space(code) || kEmpty.find(code) != kEmpty.npos;
}

bool is_default_ignorable(char32_t code) {
    return find_range(kDefaultIgnorable, code) != nullptr;
}

bool is_wide(char32_t code) {
    return find_range(kWide, code) != nullptr;
}

bool is_zero_width(char32_t code) {
    return find_range(kZeroWidth, code) != nullptr;
}

char32_t fold_case(char32_t code) {
    return fold(kSimpleFolding, code).value_or(code);
}

std::uint32_t systems_of(char32_t code) {
    const SystemsRange* range = find_range(kNameCharacters, code);
    return range == nullptr ? 0 : range->systems;
}

bool is_virama(char32_t code) {
    return find_range(kViramas, code) != nullptr;
}

bool joins_next(char32_t code) {
    return find_range(kJoinNext, code) != nullptr;
}

bool joins_previous(char32_t code) {
    return find_range(kJoinPrevious, code) != nullptr;
}

bool compose_syllable(char32_t& last, char32_t next) {
    if (last - kLeadFirst < kLeads && next - kVowelFirst < kVowels) {
        last = kSyllablesFirst + ((last - kLeadFirst) * kVowels + (next - kVowelFirst)) * kTails;
        return true;
    }
    const bool has_tail = (last - kSyllablesFirst) % kTails != 0;
    if (!is_syllable(last) || has_tail || next - kBeforeTails - 1 >= kTails - 1) return false;
    last += next - kBeforeTails;
    return true;
}

void append_folding(std::u32string& out, char32_t code) {
    append_mapped(out, code, kToFolding);
}

void append_prototype(std::u32string& out, char32_t code) {
    append_mapped(out, code, kToLook);
}

}  // namespace chatd
