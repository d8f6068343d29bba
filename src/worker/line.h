// Lines out of bytes that come in any pieces. Ends are LF, CR LF and CR NUL (RFC 854). What a line
// says is not looked at here.
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
        bool too_long;     // refused: text is empty, and the rest is swallowed as it comes
    };

    void add(std::string_view bytes);

    // No more will come: what is left is a line.
    void finish() { finished_ = true; }

    // The next whole line, or the news that one grew over kLineBytesMax.
    [[nodiscard]] std::optional<Line> next();

    [[nodiscard]] std::size_t buffered_bytes() const { return rest().size(); }
    void clear();

  private:
    [[nodiscard]] std::string_view rest() const { return std::string_view(buffer_).substr(begin_); }
    [[nodiscard]] bool skip_swallowed();
    std::string take(std::size_t bytes, std::size_t end_bytes);

    std::string buffer_;
    std::size_t begin_ = 0;     // what is before it was taken
    std::size_t searched_ = 0;  // no end among the first so many bytes of the rest
    bool swallowing_ = false;
    bool finished_ = false;
};

}  // namespace chatd
