#include "text/width.h"

#include "text/unicode.h"
#include "text/utf8.h"

namespace chatd {
namespace {

std::size_t columns_of_code(char32_t code) {
    if (is_wide(code)) return 2;
    return is_zero_width(code) ? 0 : 1;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const Decoded next = decode_utf8(text);
        columns += columns_of_code(next.code);
        text.remove_prefix(next.bytes);
    }
    return columns;
}

}  // namespace chatd
