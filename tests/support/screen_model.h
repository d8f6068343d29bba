// A terminal's screen, as xterm draws it: what a person sees of the bytes that ./chat writes.
//
// It understands what ./chat writes and no more: any other control is a failure of the test.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::test {

class ScreenModel {
  public:
    ScreenModel(std::size_t columns, std::size_t rows);

    // Draws these bytes, which may be cut anywhere. Throws std::runtime_error at a control that is
    // not known.
    //
    // Known are: UTF-8, with the widths of text/width.h, so that a picture of several emoji is as
    // wide as its parts; CR, LF, BS, BEL; ESC 7 and 8; CSI A B C D G H J K m; the private modes 7
    // (automatic wrapping), 25, 2004 and 2026; and OSC, which is ignored.
    void write(std::string_view bytes);

    // A row of the screen, without the spaces at its end.
    [[nodiscard]] std::string row(std::size_t row) const;
    // All rows down to the last that is not empty, with LF between them.
    [[nodiscard]] std::string text() const;
    // The rows that have left the screen at the top, the oldest first.
    [[nodiscard]] const std::vector<std::string>& scrollback() const { return scrollback_; }

    [[nodiscard]] std::size_t cursor_row() const { return cursor_.row; }
    [[nodiscard]] std::size_t cursor_column() const { return cursor_.column; }
    [[nodiscard]] bool cursor_is_shown() const { return shown_; }
    [[nodiscard]] bool pastes_in_brackets() const { return pastes_in_brackets_; }
    // How often a character has gone on to the next row by itself.
    [[nodiscard]] std::size_t wraps() const { return wraps_; }

  private:
    // A wide character has the next cell too, which is empty then. Marks stand behind the character
    // that carries them.
    using Cell = std::string;
    struct Cursor {
        std::size_t row = 0;
        std::size_t column = 0;
        bool wrap_is_due = false;  // a character stands in the last column
        bool wraps = true;         // automatic wrapping is on
    };

    std::size_t take(std::string_view bytes);
    std::size_t take_character(std::string_view bytes);
    std::size_t take_control(std::string_view bytes);
    std::size_t take_escape(std::string_view bytes);
    std::size_t take_control_sequence(std::string_view bytes);
    void obey(std::string_view parameters, char final);
    void set_modes(std::string_view parameters, bool on);

    void put(std::string_view character, std::size_t columns);
    void clear_cell(std::size_t column);
    void line_feed();
    void erase_in_row(unsigned what);
    void erase_in_screen(unsigned what);
    void erase(std::size_t row, std::size_t from, std::size_t to);
    void move(std::size_t row, std::size_t column);

    std::size_t columns_;
    std::vector<std::vector<Cell>> rows_;
    std::vector<std::string> scrollback_;
    Cursor cursor_;
    Cursor saved_;
    bool shown_ = true;
    bool pastes_in_brackets_ = false;
    std::size_t wraps_ = 0;
    std::string pending_;  // the beginning of what is cut
};

}  // namespace chatd::test
