// Makes lines out of bytes that come in any pieces. A line ends with LF, CR LF or CR NUL (RFC 854).
// This file must never look at what a line says.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

class LineReader {
  public:
    struct Line {
        std::string text;  // without its end
        bool too_long;     // the line is refused: text is empty, and the rest is thrown away
    };

    void add(std::string_view bytes);

    // No more bytes will come: what is left is a line.
    void finish() { finished_ = true; }

    // The next whole line, or once for each line that is longer than kLineBytesMax a refusal, as
    // soon as it is; nothing when more bytes are needed.
    [[nodiscard]] std::optional<Line> next();

    [[nodiscard]] std::size_t buffered_bytes() const { return rest().size(); }
    void clear();

  private:
    [[nodiscard]] std::string_view rest() const { return std::string_view(buffer_).substr(begin_); }
    [[nodiscard]] bool skip_swallowed();
    std::string take(std::size_t bytes, std::size_t end_bytes);

    std::string buffer_;
    std::size_t begin_ = 0;     // the bytes before this are taken
    std::size_t searched_ = 0;  // there is no end among so many bytes after begin_
    bool swallowing_ = false;   // the rest of a refused line
    bool finished_ = false;
};

}  // namespace chatd
