// Keys: what a person presses, out of the bytes that a terminal in raw mode sends for it.
//
// Pure: a lone ESC is the key Escape or the beginning of a sequence, and only time can tell. The
// caller has the clock, see is_waiting(). This file must never know what a key does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

enum class Key : std::uint8_t {
    Text,   // characters
    Paste,  // what a terminal pasted between brackets
    Enter,
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    Up,
    Down,
    DeleteWordBefore,  // a word of letters: Alt-Backspace
    DeleteToSpace,     // back to a space: Ctrl-W
    DeleteWordAfter,
    KillToEnd,
    KillToStart,
    Yank,
    Transpose,
    Undo,
    Redraw,
    SearchBack,
    Tab,
    BackTab,
    Escape,
    Cancel,      // Ctrl-G
    Interrupt,   // Ctrl-C
    EndOfInput,  // Ctrl-D, which is Delete in a line that is not empty
    Suspend,     // Ctrl-Z
    PageUp,
    PageDown,
    Background,  // no key: the terminal says what its background is, see is_light()
    Unknown,     // a key without a meaning here
};

struct KeyPress {
    Key key;
    std::string text = {};  // of Text, Paste and Background alone

    bool operator==(const KeyPress&) const = default;
};

// Is the background light, of which a terminal says so? "rgb:ffff/ffff/ffff", with one to four
// hexadecimal digits each (XParseColor(3)), as xterm answers OSC 11. False: it is dark, or unknown.
[[nodiscard]] bool is_light(std::string_view background);

// Makes keys of bytes, which may be cut anywhere.
//
// Knows the keys as xterm, the terminals that follow it, rxvt and the Linux console send them
// (console_codes(4); "XTerm Control Sequences", PC-Style Function Keys). The bracketed paste mode
// of xterm has to be turned on by the caller: otherwise pasted text comes as if it was typed.
class KeyReader {
  public:
    // Takes bytes that the terminal has sent. Call next() afterwards until it returns none.
    void add(std::string_view bytes);

    // The next key; none when more bytes are needed.
    //
    // Text has one or more whole characters, and no control of ASCII; bytes that are no UTF-8 are
    // dropped. The text of a Paste has any bytes, and its lines end with LF: at most
    // kPasteBytesMax, or one more for a longer paste, of which the rest is dropped. A sequence of
    // an unknown key is one Unknown, when it has at most kSequenceBytesMax.
    [[nodiscard]] std::optional<KeyPress> next();

    // Have some bytes come, but not all, of what a key sends at once? When no others follow within
    // a moment, call give_up_waiting(): next() then returns what these bytes mean alone. A paste
    // may take its time, and so may a person between Ctrl-X and Ctrl-U.
    [[nodiscard]] bool is_waiting() const;
    void give_up_waiting() { gave_up_ = true; }

    // Has the end of a paste not come yet? When it was lost, as on a bad line, all that is typed
    // seems to be pasted: the caller may drop the paste.
    [[nodiscard]] bool is_in_paste() const { return in_paste_; }
    void drop_paste();

  private:
    [[nodiscard]] std::string_view rest() const { return std::string_view(buffer_).substr(begin_); }
    [[nodiscard]] KeyPress take(Key key, std::size_t bytes);
    std::optional<KeyPress> next_escape();
    std::optional<KeyPress> next_control();
    std::optional<KeyPress> next_text();
    std::optional<KeyPress> next_paste();
    void take_pasted(std::size_t bytes);

    std::string buffer_;
    std::size_t begin_ = 0;  // the bytes before this are taken
    bool gave_up_ = false;

    bool in_paste_ = false;
    std::string pasted_;
    bool after_return_ = false;  // the last byte that was pasted is CR
};

}  // namespace chatd
