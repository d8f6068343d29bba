#include "worker/line.h"

#include "base/bounds.h"

namespace chatd {
namespace {

struct End {
    std::size_t at;
    std::size_t bytes;  // 0: none found
};

End find_end(std::string_view bytes, std::size_t from) {
    static constexpr std::string_view kEnds("\n\0", 2);
    for (std::size_t at = from; (at = bytes.find_first_of(kEnds, at)) != bytes.npos; ++at) {
        const bool after_return = at > 0 && bytes[at - 1] == '\r';
        if (bytes[at] == '\n' || after_return) {
            return after_return ? End{at - 1, 2} : End{at, 1};
        }
    }
    return {bytes.size(), 0};
}

}  // namespace

void LineReader::add(std::string_view bytes) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    buffer_.append(bytes);
}

void LineReader::clear() {
    if (buffer_.capacity() > kIdleBufferBytes) buffer_ = {};
    buffer_.clear();
    begin_ = 0;
    searched_ = 0;
}

std::optional<LineReader::Line> LineReader::next() {
    if (swallowing_ && !skip_swallowed()) return std::nullopt;
    const End end = find_end(rest(), searched_);
    // One byte more is allowed while there is no end: it may be the CR of a line that just fits.
    if (end.at > kLineBytesMax + (end.bytes == 0 && !finished_ ? 1 : 0)) {
        swallowing_ = !skip_swallowed();
        return Line{{}, true};
    }
    if (end.bytes != 0) return Line{take(end.at, end.bytes), false};
    if (!finished_ || rest().empty()) {
        searched_ = rest().size();
        return std::nullopt;
    }
    return Line{take(rest().size(), 0), false};
}

// Throws away what there is of a refused line. True once its end has come.
bool LineReader::skip_swallowed() {
    const End end = find_end(rest(), 0);
    if (end.bytes != 0) {
        (void)take(end.at, end.bytes);
        swallowing_ = false;
        return true;
    }
    const bool end_may_follow = rest().ends_with('\r');
    clear();
    if (end_may_follow) buffer_ = "\r";
    return false;
}

std::string LineReader::take(std::size_t bytes, std::size_t end_bytes) {
    std::string line(rest().substr(0, bytes));
    begin_ += bytes + end_bytes;
    searched_ = 0;
    if (rest().empty()) clear();
    return line;
}

}  // namespace chatd
