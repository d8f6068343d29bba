#include "text/name.h"

#include <algorithm>

#include "base/bounds.h"
#include "text/clean.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace chatd {
namespace {

// The characters of `name`, a Hangul syllable as one. Ill-formed bytes are kReplacementCharacter,
// which may stand in no name.
std::u32string characters_of(std::string_view name) {
    std::u32string text;
    while (!name.empty()) {
        const Decoded next = decode_utf8(name);
        name.remove_prefix(next.bytes);
        if (text.empty() || !compose_syllable(text.back(), next.code)) text += next.code;
    }
    return text;
}

// The apostrophe in ASCII, the one that word processors make of it, its wide form, and two letters
// that look like it.
bool is_apostrophe(char32_t code) {
    constexpr std::u32string_view kApostrophes = U"'\u2019\uFF07\u02BB\u02BC";
    return kApostrophes.find(code) != kApostrophes.npos;
}

// Behind a letter of Hebrew, an apostrophe is a geresh: it changes the letter, also the last one.
bool is_hebrew_letter(char32_t code) {
    constexpr char32_t kAlef = 0x05D0;
    constexpr char32_t kTav = 0x05EA;
    return code >= kAlef && code <= kTav;
}

// --- Good names

// Where the character stands that carries the marks up to `at`.
std::size_t carrier_of(std::u32string_view text, std::size_t at) {
    while (at > 0 && is_combining_mark(text[at])) --at;
    return at;
}

bool may_be_marked(std::u32string_view text, std::size_t at) {
    const std::size_t letter = carrier_of(text, at);
    return is_letter(text[letter]) && at - letter <= kNameMarksMax && text[at] != text[at - 1];
}

// The contexts A1, A2 and B of UAX #31, section 2.3.1. A vowel sign that follows a joiner has no
// letter to stand on, so nothing has to be said of it here.
bool may_join(std::u32string_view text, std::size_t at) {
    const bool is_last = at + 1 == text.size();
    if (at == 0) return false;
    if (is_virama(text[at - 1])) {
        return text[at] == kZeroWidthJoiner || (!is_last && is_letter(text[at + 1]));
    }
    return text[at] == kZeroWidthNonJoiner && !is_last &&
           joins_next(text[carrier_of(text, at - 1)]) && joins_previous(text[at + 1]);
}

bool may_punctuate(std::u32string_view text, std::size_t at) {
    constexpr char32_t kGeresh = 0x05F3;
    const auto is_of_word = [](char32_t code) {
        return is_letter(code) || is_digit(code) || code == kGeresh;
    };
    if (at == 0 || !is_of_word(text[carrier_of(text, at - 1)])) return false;
    const bool is_inside = at + 1 < text.size() && is_of_word(text[at + 1]);
    const bool is_geresh = text[at] == kGeresh || is_apostrophe(text[at]);
    return is_inside || (is_geresh && is_hebrew_letter(text[at - 1]));
}

bool may_stand(std::u32string_view text, std::size_t at) {
    const char32_t code = text[at];
    if (systems_of(code) == 0) return false;
    if (is_letter(code) || is_digit(code) || code == U'_') return true;
    if (is_combining_mark(code)) return may_be_marked(text, at);
    return is_default_ignorable(code) ? may_join(text, at) : may_punctuate(text, at);
}

bool has_good_form(std::u32string_view text) {
    bool says_something = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!may_stand(text, at)) return false;
        says_something |= is_digit(text[at]) || (is_letter(text[at]) && !is_apostrophe(text[at]));
    }
    return says_something;
}

// Whether no writing system has all characters, or the digits do not count from one zero.
bool is_mixture(std::u32string_view text) {
    std::uint32_t systems = kAllSystems;
    char32_t zero = 0;
    for (const char32_t code : text) {
        systems &= systems_of(code);
        if (!is_digit(code)) continue;
        if (zero != 0 && zero != zero_of(code)) return true;
        zero = zero_of(code);
    }
    return systems == 0;
}

// --- Keys

// What `append` makes of the characters that can be seen, in an order of marks that does not depend
// on the name's: marks above and below a letter look the same in any order. Which order they get
// does not matter; this one is simpler than that of Unicode normalization.
std::u32string mapped(std::u32string_view text,
                      void (*append)(std::u32string& out, char32_t code)) {
    std::u32string key;
    for (const char32_t code : text) {
        if (!is_default_ignorable(code)) append(key, code);
    }
    for (auto at = key.begin(); at != key.end();) {
        const auto marks = std::find_if(at, key.end(), is_combining_mark);
        at = std::find_if_not(marks, key.end(), is_combining_mark);
        std::sort(marks, at);
    }
    return key;
}

// Whether people overlook this character behind `last`: an apostrophe; one more "_", which runs
// into the last one; a dot above a letter that has one, or is as thin as one.
bool is_overlooked(char32_t code, char32_t last) {
    constexpr char32_t kDotAbove = 0x0307;
    constexpr std::u32string_view kDotted = U"ijl\u0131\u0456\u0458";  // also in Cyrillic
    if (code == kDotAbove) return kDotted.find(last) != kDotted.npos;
    if (is_apostrophe(code)) return !is_hebrew_letter(last);
    return code == U'_' && last == U'_';
}

std::u32string without_overlooked(std::u32string_view text) {
    std::u32string rest;
    for (const char32_t code : text) {
        if (!is_overlooked(code, rest.empty() ? U'\0' : rest.back())) rest += code;
    }
    return rest;
}

// The key that counts a capital I as `capital_i`.
std::string skeleton(std::u32string_view prototypes, char32_t capital_i) {
    std::string key;
    for (const char32_t code : prototypes) append_utf8(key, code == U'I' ? capital_i : code);
    return key;
}

}  // namespace

std::string_view trim_name(std::string_view typed) {
    std::size_t begin = typed.size();
    std::size_t end = 0;
    char32_t last = 0;
    for (std::size_t at = 0; at < typed.size();) {
        const Decoded next = decode_utf8(typed.substr(at));
        const bool shapes_last = next.code == kZeroWidthJoiner && is_virama(last);
        if (shapes_last || !is_blank(typed.substr(at, next.bytes))) {
            begin = std::min(begin, at);
            end = at + next.bytes;
        }
        at += next.bytes;
        last = next.code;
    }
    return typed.substr(begin, end - std::min(begin, end));
}

NameFault check_name(std::string_view name) {
    if (name.empty()) return NameFault::Empty;
    // The bytes are compared first, so that a very long name is not read to its end.
    if (name.size() > kNameBytesMax || count_utf8(name) > kNameCharactersMax) {
        return NameFault::TooLong;
    }
    const std::u32string text = characters_of(name);
    if (!has_good_form(text)) return NameFault::BadCharacter;
    return is_mixture(text) ? NameFault::Mixture : NameFault::None;
}

bool may_be_name(std::string_view name) {
    if (name.empty() || name.size() > kNameBytesMax || !is_clean_text(name)) return false;
    return std::ranges::all_of(characters_of(name), [](char32_t code) {
        return is_letter(code) || is_digit(code) || is_combining_mark(code) ||
               systems_of(code) != 0;
    });
}

std::string fold_name(std::string_view name) {
    std::string key;
    for (const char32_t code : mapped(characters_of(name), append_folding)) append_utf8(key, code);
    return key;
}

std::array<std::string, 2> skeletons_of(std::string_view name) {
    const std::u32string text = without_overlooked(characters_of(name));
    const std::u32string prototypes = mapped(text, append_prototype);
    return {skeleton(prototypes, U'l'), skeleton(prototypes, U'i')};
}

}  // namespace chatd
