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
    bool may_be_gbk = true;
    bool may_be_big5 = true;
    int gbk = 0;
    int big5 = 0;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const auto lead = static_cast<unsigned char>(line[at]);
        if (lead < 0x80) continue;
        if (++at == line.size()) return Encoding::Unknown;
        const Pair pair{lead, static_cast<unsigned char>(line[at])};
        may_be_gbk &= pair.is_gbk();
        may_be_big5 &= pair.is_big5();
        gbk += pair.is_frequent_in_gbk() ? 1 : 0;
        big5 += pair.is_frequent_in_big5() ? 1 : 0;
    }
    if (may_be_gbk && gbk > 0 && (gbk >= big5 || !may_be_big5)) return Encoding::Gbk;
    return may_be_big5 && big5 > 0 ? Encoding::Big5 : Encoding::Unknown;
}

// "This chat room uses UTF-8, please change the encoding of your terminal to UTF-8."
std::string_view advice_in(Encoding encoding) {
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
    }
    return {};
}

}  // namespace chatd
