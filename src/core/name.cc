// Rules for names; see name.h for the contracts.

#include "core/name.h"

#include <cstddef>

#include "bounds.h"
#include "core/unicode.h"
#include "core/utf8.h"

namespace chatd {
namespace {

bool is_punctuation(char32_t code) {
    return code == '_' || code == '-' || code == '.';
}

bool is_too_long(std::string_view name) {
    // The bytes come first, so that a hostile name is not counted to its end.
    return name.size() > kNameBytesMax || count_utf8(name) > kNameCharactersMax;
}

bool has_only_good_characters(std::string_view name) {
    std::size_t marks_left = 0;
    bool has_letter_or_digit = false;
    while (!name.empty()) {
        const Decoded next = decode_utf8(name);
        if (!next.valid) return false;
        name.remove_prefix(next.bytes);
        if (is_letter(next.code)) {
            marks_left = kNameMarksMax;
            has_letter_or_digit = true;
        } else if (is_combining_mark(next.code)) {
            if (marks_left == 0) return false;
            --marks_left;
        } else if (is_digit(next.code)) {
            marks_left = 0;
            has_letter_or_digit = true;
        } else if (is_punctuation(next.code)) {
            marks_left = 0;
        } else {
            return false;
        }
    }
    return has_letter_or_digit;
}

}  // namespace

NameFault check_name(std::string_view name) {
    if (name.empty()) return NameFault::Empty;
    if (is_too_long(name)) return NameFault::TooLong;
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

}  // namespace chatd
