// From text, which may come in any pieces, to lines. This file must never look at what a line says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

// Makes lines out of text. A line ends with LF, CR LF or CR NUL (RFC 854).
class LineReader {
  public:
    struct Line {
        std::string text;  // without its end
        bool too_long;     // the line is refused: text is empty, and the rest is thrown away
    };

    // Buffers what has come. The caller bounds the buffer: see buffered_bytes().
    void add(std::string_view bytes);
    void finish() { finished_ = true; }  // No more bytes will come: what is left is a line.

    // The next whole line; or a refusal, once for each line that is longer than kLineBytesMax, as
    // soon as the line is too long. None when more bytes are needed.
    [[nodiscard]] std::optional<Line> next();

    // How many lines have come to an end: those that next() has returned, and those dropped.
    [[nodiscard]] std::uint64_t count() const { return count_; }

    // What next() has neither returned nor thrown away. drop() drops it; the rest of a refused line
    // that is still to come is thrown away all the same. drop_unfinished() drops what stands behind
    // the last end.
    [[nodiscard]] std::string_view buffered() const {
        return std::string_view(buffer_).substr(begin_);
    }
    [[nodiscard]] std::size_t buffered_bytes() const { return buffered().size(); }
    void drop();
    void drop_unfinished();

  private:
    void clear();
    void skip_refused();
    std::string take(std::size_t bytes, std::size_t end_bytes);

    std::string buffer_;
    std::size_t begin_ = 0;     // the bytes before this are taken
    std::size_t searched_ = 0;  // there is no end among so many bytes after begin_
    bool skipping_ = false;     // what comes next is the rest of a refused line
    bool finished_ = false;
    std::uint64_t count_ = 0;
};

}  // namespace chatd
