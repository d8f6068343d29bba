#include "text/width.h"

#include "text/unicode.h"
#include "text/utf8.h"

namespace chatd {
namespace {

std::size_t columns_of_code(char32_t code) {
    if (is_wide(code)) return 2;
    return is_zero_width(code) ? 0 : 1;
}

// Takes off the front of `text` what must stay in one line, and the spaces or the end of line
// behind it.
std::string_view take_piece(std::string_view& text) {
    const auto is_space_at = [&](std::size_t at) { return text[at] == ' ' || text[at] == '\n'; };
    std::size_t end = 0;
    bool after_wide = false;
    while (end < text.size() && !is_space_at(end)) {
        const Decoded next = decode_utf8(text.substr(end));
        const bool is_mark = is_zero_width(next.code);
        if (after_wide && !is_wide(next.code) && !is_mark) break;
        if (!is_mark) after_wide = is_wide(next.code);
        end += next.bytes;
    }
    while (end < text.size() && text[end] == ' ') ++end;
    if (end < text.size() && text[end] == '\n') ++end;
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(end);
    return piece;
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

std::string wrapped(std::string_view text, std::size_t columns) {
    std::string lines;
    std::size_t column = 0;
    while (!text.empty()) {
        const std::string_view piece = take_piece(text);
        const std::size_t word_bytes = piece.find_last_not_of(" \n") + 1;
        if (column != 0 && column + columns_of(piece.substr(0, word_bytes)) > columns) {
            lines.erase(lines.find_last_not_of(' ') + 1);
            lines += '\n';
            column = 0;
        }
        lines += piece;
        column = piece.ends_with('\n') ? 0 : column + columns_of(piece);
    }
    return lines;
}

}  // namespace chatd
