#include "text/cluster.h"

#include <algorithm>

#include "text/unicode.h"
#include "text/utf8.h"
#include "text/width.h"

namespace chatd {
namespace {

constexpr std::string_view kPictureSelector = "\uFE0F";  // VS16: the sign before it is an emoji

bool is_between(char32_t code, char32_t first, char32_t last) {
    return code >= first && code <= last;
}

bool is_regional_indicator(char32_t code) {
    return is_between(code, 0x1F1E6, 0x1F1FF);
}

// The blocks that have all signs which a joiner makes one picture of (emoji-zwj-sequences.txt).
bool is_picture(char32_t code) {
    return is_between(code, 0x2190, 0x2BFF) ||
           (is_between(code, 0x1F000, 0x1FAFF) && !is_regional_indicator(code));
}

bool is_skin_tone(char32_t code) {
    return is_between(code, 0x1F3FB, 0x1F3FF);
}

// Belongs to the character before it, whatever that is.
bool attaches(char32_t code) {
    return is_zero_width(code) || is_combining_mark(code) || is_skin_tone(code);
}

// Vowels and tails have no width, so they attach to anything.
bool is_hangul_lead(char32_t code) {
    return is_between(code, 0x1100, 0x115F) || is_between(code, 0xA960, 0xA97C);
}
bool is_hangul_syllable(char32_t code) {
    return is_between(code, 0xAC00, 0xD7A3);
}

// May `code` belong to the same cluster as `before`, which stands before it? What stands before
// both decides about flags and joiners: see Cluster.
bool may_continue(char32_t before, char32_t code) {
    return attaches(code) || (before == kZeroWidthJoiner && is_picture(code)) ||
           (is_regional_indicator(before) && is_regional_indicator(code)) ||
           (is_hangul_lead(before) && (is_hangul_lead(code) || is_hangul_syllable(code)));
}

// One cluster, character by character.
class Cluster {
  public:
    explicit Cluster(char32_t first) : is_picture_(is_picture(first)), last_(first) {}

    // Does the next character belong to the cluster?
    bool takes(char32_t code) {
        if (!may_continue(last_, code)) return false;
        if (!attaches(code)) {
            if (is_picture(code) && !is_picture_) return false;
            if (is_regional_indicator(code) && is_flag_) return false;
            is_flag_ = is_regional_indicator(code);
        }
        last_ = code;
        return true;
    }

  private:
    bool is_picture_;
    bool is_flag_ = false;  // has two regional indicators
    char32_t last_;
};

// Where the character begins before byte `at`. Never after where decoding from the front would
// begin it: a byte that is no continuation begins a character.
std::size_t previous_character(std::string_view text, std::size_t at) {
    while (--at > 0 && (text[at] & 0xC0) == 0x80) continue;
    return at;
}

char32_t code_at(std::string_view text, std::size_t at) {
    return decode_utf8(text.substr(at)).code;
}

}  // namespace

std::size_t next_cluster(std::string_view text, std::size_t at) {
    if (at >= text.size()) return text.size();
    const Decoded first = decode_utf8(text.substr(at));
    Cluster cluster(first.code);
    for (at += first.bytes; at < text.size();) {
        const Decoded next = decode_utf8(text.substr(at));
        if (!cluster.takes(next.code)) break;
        at += next.bytes;
    }
    return at;
}

// Goes back to where a cluster begins for certain, and from there forward again.
std::size_t previous_cluster(std::string_view text, std::size_t at) {
    if (at == 0) return 0;
    std::size_t begin = previous_character(text, at);
    while (begin > 0) {
        const std::size_t before = previous_character(text, begin);
        if (!may_continue(code_at(text, before), code_at(text, begin))) break;
        begin = before;
    }
    for (std::size_t end = begin; (end = next_cluster(text, begin)) < at;) begin = end;
    return begin;
}

std::size_t cluster_columns(std::string_view cluster) {
    const bool may_be_drawn_wide = cluster.find(kPictureSelector) != cluster.npos ||
                                   (!cluster.empty() && is_regional_indicator(code_at(cluster, 0)));
    return std::max<std::size_t>(columns_of(cluster), may_be_drawn_wide ? 2 : 0);
}

}  // namespace chatd
