// Binary search in the generated tables; see unicode.h for what they mean.

#include "core/unicode.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace chatd {
namespace {

// Both bounds are part of the range. Tables are sorted and their ranges do not overlap.
struct CodeRange {
    char32_t first;
    char32_t last;
};

// Folds first, first + stride, ... last by adding `delta`; the codes between fold to themselves.
struct FoldRange {
    char32_t first;
    char32_t last;
    std::int32_t delta;
    std::uint32_t stride;
};

#include "core/unicode_data.inc"

// The range of `table` that `code` lies in, or null.
template <typename Range, std::size_t size>
const Range* find_range(const Range (&table)[size], char32_t code) {
    const auto ends_before = [](const Range& range, char32_t value) { return range.last < value; };
    const Range* range = std::lower_bound(std::begin(table), std::end(table), code, ends_before);
    return range != std::end(table) && range->first <= code ? range : nullptr;
}

}  // namespace

bool is_letter(char32_t code) {
    return find_range(kLetters, code) != nullptr;
}

bool is_digit(char32_t code) {
    return find_range(kDigits, code) != nullptr;
}

bool is_letter_or_digit(char32_t code) {
    return is_letter(code) || is_digit(code);
}

bool is_combining_mark(char32_t code) {
    return find_range(kCombiningMarks, code) != nullptr;
}

bool is_space(char32_t code) {
    return find_range(kSpaces, code) != nullptr;
}

bool is_default_ignorable(char32_t code) {
    return find_range(kDefaultIgnorable, code) != nullptr;
}

char32_t fold_case(char32_t code) {
    const FoldRange* range = find_range(kSimpleFolding, code);
    if (range == nullptr || (code - range->first) % range->stride != 0) return code;
    return static_cast<char32_t>(static_cast<std::int32_t>(code) + range->delta);
}

}  // namespace chatd
