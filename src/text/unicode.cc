#include "text/unicode.h"

#include <algorithm>
#include <cstdint>
#include <optional>

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

// The prototype of `code`: `size` codes of kPrototypeText, from `begin` on.
struct Prototype {
    char32_t code;
    std::uint16_t begin;
    std::uint16_t size;
};

#include "text/confusables_data.inc"
#include "text/unicode_data.inc"

// The range of `table` in which `code` lies; null if there is none.
template <typename Range, std::size_t size>
const Range* find_range(const Range (&table)[size], char32_t code) {
    const Range* range = std::ranges::lower_bound(table, code, {}, &Range::last);
    return range != std::end(table) && range->first <= code ? range : nullptr;
}

// Folds `code` as `table` says; none if no range of the table folds it.
template <std::size_t size>
std::optional<char32_t> fold(const FoldRange (&table)[size], char32_t code) {
    const FoldRange* range = find_range(table, code);
    if (range == nullptr || (code - range->first) % range->stride != 0) return std::nullopt;
    return static_cast<char32_t>(static_cast<std::int32_t>(code) + range->delta);
}

// Returns false, and appends nothing, when the tables have no prototype for this code.
bool append_listed_prototype(std::u32string& out, char32_t code) {
    if (const auto folded = fold(kLookAlikeRuns, code)) {
        out += *folded;
        return true;
    }
    const Prototype* found = std::ranges::lower_bound(kPrototypes, code, {}, &Prototype::code);
    if (found == std::end(kPrototypes) || found->code != code) return false;
    out.append(kPrototypeText + found->begin, found->size);
    return true;
}

// A Hangul syllable is composed of a lead, a vowel and perhaps a tail; which ones follows from its
// code (The Unicode Standard 15.0, section 3.12).
constexpr char32_t kSyllablesFirst = 0xAC00;
constexpr char32_t kSyllablesLast = 0xD7A3;
constexpr char32_t kLeadFirst = 0x1100;
constexpr char32_t kVowelFirst = 0x1161;
constexpr char32_t kBeforeTails = 0x11A7;
constexpr char32_t kVowels = 21;
constexpr char32_t kTails = 28;  // "no tail" is one of them

void append_syllable_prototype(std::u32string& out, char32_t syllable) {
    const char32_t index = syllable - kSyllablesFirst;
    append_prototype(out, kLeadFirst + index / kTails / kVowels);
    append_prototype(out, kVowelFirst + index / kTails % kVowels);
    if (index % kTails != 0) append_prototype(out, kBeforeTails + index % kTails);
}

}  // namespace

bool is_letter(char32_t code) {
    return find_range(kLetters, code) != nullptr;
}

bool is_digit(char32_t code) {
    return find_range(kDigits, code) != nullptr;
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

bool is_default_ignorable(char32_t code) {
    return find_range(kDefaultIgnorable, code) != nullptr;
}

char32_t fold_case(char32_t code) {
    return fold(kSimpleFolding, code).value_or(code);
}

void append_prototype(std::u32string& out, char32_t code) {
    if (code >= kSyllablesFirst && code <= kSyllablesLast) {
        return append_syllable_prototype(out, code);
    }
    if (append_listed_prototype(out, code)) return;
    const char32_t folded = fold_case(code);
    if (!append_listed_prototype(out, folded)) out += folded;
}

}  // namespace chatd
