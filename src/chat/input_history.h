// The lines that a person has entered, the newest last: in memory, and as the text of a file.
//
// Pure: who reads and writes that file is the caller. Whatever a file holds, all lines are clean,
// because they are drawn.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace chatd {

class InputHistory {
  public:
    // The history that serialize() made this text of; or what is usable of any text.
    [[nodiscard]] static InputHistory parse(std::string_view text);

    // One line each, with LF behind each.
    [[nodiscard]] std::string serialize() const;

    // Takes a line, cleaned, as the newest. Not taken are a blank line, one like the newest, and
    // one of more than kLineBytesMax. The oldest lines are forgotten when there are more than
    // kInputHistoryLines, or kInputHistoryBytes with their ends.
    void add(std::string_view line);

    // How many of the newest lines were added since parse().
    [[nodiscard]] std::size_t added() const { return added_; }

    [[nodiscard]] std::size_t size() const { return lines_.size(); }
    // 0 is the oldest; `index` must be less than size().
    [[nodiscard]] const std::string& at(std::size_t index) const { return lines_.at(index); }

  private:
    std::deque<std::string> lines_;
    std::size_t added_ = 0;
    std::size_t bytes_ = 0;  // with one more for the end of each line
};

}  // namespace chatd
