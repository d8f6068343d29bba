#include "text/name.h"

#include <algorithm>

#include "base/bounds.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace chatd {
namespace {

bool has_only_good_characters(std::string_view name) {
    std::size_t marks_left = 0;
    bool has_letter_or_digit = false;
    while (!name.empty()) {
        const Decoded next = decode_utf8(name);
        if (!next.valid) return false;
        name.remove_prefix(next.bytes);
        const bool letter = is_letter(next.code);
        if (letter || is_digit(next.code)) {
            marks_left = letter ? kNameMarksMax : 0;
            has_letter_or_digit = true;
        } else if (is_combining_mark(next.code)) {
            if (marks_left == 0) return false;
            --marks_left;
        } else if (next.code == '_' || next.code == '-' || next.code == '.') {
            marks_left = 0;
        } else {
            return false;
        }
    }
    return has_letter_or_digit;
}

// Marks above and below a letter look the same in any order. Which order they get does not matter,
// as long as it is always the same; this one is simpler than that of Unicode normalization.
void sort_marks(std::u32string& text) {
    for (auto at = text.begin(); at != text.end();) {
        const auto marks = std::find_if(at, text.end(), is_combining_mark);
        at = std::find_if_not(marks, text.end(), is_combining_mark);
        std::sort(marks, at);
    }
}

// The key that counts a capital I as `capital_i`.
std::string skeleton(std::u32string_view prototypes, char32_t capital_i) {
    std::string key;
    for (const char32_t code : prototypes) append_utf8(key, code == U'I' ? capital_i : code);
    return key;
}

}  // namespace

NameFault check_name(std::string_view name) {
    if (name.empty()) return NameFault::Empty;
    // The bytes are compared first, so that a very long name is not read to its end.
    if (name.size() > kNameBytesMax || count_utf8(name) > kNameCharactersMax) {
        return NameFault::TooLong;
    }
    if (!has_only_good_characters(name)) return NameFault::BadCharacter;
    return NameFault::None;
}

std::string fold_name(std::string_view name) {
    std::string key;
    key.reserve(name.size());
    while (!name.empty()) {
        const Decoded next = decode_utf8(name);
        append_utf8(key, fold_case(next.code));
        name.remove_prefix(next.bytes);
    }
    return key;
}

std::array<std::string, 2> skeletons_of(std::string_view name) {
    std::u32string prototypes;
    while (!name.empty()) {
        const Decoded next = decode_utf8(name);
        append_prototype(prototypes, next.code);
        name.remove_prefix(next.bytes);
    }
    sort_marks(prototypes);
    return {skeleton(prototypes, U'l'), skeleton(prototypes, U'i')};
}

}  // namespace chatd
