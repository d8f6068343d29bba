#include "text/encoding.h"

#include "text/utf8.h"

namespace chatd {
namespace {

bool is_between(unsigned char byte, unsigned char first, unsigned char last) {
    return byte >= first && byte <= last;
}

// A character of two bytes. The ranges are those of the WHATWG Encoding Standard, and of the most
// frequent characters: the first level of GB 2312, and that of Big5.
struct Pair {
    unsigned char lead;
    unsigned char trail;

    [[nodiscard]] bool is_gbk() const {
        return is_between(lead, 0x81, 0xFE) && is_between(trail, 0x40, 0xFE) && trail != 0x7F;
    }
    [[nodiscard]] bool is_big5() const {
        return is_between(lead, 0xA1, 0xF9) &&
               (is_between(trail, 0x40, 0x7E) || is_between(trail, 0xA1, 0xFE));
    }
    [[nodiscard]] bool is_frequent_in_gbk() const {
        return is_between(lead, 0xB0, 0xD7) && is_between(trail, 0xA1, 0xFE);
    }
    [[nodiscard]] bool is_frequent_in_big5() const { return is_between(lead, 0xA4, 0xC6); }
};

// What a line tells for one of the two encodings.
struct Hints {
    bool is_good = true;    // each character is one of it
    bool frequent = false;  // some character is a frequent one in it
    bool alone = false;     // and in the other encoding none

    void add(bool good, bool is_frequent, bool is_frequent_in_other) {
        is_good &= good;
        frequent |= is_frequent;
        alone |= is_frequent && !is_frequent_in_other;
    }
    [[nodiscard]] bool may_be() const { return is_good && frequent; }
};

// Other encodings make characters of two bytes by chance, but hardly any of three.
bool is_utf8(std::string_view line) {
    std::size_t good_bytes = 0;
    std::size_t bad_bytes = 0;
    while (!line.empty()) {
        const Decoded next = decode_utf8(line);
        if (next.valid && next.bytes > 2) good_bytes += next.bytes;
        if (!next.valid) bad_bytes += next.bytes;
        line.remove_prefix(next.bytes);
    }
    return good_bytes >= bad_bytes;
}

}  // namespace

Encoding encoding_of(std::string_view line) {
    if (is_utf8(line)) return Encoding::Utf8;
    Hints gbk;
    Hints big5;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const auto lead = static_cast<unsigned char>(line[at]);
        if (lead < 0x80) continue;
        if (++at == line.size()) return Encoding::Unknown;
        const Pair pair{lead, static_cast<unsigned char>(line[at])};
        gbk.add(pair.is_gbk(), pair.is_frequent_in_gbk(), pair.is_frequent_in_big5());
        big5.add(pair.is_big5(), pair.is_frequent_in_big5(), pair.is_frequent_in_gbk());
    }
    if (gbk.may_be() && big5.may_be() && gbk.alone == big5.alone) return Encoding::GbkOrBig5;
    if (gbk.may_be() && (gbk.alone || !big5.may_be())) return Encoding::Gbk;
    return big5.may_be() ? Encoding::Big5 : Encoding::Unknown;
}

// "This chat room uses UTF-8, please change the encoding of your terminal to UTF-8."
std::string advice_in(Encoding encoding) {
    switch (encoding) {
        case Encoding::Utf8:
        case Encoding::Unknown: return {};
        case Encoding::Gbk:
            return "\xB1\xBE\xC1\xC4\xCC\xEC\xCA\xD2\xCA\xB9\xD3\xC3 UTF-8\xA3\xAC\xC7\xEB\xB0\xD1"
                   "\xD6\xD5\xB6\xCB\xB5\xC4\xB1\xE0\xC2\xEB\xB8\xC4\xCE\xAA UTF-8\xA1\xA3\n";
        case Encoding::Big5:
            return "\xA5\xBB\xB2\xE1\xA4\xD1\xAB\xC7\xA8\xCF\xA5\xCE UTF-8\xA1\x41\xBD\xD0\xA7\xE2"
                   "\xB2\xD7\xBA\xDD\xBE\xF7\xAA\xBA\xBD\x73\xBD\x58\xA7\xEF\xAC\xB0 "
                   "UTF-8\xA1\x43\n";
        case Encoding::GbkOrBig5: return advice_in(Encoding::Gbk) + advice_in(Encoding::Big5);
    }
    return {};
}

}  // namespace chatd
