// The line editor: what each key does to the line that is being typed.
//
// It behaves as the emacs mode of readline(3) does for the same keys, cluster by cluster instead of
// character by character. Pure: it draws nothing and reads nothing, and must never know what
// becomes of a line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/input_history.h"
#include "chat/keys.h"

namespace chatd {

// What a key has led to, and what the caller has to do.
enum class Outcome : std::uint8_t {
    Nothing,
    Changed,                // the line, the cursor, or the search: draw it again
    Refused,                // nothing has changed, because the line or the paste would be too long
    Entered,                // take() the line
    Interrupted,            // Ctrl-C: the line is still there
    Ended,                  // Ctrl-D in an empty line
    Redraw,                 // draw the whole screen again
    Suspended,              // stop the process
    WantsCompletion,        // see replace_before_cursor()
    WantsPasteConfirmation  // several lines were pasted: see pending_paste()
};

// One line of at most kLineBytesMax, always clean (text/clean.h), with a cursor that is always at
// the beginning of a cluster or at the end of the line.
class Editor {
  public:
    // The search that Ctrl-R began: line() shows what was found, at the cursor.
    struct Search {
        std::string text;
        bool failed;  // nothing older has the text: line() shows what was found before
    };

    // The history must outlive this object. Its lines may change only directly after take().
    explicit Editor(const InputHistory& history) : history_(history) {}

    Outcome press(const KeyPress& press);

    [[nodiscard]] const std::string& line() const { return line_; }
    [[nodiscard]] std::size_t cursor() const { return cursor_; }  // a byte of the line, or its size
    [[nodiscard]] const std::optional<Search>& search() const { return search_; }

    // Returns the line. The editor is empty then, and as new but for what Ctrl-Y and Ctrl-R
    // remember. The caller decides whether the line is added to the history.
    std::string take();

    // Makes this the line, cleaned and cut if it is too long, with the cursor at its end.
    void set(std::string_view line);

    // Puts `with`, cleaned, in place of so many bytes before the cursor, as a completion does.
    // Changed or Refused.
    Outcome replace_before_cursor(std::size_t bytes, std::string_view with);

    // The pasted lines that wait for somebody to say whether they are meant: two or more, all clean
    // and none blank. They are no part of the line. take_paste() takes or drops them; another such
    // paste replaces them.
    [[nodiscard]] const std::vector<std::string>& pending_paste() const { return pasted_; }
    std::vector<std::string> take_paste();

  private:
    // A press may go on with what the one before did.
    enum class Deed : std::uint8_t { Other, Typed, Killed, EndOfInput };
    enum class Side : std::uint8_t { Before, Behind };

    // The lines are places: 0 is the line being typed, 1 the newest of the history, and so on.
    struct Step {
        std::size_t place;
        std::string line;
        std::size_t cursor;
    };

    Outcome perform(const KeyPress& press);

    Outcome move_to(std::size_t at);
    [[nodiscard]] std::size_t word_end() const;
    [[nodiscard]] std::size_t word_begin() const;
    [[nodiscard]] std::size_t spaced_word_begin() const;

    Outcome type(std::string_view text);
    Outcome insert(std::string_view text);
    [[nodiscard]] std::optional<std::string> before_cursor_with(std::string_view text,
                                                                std::size_t bytes_replaced) const;
    Outcome paste(std::string_view text);
    Outcome erase(std::size_t from, std::size_t to);
    Outcome kill(std::size_t from, std::size_t to, Side side);
    Outcome end_of_input();
    Outcome transpose();

    [[nodiscard]] bool begins_step(std::string_view text) const;
    void remember();
    Outcome undo();

    [[nodiscard]] const std::string& line_at(std::size_t place) const;
    void show(std::size_t place);
    Outcome go_to(std::size_t place);

    Outcome begin_search();
    std::optional<Outcome> press_in_search(const KeyPress& press);
    Outcome extend_search(std::string_view text);
    Outcome search_from(std::size_t place);
    void end_search();
    Outcome cancel_search();

    const InputHistory& history_;
    std::string line_;
    std::size_t cursor_ = 0;
    Deed last_ = Deed::Other;  // of the press before this one
    Deed now_ = Deed::Other;   // of this one

    std::string killed_;
    std::deque<Step> undo_;
    std::vector<std::string> pasted_;

    std::size_t place_ = 0;
    std::map<std::size_t, std::string> drafts_;  // lines that were edited, and left for another

    std::optional<Search> search_;
    std::size_t search_began_place_ = 0;
    std::size_t search_began_cursor_ = 0;
    std::string searched_;  // what the last search was for
};

}  // namespace chatd
