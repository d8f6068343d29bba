#include "support/screen_model.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "support/escape.h"
#include "text/utf8.h"
#include "text/width.h"

namespace chatd::test {
namespace {

const std::string kBlank = " ";

[[noreturn]] void complain(std::string_view bytes) {
    throw std::runtime_error("the screen does not know " + escaped(bytes.substr(0, 16)));
}

// The number at the front of `text`, or `otherwise`.
unsigned number_in(std::string_view text, unsigned otherwise) {
    unsigned number = otherwise;
    (void)std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::string text_of(const std::vector<std::string>& cells) {
    std::string text;
    for (const std::string& cell : cells) text += cell;
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

}  // namespace

ScreenModel::ScreenModel(std::size_t columns, std::size_t rows)
    : columns_(columns), rows_(rows, std::vector<Cell>(columns, kBlank)) {}

void ScreenModel::write(std::string_view bytes) {
    pending_ += bytes;
    std::string_view rest = pending_;
    while (!rest.empty()) {
        const std::size_t taken = take(rest);
        if (taken == 0) break;
        rest.remove_prefix(taken);
    }
    pending_ = std::string(rest);
}

std::string ScreenModel::row(std::size_t row) const {
    return text_of(rows_.at(row));
}

std::string ScreenModel::text() const {
    std::string text;
    for (const auto& cells : rows_) text += text_of(cells) + '\n';
    text.erase(text.find_last_not_of('\n') + 1);
    return text;
}

// --- Bytes: each function returns how many it took; 0 when more are needed.

std::size_t ScreenModel::take(std::string_view bytes) {
    const unsigned char first = static_cast<unsigned char>(bytes.front());
    return first < 0x20 || first == 0x7F ? take_control(bytes) : take_character(bytes);
}

std::size_t ScreenModel::take_character(std::string_view bytes) {
    const Decoded next = decode_utf8(bytes);
    if (!next.valid && next.bytes == bytes.size() && next.bytes < 4) return 0;
    if (!next.valid || (next.code >= 0x80 && next.code < 0xA0)) complain(bytes);
    const std::string_view character = bytes.substr(0, next.bytes);
    put(character, columns_of(character));
    return next.bytes;
}

std::size_t ScreenModel::take_control(std::string_view bytes) {
    switch (bytes.front()) {
        case '\r': move(cursor_.row, 0); return 1;
        case '\n': line_feed(); return 1;
        case '\b': move(cursor_.row, std::max<std::size_t>(cursor_.column, 1) - 1); return 1;
        case '\a': return 1;
        case '\033': return take_escape(bytes);
        default: complain(bytes);
    }
}

std::size_t ScreenModel::take_escape(std::string_view bytes) {
    if (bytes.size() == 1) return 0;
    switch (bytes[1]) {
        case '7': saved_ = cursor_; return 2;
        case '8': cursor_ = saved_; return 2;
        case '[': return take_control_sequence(bytes);
        case ']': {
            const std::size_t end = bytes.find_first_of("\a\033", 2);
            if (end == bytes.npos || bytes.substr(end) == "\033") return 0;
            return bytes[end] == '\a' ? end + 1 : end + 2;
        }
        default: complain(bytes);
    }
}

std::size_t ScreenModel::take_control_sequence(std::string_view bytes) {
    const std::size_t end = bytes.find_first_not_of("0123456789;?", 2);
    if (end == bytes.npos) return 0;
    obey(bytes.substr(2, end - 2), bytes[end]);
    return end + 1;
}

void ScreenModel::obey(std::string_view parameters, char final) {
    const std::size_t count = std::max(number_in(parameters, 1), 1u);
    const std::size_t bottom = rows_.size() - 1;
    const auto [row, column, wrap_is_due, wraps] = cursor_;
    switch (final) {
        case 'A': return move(row - std::min(row, count), column);
        case 'B': return move(std::min(row + count, bottom), column);
        case 'C': return move(row, std::min(column + count, columns_ - 1));
        case 'D': return move(row, column - std::min(column, count));
        case 'G': return move(row, std::min(count, columns_) - 1);
        case 'H': {
            const std::size_t semicolon = parameters.find(';');
            const std::size_t to =
                semicolon == parameters.npos
                    ? 1
                    : std::max(number_in(parameters.substr(semicolon + 1), 1), 1u);
            return move(std::min(count, bottom + 1) - 1, std::min(to, columns_) - 1);
        }
        case 'J': return erase_in_screen(number_in(parameters, 0));
        case 'K': return erase_in_row(number_in(parameters, 0));
        case 'm': return;
        case 'h':
        case 'l': return set_modes(parameters, final == 'h');
        default: complain("\033[" + std::string(parameters) + final);
    }
}

void ScreenModel::set_modes(std::string_view parameters, bool on) {
    switch (parameters.starts_with('?') ? number_in(parameters.substr(1), 0) : 0) {
        case 7:
            cursor_.wraps = on;
            cursor_.wrap_is_due = false;
            return;
        case 25: shown_ = on; return;
        case 2004: pastes_in_brackets_ = on; return;
        case 2026: return;
        default: complain("\033[" + std::string(parameters) + (on ? "h" : "l"));
    }
}

// --- The screen

void ScreenModel::put(std::string_view character, std::size_t columns) {
    if (columns == 0) {  // over the character before it
        std::size_t column = cursor_.column - (cursor_.wrap_is_due || cursor_.column == 0 ? 0 : 1);
        auto& cells = rows_[cursor_.row];
        while (column > 0 && cells[column].empty()) --column;
        cells[column] += character;
        return;
    }
    const bool fits = !cursor_.wrap_is_due && cursor_.column + columns <= columns_;
    if (!fits && cursor_.wraps) {
        ++wraps_;
        move(cursor_.row, 0);
        line_feed();
    } else if (!fits) {
        move(cursor_.row, columns_ - columns);
    }
    for (std::size_t at = 0; at < columns; ++at) clear_cell(cursor_.column + at);
    rows_[cursor_.row][cursor_.column] = character;
    if (columns == 2) rows_[cursor_.row][cursor_.column + 1].clear();
    const std::size_t next = cursor_.column + columns;
    cursor_.wrap_is_due = next == columns_ && cursor_.wraps;
    cursor_.column = std::min(next, columns_ - 1);
}

// Half of a wide character is none.
void ScreenModel::clear_cell(std::size_t column) {
    auto& cells = rows_[cursor_.row];
    if (cells[column].empty()) cells[column - 1] = kBlank;
    if (column + 1 < columns_ && cells[column + 1].empty()) cells[column + 1] = kBlank;
    cells[column] = kBlank;
}

void ScreenModel::line_feed() {
    if (cursor_.row + 1 < rows_.size()) return move(cursor_.row + 1, cursor_.column);
    scrollback_.push_back(row(0));
    rows_.erase(rows_.begin());
    rows_.emplace_back(columns_, kBlank);
    move(cursor_.row, cursor_.column);
}

void ScreenModel::move(std::size_t row, std::size_t column) {
    cursor_.row = row;
    cursor_.column = column;
    cursor_.wrap_is_due = false;
}

void ScreenModel::erase_in_row(unsigned what) {
    if (what > 2) complain("\033[" + std::to_string(what) + "K");
    erase(cursor_.row, what == 0 ? cursor_.column : 0, what == 1 ? cursor_.column + 1 : columns_);
}

void ScreenModel::erase_in_screen(unsigned what) {
    if (what == 3) return scrollback_.clear();
    erase_in_row(what);
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        const bool is_erased = what == 0 ? row > cursor_.row : what == 2 || row < cursor_.row;
        if (is_erased) erase(row, 0, columns_);
    }
}

void ScreenModel::erase(std::size_t row, std::size_t from, std::size_t to) {
    auto& cells = rows_[row];
    if (cells[from].empty()) cells[from - 1] = kBlank;
    if (to < columns_ && cells[to].empty()) cells[to] = kBlank;
    std::fill(cells.begin() + static_cast<std::ptrdiff_t>(from),
              cells.begin() + static_cast<std::ptrdiff_t>(to), kBlank);
    cursor_.wrap_is_due = false;
}

}  // namespace chatd::test
